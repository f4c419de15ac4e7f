// fapilog/express, fapilog/koa, fapilog/hono and fapilog/nestjs in the frameworks themselves, over sockets: one contract
// for all.

import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { getRequestListener } from '@hono/node-server'
import Router from '@koa/router'
import { Body, Get, Module, Param, Post, Res, StreamableFile } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import test, { type ExecutionContext } from 'ava'
import express5 from 'express'
import express4 from 'express4'
import type { Logger } from 'fapilog'
import { type ExpressLog, fapilog as forExpress } from 'fapilog/express'
import { fapilog as forHono } from 'fapilog/hono'
import { fapilog as forKoa } from 'fapilog/koa'
import { FapilogModule, LOGGER, NestLogger } from 'fapilog/nestjs'
import { Hono } from 'hono'
import Koa from 'koa'
import { memoryLogger, takeEvents } from './support/capture.ts'
import { ask, breakOff, events, portOf, stable } from './support/http.ts'
import { controller } from './support/nest.ts'

/** The options that the contract needs. */
interface Options {
  readonly logger?: Logger
  readonly settings?: object
  readonly skip?: readonly string[]
  readonly sample?: number
  readonly echo?: boolean
  readonly context?: boolean
  readonly fields?: () => object
  readonly healthRoute?: string
  readonly bodies?: { readonly maxBytes: number }
  readonly requestHeaders?: boolean
  readonly responseHeaders?: readonly string[]
}

/** What handlers of the contract call. */
interface Work {
  /** As if it were a library: logs with the application's logger. */
  query(n: string): Promise<void>
  entered(): void
}

interface Application {
  readonly listener: RequestListener
  readonly logger: Logger
  end(): Promise<void>
}

type Make = (options: Options, work: Work) => Application | Promise<Application>

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface Login {
  readonly user: string
}

/** What the route for bodies answers. */
const welcome = ({ user }: Login) => ({ user, token: 'hunter2' })

const failure = () => new TypeError('broken', { cause: new Error('why') })

async function* parts(work: Work) {
  yield 'one,'
  await sleep(60)
  await work.query('stream')
  yield 'two'
}

const expressApp =
  (express: typeof express5): Make =>
  (options, work) => {
    const app = express()
    const log: ExpressLog = forExpress(options)
    app.use(log)
    app.use(express.json())
    const orders = express.Router()
    orders.post('/:id', (_request, response) => {
      response.json({ ok: true })
    })
    app.use('/orders', orders)
    app.get('/throws', () => {
      throw failure()
    })
    app.get('/quiet', (_request, response) => {
      response.status(503).send('busy')
    })
    app.get('/slow', () => work.entered())
    app.get('/stream', (_request, response) => {
      Readable.from(parts(work)).pipe(response.type('text/plain'))
    })
    app.post('/login', (request, response) => {
      response.json(welcome(request.body as Login))
    })
    app.post('/work/:n', async (request, response) => {
      const { n } = request.params as { n: string }
      request.log.info('handler', { n })
      await work.query(n)
      response.json(request.body)
    })
    // Says what it does in its answer alone.
    app.set('env', 'test')
    app.use(log.errors)
    return { listener: app, logger: log.logger, end: () => log.end() }
  }

/** As a body parser for Koa does. */
async function parsesJson(context: Koa.Context, next: () => Promise<unknown>): Promise<unknown> {
  if (context.is('json')) {
    const chunks: Buffer[] = []
    for await (const chunk of context.req) chunks.push(chunk as Buffer)
    Object.assign(context.request, { body: JSON.parse(Buffer.concat(chunks).toString()) })
  }
  return next()
}

const koaApp: Make = (options, work) => {
  const app = new Koa()
  app.silent = true
  const log = forKoa(options)
  app.use(log)
  app.use(parsesJson)
  const router = new Router()
  router.post('/orders/:id', (context) => {
    context.body = { ok: true }
  })
  router.get('/throws', () => {
    throw failure()
  })
  router.get('/quiet', (context) => {
    context.status = 503
    context.body = 'busy'
  })
  router.get('/slow', async (context) => {
    work.entered()
    await new Promise((resolve) => context.res.on('close', resolve))
  })
  router.get('/stream', (context) => {
    context.type = 'text/plain'
    context.body = Readable.from(parts(work))
  })
  router.post('/login', (context) => {
    context.body = welcome((context.request as unknown as { body: Login }).body)
  })
  router.post('/work/:n', async (context) => {
    const { n } = context['params'] as { n: string }
    const own = (context as { log?: Logger }).log
    own?.info('handler', { n })
    await work.query(n)
    context.body = { n }
  })
  app.use(router.routes())
  return { listener: app.callback(), logger: log.logger, end: () => log.end() }
}

