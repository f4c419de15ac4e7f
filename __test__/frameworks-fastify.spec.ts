// fapilog/fastify in Fastify itself, over sockets.

import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { Logger } from 'fapilog'
import { type FastifyLogOptions, fapilog, loggerInstance, SECRET_HEADERS } from 'fapilog/fastify'
import { type FastifyInstance, fastify } from 'fastify'
import { type Envelope, memoryLogger } from './support/capture.ts'
import { ask, breakOff, events, portOf, stable } from './support/http.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface Running {
  readonly app: FastifyInstance
  readonly log: Logger
  readonly port: number
}

async function start(
  t: ExecutionContext,
  routes: (app: FastifyInstance, log: Logger) => unknown,
  options: Omit<FastifyLogOptions, 'logger'> = {},
): Promise<Running> {
  const log = memoryLogger()
  const app = fastify()
  await app.register(fapilog, { logger: log, ...options })
  await routes(app, log)
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(async () => {
    await app.close()
    await log.close()
  })
  return { app, log, port: portOf(app.server) }
}

const agent = { 'user-agent': 'test' }

test('a request leaves one event with everything known of it', async (t) => {
  const { log, port } = await start(t, (app) => {
    app.post('/orders/:id', async () => ({ ok: true }))
  })
  const answer = await ask(port, '/orders/7?secret=1', {
    method: 'POST',
    headers: { ...agent, 'x-request-id': 'r-1', 'content-type': 'application/json' },
    body: '{"a":1}',
  })
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

test('concurrent requests have their own ids in everything they call', async (t) => {
  const { log, port } = await start(t, (app, log) => {
    const db = log.child({}, { name: 'db' })
    const query = async (n: string) => {
      await sleep(Number(n) % 7)
      db.info('query', { n })
      setImmediate(() => db.info('later', { n }))
    }
    app.post<{ Params: { n: string } }>('/work/:n', async (request) => {
      request.log.info('handler', { n: request.params.n } as never)
      await query(request.params.n)
      app.logger.context.set({ user_id: `u-${request.params.n}` })
      return request.body
    })
  })
  const numbers = Array.from({ length: 100 }, (_, n) => String(n))
  const answers = await Promise.all(
    numbers.map((n) =>
      ask(port, `/work/${n}`, {
        method: 'POST',
        headers: { 'x-request-id': `r-${n}`, 'content-type': 'application/json' },
        body: JSON.stringify({ n, filler: 'x'.repeat(Number(n) * 500) }),
      }),
    ),
  )
  t.deepEqual(
    answers.map(({ headers }) => headers.get('x-request-id')),
    numbers.map((n) => `r-${n}`),
  )
  const found = await events(log, 400)
  t.is(found.length, 400)
  for (const n of numbers) {
    const own = found.filter(({ context }) => context['correlation_id'] === `r-${n}`)
    t.deepEqual(own.map(({ message }) => message).sort(), [
      'handler',
      'later',
      'query',
      'request_completed',
    ])
    for (const { message, data, context } of own) {
      if (message === 'request_completed') {
        t.is(data['path'], `/work/${n}`)
        t.is(context['user_id'], `u-${n}`)
      } else t.is(data['n'], n)
    }
  }
  log.info('outside')
  const [outside] = await events(log, 1)
  t.is(outside?.context['correlation_id'], null)
})

test('ids come from the header, else from traceparent, else they are new; unsafe ones are not taken', async (t) => {
  const { log, port } = await start(
    t,
    (app) => {
      app.get('/', async () => 'ok')
    },
    { correlationHeader: 'X-Correlation-Id' },
  )
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const traceparent = `00-${trace}-00f067aa0ba902b7-01`
  const send = async (headers: Record<string, string>) => {
    const answer = await ask(port, '/', { headers })
    const [event] = await events(log, 1)
    t.is(event?.context['correlation_id'], answer.headers.get('x-correlation-id'))
    return event?.context ?? {}
  }
  t.like(await send({ 'x-correlation-id': 'A-1._:+/=@~' }), { correlation_id: 'A-1._:+/=@~' })
  const traced = { trace_id: trace, span_id: '00f067aa0ba902b7' }
  t.like(await send({ traceparent }), { correlation_id: trace, ...traced })
  t.like(await send({ traceparent, 'x-correlation-id': 'c' }), { correlation_id: 'c', ...traced })
  for (const unsafe of ['', 'a b', 'x'.repeat(129), 'a\tb', '<script>', '"', 'ä', 'a, b'])
    t.regex(String((await send({ 'x-correlation-id': unsafe }))['correlation_id']), UUID, unsafe)
  t.regex(String((await send({ traceparent: 'nonsense' }))['correlation_id']), UUID)
  t.is((await send({ 'x-correlation-id': 'x'.repeat(128) }))['correlation_id'], 'x'.repeat(128))
})

test('errors are logged with their stack, refusals as warnings with their reason', async (t) => {
  const { log, port } = await start(t, (app) => {
    app.get('/throws', async () => {
      throw new TypeError('broken', { cause: new Error('why') })
    })
    app.get('/unusual', () => Promise.reject('a string'))
    app.get('/quiet', (_request, reply) => reply.code(503).send('busy'))
    const body = { type: 'object', required: ['name'] }
    app.post('/checked', { schema: { body } }, async () => 'ok')
  })
  t.is((await ask(port, '/throws')).status, 500)
  const [thrown] = await events(log, 1)
  t.like(thrown, { level: 'ERROR', message: 'request_failed' })
  t.like(thrown?.data, { status: 500, route: '/throws' })
  const exception = JSON.stringify(thrown?.diagnostics.exception)
  for (const part of ['TypeError', 'broken', 'why', 'frameworks-fastify.spec'])
    t.true(exception.includes(part), `${part} in ${exception}`)

  await ask(port, '/quiet')
  t.like((await events(log, 1)).map(stable), {
    length: 1,
    0: { level: 'ERROR', message: 'request_completed', status: 503 },
  })
  const refused = await ask(port, '/checked', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'v' },
    body: '{}',
  })
  t.is(refused.status, 400)
  t.like((await events(log, 1)).map(stable), {
    length: 1,
    0: {
      level: 'WARNING',
      message: 'request_completed',
      id: 'v',
      status: 400,
      route: '/checked',
      reason: "body must have required property 'name'",
    },
  })
  await ask(port, '/nowhere', { headers: { ...agent, 'x-request-id': 'n' } })
  const [missing, ...more] = (await events(log, 1)).map(stable)
  t.deepEqual(more, [])
  t.like(missing, { level: 'WARNING', status: 404, id: 'n', path: '/nowhere', route: undefined })
  await ask(port, '/unusual')
  const [unusual, ...others] = (await events(log, 1)).map(stable)
  t.deepEqual(others, [])
  t.like(unusual, { level: 'ERROR', message: 'request_failed', reason: 'a string' })
})

