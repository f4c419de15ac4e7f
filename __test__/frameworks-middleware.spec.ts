// fapilog/express, fapilog/koa, fapilog/hono and fapilog/nestjs in the frameworks themselves, over sockets: one contract
// for all.

import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import Router from '@koa/router'
import { Get, Module, Param, Post, Res, StreamableFile } from '@nestjs/common'
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

const koaApp: Make = (options, work) => {
  const app = new Koa()
  app.silent = true
  const log = forKoa(options)
  app.use(log)
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
        // Koa reads a stream after its middleware has ended.
        ['query', name === 'Koa' ? null : 's'],
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