const honoApp: Make = (options, work) => {
  const app = new Hono()
  const log = forHono(options)
  app.use(log)
  app.onError((_error, context) => context.text('Internal Server Error', 500))
  app.post('/orders/:id', (context) => context.json({ ok: true }))
  app.get('/throws', () => {
    throw failure()
  })
  app.get('/quiet', (context) => context.text('busy', 503))
  app.get('/slow', async (context) => {
    work.entered()
    const { outgoing } = context.env as { outgoing: NodeJS.EventEmitter }
    await new Promise((resolve) => outgoing.on('close', resolve))
    return context.text('late')
  })
  app.get('/stream', (context) =>
    context.body(Readable.toWeb(Readable.from(parts(work)).map(bytes)) as ReadableStream),
  )
  app.post('/login', async (context) => context.json(welcome(await context.req.json())))
  app.post('/work/:n', async (context) => {
    const n = context.req.param('n')
    await context.req.json()
    context.get('log').info('handler', { n })
    await work.query(n)
    return context.json({ n })
  })
  return { listener: getRequestListener(app.fetch), logger: log.logger, end: () => log.end() }
}

const nestApp =
  (platform: 'express' | 'fastify'): Make =>
  async (options, work) => {
    class Orders {
      constructor(private readonly log: Logger) {}
      order() {
        return { ok: true }
      }
      throws() {
        throw failure()
      }
      quiet() {
        return 'busy'
      }
      async slow(response: ServerResponse | { raw: ServerResponse }) {
        work.entered()
        await once('raw' in response ? response.raw : response, 'close')
      }
      stream() {
        return new StreamableFile(Readable.from(parts(work)).map(bytes))
      }
      login(body: Login) {
        return welcome(body)
      }
      async work(n: string) {
        this.log.info('handler', { n })
        await work.query(n)
        return { n }
      }
    }
    controller(Orders, [LOGGER], {
      order: { on: Post('orders/:id') },
      throws: { on: Get('throws') },
      quiet: { on: Get('quiet'), status: 503 },
      slow: { on: Get('slow'), parameters: [Res()] },
      stream: { on: Get('stream') },
      login: { on: Post('login'), parameters: [Body()] },
      work: { on: Post('work/:n'), parameters: [Param('n')] },
    })
    class Application {}
    Module({ imports: [FapilogModule.forRoot(options)], controllers: [Orders] })(Application)
    const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter()
    const app = await NestFactory.create(Application, adapter, { bufferLogs: true })
    const nest = app.get(NestLogger)
    // What Nest says of its own start is below this.
    app.useLogger(nest)
    await app.init()
    const instance = app.getHttpAdapter().getInstance()
    if (platform === 'fastify') await instance.ready()
    const listener = platform === 'fastify' ? instance.routing : instance
    return { listener, logger: nest.logger, end: () => app.close() }
  }

const bytes = (text: string) => Buffer.from(text)

const FRAMEWORKS: Readonly<Record<string, Make>> = {
  'Express 4': expressApp(express4),
  'Express 5': expressApp(express5),
  Koa: koaApp,
  Hono: honoApp,
  'NestJS on Express': nestApp('express'),
  'NestJS on Fastify': nestApp('fastify'),
}

async function listen(t: ExecutionContext, listener: RequestListener): Promise<Server> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

async function start(t: ExecutionContext, make: Make, options: Options = {}) {
  const log = memoryLogger()
  const db = log.child({}, { name: 'db' })
  let entered: () => void = () => undefined
  const inside = new Promise<void>((resolve) => {
    entered = resolve
  })
  const work = {
    query: async (n: string) => {
      await sleep((Number(n) || 0) % 7)
      db.info('query', { n })
    },
    entered: () => entered(),
  }
  const { listener } = await make({ logger: log, ...options }, work)
  await log.flush()
  takeEvents(log)
  const server = await listen(t, listener)
  t.teardown(() => log.close())
  return { log, port: portOf(server), inside }
}