test('an error handler of the application takes no error out of the log', async (t) => {
  const { log, port } = await start(t, (app) => {
    app.setErrorHandler(async (_error, request, reply) => {
      request.log.info('handler')
      return reply.code(request.url === '/tea' ? 418 : 500).send({ oops: true })
    })
    app.get('/throws', async () => {
      throw new TypeError('broken')
    })
    app.get('/tea', async () => {
      throw new TypeError('tea')
    })
  })
  t.is((await ask(port, '/throws')).text, '{"oops":true}')
  const [handler, failed, ...more] = await events(log, 2)
  t.deepEqual(more, [])
  t.is(handler?.context['correlation_id'], failed?.context['correlation_id'])
  t.like(failed, { level: 'ERROR', message: 'request_failed' })
  t.true(JSON.stringify(failed?.diagnostics.exception).includes('broken'))
  await ask(port, '/tea')
  const [, refused] = (await events(log, 2)).map(stable)
  t.like(refused, { level: 'WARNING', message: 'request_completed', status: 418, reason: 'tea' })
})

test('a request that the client breaks off is logged as aborted', async (t) => {
  let entered: () => void = () => undefined
  const inside = new Promise<void>((resolve) => {
    entered = resolve
  })
  const { log, port } = await start(t, (app) => {
    app.get('/slow', async (_request, reply) => {
      entered()
      await new Promise((resolve) => reply.raw.on('close', resolve))
      return 'late'
    })
  })
  await breakOff(port, '/slow', inside)
  const [aborted, ...more] = (await events(log, 1)).map(stable)
  t.deepEqual(more, [])
  t.like(aborted, {
    level: 'WARNING',
    message: 'request_aborted',
    path: '/slow',
    status: undefined,
  })
})

test('a stream is logged when its last byte is sent; one that breaks, with its error', async (t) => {
  const { log, port } = await start(t, (app, log) => {
    app.get('/stream', (_request, reply) => {
      const parts = async function* () {
        yield 'one,'
        await sleep(60)
        log.info('in the stream')
        yield 'two'
      }
      return reply.type('text/plain').send(Readable.from(parts()))
    })
    app.get('/breaks', (_request, reply) => {
      const parts = async function* () {
        yield 'one,'
        await sleep(20)
        throw new RangeError('half way')
      }
      return reply.send(Readable.from(parts()))
    })
  })
  t.is((await ask(port, '/stream', { headers: { 'x-request-id': 's' } })).text, 'one,two')
  const found = await events(log, 2)
  t.deepEqual(
    found.map(({ message, context }) => [message, context['correlation_id']]),
    [
      ['in the stream', 's'],
      ['request_completed', 's'],
    ],
  )
  t.true((found[1]?.data['latency_ms'] as number) >= 55)
  await t.throwsAsync(ask(port, '/breaks'))
  const [broken, ...more] = await events(log, 1)
  t.deepEqual(more, [])
  t.like(broken, { level: 'ERROR', message: 'request_failed' })
  t.regex(JSON.stringify(broken?.diagnostics.exception), /half way/)
})

