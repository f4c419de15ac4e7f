// pino-http and Fastify with the drop-in, writing to a file, under concurrent requests over real sockets.

import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import pino, { type Logger } from 'fapilog/pino'
import Fastify from 'fastify'

const folder = mkdtempSync(join(tmpdir(), 'fapilog-pino-servers-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))

/** Not imported: its types would give every request a `log` of pino's type. */
const { pinoHttp } = createRequire(import.meta.url)('pino-http') as {
  pinoHttp(options: {
    logger: Logger
  }): (request: IncomingMessage & { log?: Logger }, response: ServerResponse) => void
}

const REQUESTS = 200

interface Line {
  readonly level: number
  readonly msg: string
  readonly reqId?: string
  readonly req?: { readonly id: number; readonly url: string }
  readonly res?: { readonly statusCode: number }
  readonly responseTime?: number
  readonly n?: number
}

const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

/** All requests at once; every tenth to a path that there is not. */
const pathOf = (n: number) => (n % 10 === 0 ? '/missing' : `/orders/${n}`)
const ask = (base: string) =>
  Promise.all(
    Array.from({ length: REQUESTS }, async (_, n) => (await fetch(base + pathOf(n))).text()),
  )

test('pino-http: every request has its line', async (t) => {
  const path = join(folder, 'http.log')
  const destination = pino.destination(path)
  const logger = pino({ level: 'debug' }, destination)
  const log = pinoHttp({ logger })
  const server = createServer((request: IncomingMessage & { log?: Logger }, response) => {
    log(request, response)
    request.log?.debug({ n: Number(request.url?.split('/')[2]) }, 'handled')
    response.statusCode = request.url === '/missing' ? 404 : 200
    response.end('ok')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  server.closeAllConnections()
  server.close()
  destination.flushSync()

  const lines = linesOf(path)
  const completed = lines.filter(({ msg }) => msg === 'request completed')
  const handled = lines.filter(({ msg }) => msg === 'handled')
  t.deepEqual([lines.length, completed.length, handled.length], [2 * REQUESTS, REQUESTS, REQUESTS])
  t.is(new Set(completed.map(({ req }) => req?.id)).size, REQUESTS)
  for (const { req, res, responseTime } of completed) {
    t.is(res?.statusCode, req?.url === '/missing' ? 404 : 200)
    t.is(typeof responseTime, 'number')
  }
  for (const { req, n } of handled) if (req?.url !== '/missing') t.is(req?.url, `/orders/${n}`)
})

test("Fastify: the lines of a request have its id, the handler's among them", async (t) => {
  const path = join(folder, 'fastify.log')
  const destination = pino.destination(path)
  const app = Fastify({ loggerInstance: pino({ level: 'debug' }, destination) })
  app.get<{ Params: { n: string } }>('/orders/:n', async (request) => {
    await new Promise(setImmediate)
    request.log.debug({ n: Number(request.params.n) }, 'handled')
    return 'ok'
  })
  await ask(await app.listen({ port: 0, host: '127.0.0.1' }))
  await app.close()
  destination.flushSync()

  const byRequest = new Map<string, Line[]>()
  for (const line of linesOf(path)) {
    if (line.reqId !== undefined)
      byRequest.set(line.reqId, [...(byRequest.get(line.reqId) ?? []), line])
  }
  t.is(byRequest.size, REQUESTS)
  for (const lines of byRequest.values()) {
    const url = lines[0]?.req?.url
    const messages = lines.map(({ msg }) => msg)
    if (url === '/missing') {
      t.deepEqual(messages, [
        'incoming request',
        'Route GET:/missing not found',
        'request completed',
      ])
      t.is(lines[2]?.res?.statusCode, 404)
    } else {
      t.deepEqual(messages, ['incoming request', 'handled', 'request completed'])
      t.is(url, `/orders/${lines[1]?.n}`)
      t.is(lines[2]?.res?.statusCode, 200)
    }
  }
})