for (const [name, make] of Object.entries(FRAMEWORKS)) {
  test(`${name}: a request leaves one event with everything known of it`, async (t) => {
    const { log, port } = await start(t, make)
    const answer = await ask(port, '/orders/7?secret=1', {
      method: 'POST',
      headers: { 'user-agent': 'test', 'x-request-id': 'r-1', 'content-type': 'application/json' },
      body: '{"a":1}',
    })
    t.is(answer.text, '{"ok":true}')
    t.is(answer.headers.get('x-request-id'), 'r-1')
    t.deepEqual((await events(log, 1)).map(stable), [
      {
        level: 'INFO',
        message: 'request_completed',
        id: 'r-1',
        method: 'POST',
        route: '/orders/:id',
        path: '/orders/7',
        status: 200,
        request_bytes: 7,
        response_bytes: 11,
        user_agent: 'test',
      },
    ])
  })

  test(`${name}: concurrent requests have their own ids in everything they call`, async (t) => {
    const { log, port } = await start(t, make)
    const numbers = Array.from({ length: 60 }, (_, n) => String(n))
    await Promise.all(
      numbers.map(async (n) => {
        const answer = await ask(port, `/work/${n}`, {
          method: 'POST',
          headers: { 'x-request-id': `r-${n}`, 'content-type': 'application/json' },
          body: JSON.stringify({ n, filler: 'x'.repeat(Number(n) * 500) }),
        })
        t.is(answer.status, 200)
        t.is(answer.headers.get('x-request-id'), `r-${n}`)
      }),
    )
    const found = await events(log, 180)
    t.is(found.length, 180)
    for (const n of numbers) {
      const own = found.filter(({ context }) => context['correlation_id'] === `r-${n}`)
      t.deepEqual(
        own.map(({ message }) => message),
        ['handler', 'query', 'request_completed'],
      )
      t.deepEqual(
        own.map(({ data }) => data['n'] ?? data['path']),
        [n, n, `/work/${n}`],
      )
    }
    log.info('outside')
    t.is((await events(log, 1))[0]?.context['correlation_id'], null)
  })

  test(`${name}: errors are logged with their stack, refusals as warnings`, async (t) => {
    const { log, port } = await start(t, make)
    const thrown = await ask(port, '/throws', { headers: { 'x-request-id': 'e' } })
    t.is(thrown.status, 500)
    t.is(thrown.headers.get('x-request-id'), 'e')
    const [failed, ...more] = await events(log, 1)
    t.deepEqual(more, [])
    t.like(failed, { level: 'ERROR', message: 'request_failed' })
    t.like(failed?.data, { status: 500, route: '/throws', path: '/throws' })
    const exception = JSON.stringify(failed?.diagnostics.exception)
    for (const part of ['TypeError', 'broken', 'why', 'frameworks-middleware.spec'])
      t.true(exception.includes(part), `${part} in ${exception}`)

    await ask(port, '/quiet')
    await ask(port, '/nowhere')
    const [quiet, missing, ...others] = (await events(log, 2)).map(stable)
    t.deepEqual(others, [])
    t.like(quiet, { level: 'ERROR', message: 'request_completed', status: 503 })
    t.like(missing, { level: 'WARNING', message: 'request_completed', status: 404 })
    t.false('route' in (missing as object))
  })

  test(`${name}: aborted requests are logged as such, streams when their last byte is sent`, async (t) => {
    const { log, port, inside } = await start(t, make)
    await breakOff(port, '/slow', inside)
    const [aborted, ...more] = (await events(log, 1)).map(stable)
    t.deepEqual(more, [])
    t.like(aborted, { level: 'WARNING', message: 'request_aborted', path: '/slow' })
    t.false('status' in (aborted as object))

    const answer = await ask(port, '/stream', { headers: { 'x-request-id': 's' } })
    t.is(answer.text, 'one,two')
    const found = await events(log, 2)
    t.deepEqual(
      found.map(({ message, context }) => [message, context['correlation_id']]),
      [
        ['query', 's'],
        ['request_completed', 's'],
      ],
    )
    t.true((found[1]?.data['latency_ms'] as number) >= 55)
  })

  test(`${name}: skips, samples and masks as asked`, async (t) => {
    const { log, port } = await start(t, make, {
      skip: ['/quiet', '/throws'],
      sample: 0,
      requestHeaders: true,
      responseHeaders: ['x-request-id'],
    })
    await ask(port, '/orders/1', { method: 'POST' })
    await ask(port, '/nowhere', {
      headers: { authorization: 'hunter2', 'x-plain': 'p', 'x-request-id': 'r' },
    })
    await ask(port, '/throws')
    const found = (await events(log, 2)).map(stable)
    t.deepEqual(
      found.map(({ path, status }) => [path, status]),
      [
        ['/nowhere', 404],
        ['/throws', 500],
      ],
    )
    t.like(found[0]?.['request_headers'], { authorization: '***', 'x-plain': 'p' })
    t.deepEqual(found[0]?.['response_headers'], { 'x-request-id': 'r' })
  })

  test(`${name}: ids come from the header, else from traceparent, else they are new`, async (t) => {
    const { log, port } = await start(t, make)
    const send = async (headers: Record<string, string>) => {
      const answer = await ask(port, '/orders/1', { method: 'POST', headers })
      const found = await events(log, 1)
      t.is(found.length, 1)
      t.is(found[0]?.context['correlation_id'], answer.headers.get('x-request-id'))
      return found[0]?.context ?? {}
    }
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    const traceparent = `00-${trace}-00f067aa0ba902b7-01`
    const traced = { trace_id: trace, span_id: '00f067aa0ba902b7' }
    t.like(await send({ traceparent }), { correlation_id: trace, ...traced })
    t.like(await send({ traceparent, 'x-request-id': 'r' }), { correlation_id: 'r', ...traced })
    t.regex(String((await send({ 'x-request-id': 'a b' }))['correlation_id']), UUID)
    t.regex(String((await send({}))['correlation_id']), UUID)
  })

  test(`${name}: bodies are logged up to their limit and without credentials`, async (t) => {
    const { log, port } = await start(t, make, { bodies: { maxBytes: 60 } })
    const login = async (user: string) => {
      const body = JSON.stringify({ user, password: 'hunter2' })
      const headers = { 'content-type': 'application/json' }
      const { text } = await ask(port, '/login', { method: 'POST', headers, body })
      t.deepEqual(JSON.parse(text), { user, token: 'hunter2' })
      const found = await events(log, 1)
      t.is(found.length, 1)
      t.false(JSON.stringify(found).includes('hunter2'))
      return [found[0]?.data['request_body'], found[0]?.data['response_body'], body, text] as const
    }
    const [asked, answered] = await login('ada')
    t.deepEqual(asked, { user: 'ada', password: '***' })
    t.deepEqual(answered, { user: 'ada', token: '***' })
    const [askedLong, answeredLong, body, text] = await login('x'.repeat(60))
    t.is(askedLong, `[${body.length} bytes]`)
    t.is(answeredLong, `[${text.length} bytes]`)

    t.is((await ask(port, '/stream')).text, 'one,two')
    const streamed = (await events(log, 2)).map(({ message, data }) => [
      message,
      data['request_body'],
      data['response_body'],
    ])
    t.deepEqual(streamed, [
      ['query', undefined, undefined],
      ['request_completed', undefined, '[stream]'],
    ])
  })

  test(`${name}: without echo and context the event alone has the id; its fields and headers are as asked`, async (t) => {
    const { log, port } = await start(t, make, {
      echo: false,
      context: false,
      fields: () => ({ tenant_id: 't' }),
      responseHeaders: ['content-type'],
      bodies: { maxBytes: 100 },
    })
    const answer = await ask(port, '/work/1', {
      method: 'POST',
      headers: { 'x-request-id': 'r', 'content-type': 'application/json' },
      body: '{"n":"1"}',
    })
    t.is(answer.headers.get('x-request-id'), null)
    const [, query, completed, ...more] = await events(log, 3)
    t.deepEqual(more, [])
    t.like(query, { message: 'query' })
    t.is(query?.context['correlation_id'], null)
    t.like(completed, { message: 'request_completed' })
    t.like(completed?.context, { correlation_id: 'r', tenant_id: 't' })
    t.like(completed?.data['response_headers'], {
      'content-type': answer.headers.get('content-type') as string,
    })
    t.deepEqual(completed?.data['response_body'], { n: '1' })
  })

  test(`${name}: the health route answers for the logger and is not logged`, async (t) => {
    const { log, port } = await start(t, make, { healthRoute: '/fapilog' })
    const health = await ask(port, '/fapilog?now')
    t.is(health.status, 200)
    t.regex(String(health.headers.get('content-type')), /^application\/json/)
    t.like(JSON.parse(health.text), { status: 'healthy' })
    t.is((await ask(port, '/fapilog', { method: 'POST' })).status, 404)
    await ask(port, '/fapilog-not')
    t.like((await events(log, 1)).map(stable), { length: 1, 0: { path: '/fapilog-not' } })
    await log.close()
    const closed = await ask(port, '/fapilog')
    t.is(closed.status, 503)
    t.like(JSON.parse(closed.text), { status: 'closed' })
  })

  test(`${name}: applications are isolated, and close the logger that they have made`, async (t) => {
    const work = { query: async () => undefined, entered: () => undefined }
    const settings = { sinks: [{ type: 'memory' }], format: 'json' }
    const apps = await Promise.all(
      ['a', 'b'].map((own) => make({ settings: { ...settings, name: own } }, work)),
    )
    for (const { logger } of apps) {
      await logger.flush()
      takeEvents(logger)
    }
    const servers = await Promise.all(apps.map(({ listener }) => listen(t, listener)))
    await Promise.all(
      servers.flatMap((server) =>
        Array.from({ length: 10 }, () => ask(portOf(server), '/orders/1', { method: 'POST' })),
      ),
    )
    for (const { logger, end } of apps) {
      const found = await events(logger, 10)
      t.is(found.length, 10)
      t.true(found.every((event) => event.logger === logger.name))
      await end()
      t.is(logger.health().status, 'closed')
    }
    await t.throwsAsync(async () => make({ smple: 1 } as Options, work), {
      message: /did you mean "sample"\?/,
    })
  })
}