test('skipped and sampled requests are not logged, unless they fail', async (t) => {
  const { log, port } = await start(
    t,
    (app) => {
      app.get('/health', async () => 'ok')
      app.get('/assets/:name', async () => 'ok')
      app.get('/secret', async () => 'ok')
      app.get('/assets/broken', async () => {
        throw new Error('broken')
      })
      app.get('/', async () => 'ok')
    },
    {
      skip: ['/health', '/assets/*', (path) => path === '/secret'],
      sample: 0,
      healthRoute: '/fapilog',
    },
  )
  for (const path of [
    '/health?deep',
    '/assets/a.css',
    '/secret',
    '/',
    '/assets/broken',
    '/healthy',
  ])
    await ask(port, path)
  const health = await ask(port, '/fapilog')
  t.is(health.status, 200)
  t.is(JSON.parse(health.text).status, 'healthy')
  t.deepEqual(
    (await events(log, 2)).map(({ data }) => [data['path'], data['status']]),
    [
      ['/assets/broken', 500],
      ['/healthy', 404],
    ],
  )
})

test('the health route says 503 when the logger is no use', async (t) => {
  const { log, port } = await start(t, () => undefined, { healthRoute: '/health' })
  t.is((await ask(port, '/health')).status, 200)
  await log.close()
  const closed = await ask(port, '/health')
  t.is(closed.status, 503)
  t.is(JSON.parse(closed.text).status, 'closed')
})

test('headers and bodies are logged when asked for, without secrets', async (t) => {
  const { log, port } = await start(
    t,
    (app) => {
      app.post('/login', (_request, reply) =>
        reply
          .header('set-cookie', 'sid=hunter2')
          .send({ user: 'ada', accessToken: 'hunter2', tries: 5 }),
      )
    },
    {
      requestHeaders: true,
      responseHeaders: ['set-cookie', 'Content-Type'],
      secretHeaders: ['X-Own'],
      bodies: { maxBytes: 60 },
      query: true,
    },
  )
  const secret = Object.fromEntries(
    SECRET_HEADERS.filter((name) => name !== 'set-cookie').map((name) => [name, 'hunter2']),
  )
  const send = (body: object) =>
    ask(port, '/login?a=b', {
      method: 'POST',
      headers: {
        ...secret,
        'x-own': 'hunter2',
        'content-type': 'application/json',
        'x-plain': 'p',
      },
      body: JSON.stringify(body),
    })
  await send({ user: 'ada', login: [{ 'pass-word': 'hunter2' }] })
  await send({ user: 'x'.repeat(60) })
  const lines = log.takeLines()
  const found =
    lines.length === 2
      ? lines
      : [...lines, ...(await events(log, 2 - lines.length)).map((e) => JSON.stringify(e))]
  t.is(found.length, 2)
  t.false(found.join().includes('hunter2'))
  const [first, second] = found.map((line) => JSON.parse(line).data)
  t.is(first.path, '/login?a=b')
  t.like(first.request_headers, { 'x-plain': 'p', authorization: '***', 'x-own': '***' })
  t.deepEqual(first.response_headers, {
    'set-cookie': '***',
    'content-type': 'application/json; charset=utf-8',
  })
  t.deepEqual(first.request_body, { user: 'ada', login: [{ 'pass-word': '***' }] })
  t.deepEqual(first.response_body, { user: 'ada', accessToken: '***', tries: 5 })
  t.is(second.request_body, '[71 bytes]')
})

test('the answer has no id when echo is off, and without context only the request logs its id', async (t) => {
  const { log, port } = await start(
    t,
    (app, log) => {
      app.get('/', async (request) => {
        request.log.info('own')
        log.info('other')
        return 'ok'
      })
    },
    {
      echo: false,
      context: false,
      fields: (request) => ({ tenant_id: request.headers['x-tenant'] }),
    },
  )
  const answer = await ask(port, '/', { headers: { 'x-request-id': 'r', 'x-tenant': 't' } })
  t.is(answer.headers.get('x-request-id'), null)
  t.deepEqual(
    (await events(log, 3)).map(({ message, context }) => [
      message,
      context['correlation_id'],
      context['tenant_id'],
    ]),
    [
      ['own', 'r', 't'],
      ['other', null, undefined],
      ['request_completed', 'r', 't'],
    ],
  )
})