test('Hono without a server: a request is over when its handler has returned', async (t) => {
  const log = memoryLogger()
  t.teardown(() => log.close())
  const app = new Hono()
  app.use(forHono({ logger: log }))
  app.get('/orders/:id', (context) => context.text('ok'))
  const answer = await app.request('/orders/7?a=b', { headers: { 'x-request-id': 'r' } })
  t.is(answer.headers.get('x-request-id'), 'r')
  t.like((await events(log, 1)).map(stable), {
    length: 1,
    0: {
      message: 'request_completed',
      id: 'r',
      path: '/orders/7',
      route: '/orders/:id',
      status: 200,
    },
  })
})

test('Express: bodies that are sent in pieces, as bytes or packed', async (t) => {
  const log = memoryLogger()
  t.teardown(() => log.close())
  const app = express5()
  app.use(forExpress({ logger: log, bodies: true }))
  app.use(express5.urlencoded())
  app.post('/form', (_request, response) => {
    response.type('text/plain')
    response.setHeader('content-length', 6)
    response.write('two')
    response.end('two', () => undefined)
  })
  app.get('/bytes', (_request, response) => {
    response.send(Buffer.from([0, 255, 128]))
  })
  const packed = gzipSync('{"token":"hunter2"}')
  app.get('/packed', (_request, response) => {
    response.setHeader('content-encoding', 'gzip')
    response.type('json').end(packed)
  })
  app.get('/nothing', (_request, response) => {
    response.status(204).end()
  })
  const port = portOf(await listen(t, app))
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  await ask(port, '/form', { method: 'POST', headers, body: 'user=ada&pass_word=hunter2' })
  for (const path of ['/bytes', '/packed', '/nothing']) await ask(port, path)
  t.deepEqual(
    (await events(log, 4)).map(({ data }) => [data['request_body'], data['response_body']]),
    [
      [{ user: 'ada', pass_word: '***' }, 'twotwo'],
      [undefined, '[3 bytes]'],
      [undefined, `[${packed.length} bytes]`],
      [undefined, undefined],
    ],
  )
})

test('Hono: bodies as handlers have read them', async (t) => {
  const log = memoryLogger()
  t.teardown(() => log.close())
  const app = new Hono()
  app.use(forHono({ logger: log, bodies: true, query: true }))
  app.post('/form', async (context) => context.json(await context.req.parseBody()))
  app.post('/text', async (context) => context.text(await context.req.text()))
  app.post('/bytes', async (context) => {
    await context.req.arrayBuffer()
    return context.body(null, 204)
  })
  app.post('/unread', (context) => context.html('<p>'))
  const port = portOf(await listen(t, getRequestListener(app.fetch)))
  const post = (path: string, type: string, body: string | Uint8Array<ArrayBuffer>) =>
    ask(port, path, { method: 'POST', headers: { 'content-type': type }, body })
  await post('/form', 'application/x-www-form-urlencoded', 'user=ada&password=hunter2')
  await post('/text', 'text/plain', 'plain')
  await post('/bytes', 'application/octet-stream', new Uint8Array([0, 255, 128]))
  await post('/unread', 'text/plain', 'unread')
  t.deepEqual(
    (await events(log, 4)).map(({ data }) => [data['request_body'], data['response_body']]),
    [
      [
        { user: 'ada', password: '***' },
        { user: 'ada', password: '***' },
      ],
      ['plain', 'plain'],
      ['[3 bytes]', undefined],
      [undefined, '<p>'],
    ],
  )
})