test('options that throw cost nothing but an event', async (t) => {
  const { log, port } = await start(
    t,
    (app) => {
      app.get('/', async () => 'ok')
    },
    {
      fields: () => {
        throw new Error('fields')
      },
      skip: [
        () => {
          throw new Error('skip')
        },
      ],
    },
  )
  t.is((await ask(port, '/')).text, 'ok')
  t.deepEqual(
    (await events(log, 3)).map(({ message, data }) => [message, data['option']]),
    [
      ['request_log_failed', 'fields'],
      ['request_log_failed', 'skip'],
      ['request_completed', undefined],
    ],
  )
})

test('two applications in one process share nothing; each drains its own logger at the end', async (t) => {
  const apps = await Promise.all(
    ['a', 'b'].map(async (name) => {
      const app = fastify()
      const settings = { sinks: [{ type: 'memory' as const }], format: 'json' as const, name }
      await app.register(fapilog, { settings })
      app.get('/', async () => {
        app.logger.info('inside')
        return name
      })
      await app.listen({ port: 0, host: '127.0.0.1' })
      return app
    }),
  )
  await Promise.all(
    apps.flatMap((app) => Array.from({ length: 20 }, () => ask(portOf(app.server), '/'))),
  )
  for (const app of apps) {
    const name = app.logger.name
    const found = await events(app.logger, 40)
    t.is(found.length, 40)
    t.true(found.every(({ logger }) => logger === name))
    await app.close()
    t.is(app.logger.health().status, 'closed')
  }
})

test('wrong options are refused together, with the nearest name', async (t) => {
  const app = fastify()
  const options = { smple: 1, sample: 2, skip: ['health'], correlationHeader: 'a b' }
  const error = await t.throwsAsync(async () => {
    await app.register(fapilog, options as never)
  })
  for (const part of ['did you mean "sample"?', 'sample is 2', 'skip is', 'correlationHeader is'])
    t.true(error.message.includes(part), `${part} in ${error.message}`)
})

test("it is Fastify's own logger, with its serializers, levels and children", async (t) => {
  const log = memoryLogger({ level: 'INFO' })
  const app = fastify({ loggerInstance: loggerInstance(log) })
  app.get('/', { logLevel: 'error' }, async (request) => {
    request.log.info('below')
    request.log.error(new Error('above'))
    return 'ok'
  })
  app.get('/all', async (request) => {
    request.log.child({ part: 'p' }).warn({ n: 1 }, 'deep %s', 'down')
    return 'ok'
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(async () => {
    await app.close()
    await log.close()
  })
  await events(log, 1)
  await ask(portOf(app.server), '/')
  await ask(portOf(app.server), '/all')
  const found = await events(log, 4)
  t.deepEqual(
    found.map(({ level, message }) => [level, message]),
    [
      ['ERROR', 'above'],
      ['INFO', 'incoming request'],
      ['WARNING', 'deep down'],
      ['INFO', 'request completed'],
    ],
  )
  t.like(found[1]?.data['req'], { method: 'GET', url: '/all', remoteAddress: '127.0.0.1' })
  t.like(found[2]?.data, { part: 'p', n: 1 })
  t.deepEqual(found[3]?.data['res'], { statusCode: 200 })
  t.is(app.log.level, 'info')
})

test("as Fastify's own logger it keeps concurrent requests apart", async (t) => {
  const log = memoryLogger({ level: 'INFO' })
  const app = fastify({ loggerInstance: loggerInstance(log) })
  app.get<{ Params: { n: string } }>('/orders/:n', async (request) => {
    await sleep(Number(request.params.n) % 7)
    request.log.info({ n: request.params.n }, 'handled')
    return 'ok'
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(async () => {
    await app.close()
    await log.close()
  })
  await events(log, 1)
  const requests = 100
  await Promise.all(
    Array.from({ length: requests }, (_, n) => ask(portOf(app.server), `/orders/${n}`)),
  )
  const found = await events(log, 3 * requests)
  t.is(found.length, 3 * requests)
  const byRequest = new Map<unknown, Envelope[]>()
  for (const event of found) {
    const id = event.data['reqId']
    byRequest.set(id, [...(byRequest.get(id) ?? []), event])
  }
  t.is(byRequest.size, requests)
  for (const lines of byRequest.values()) {
    t.deepEqual(
      lines.map(({ message }) => message),
      ['incoming request', 'handled', 'request completed'],
    )
    t.like(lines[0]?.data['req'], { url: `/orders/${lines[1]?.data['n']}` })
    t.deepEqual(lines[2]?.data['res'], { statusCode: 200 })
  }
})
