// Koa 2 and 3: a middleware.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Logger } from 'fapilog'
import type { RequestLogHandle } from './middleware.js'
import { checkOptions, type RequestLogOptions } from './options.js'
import { type FrameworkRequest, RequestLog } from './request-log.js'

export { SECRET_HEADERS } from './headers.js'
export type { RequestLogHandle } from './middleware.js'
export type { BodyOptions, RequestLogOptions, SkipRule } from './options.js'

/** What is read from a context of Koa, and set on it. */
export interface KoaContext {
  /** The request of Node.js. */
  readonly req: IncomingMessage
  /** The response of Node.js. */
  readonly res: ServerResponse
  /** The URL that was asked for. */
  readonly originalUrl: string
  /** Address of the client, as `app.proxy` says. */
  readonly ip: string
  /** Parsed by a body parser, if there is one. */
  readonly request: object
  /** The body of the response. */
  body?: unknown
  /** The status of the response. */
  status: number
  /** Set by @koa/router. */
  readonly _matchedRoute?: unknown
  /** The logger of the request. */
  log?: Logger
}

/** The middleware. */
export interface KoaLog extends RequestLogHandle {
  (context: KoaContext, next: () => Promise<unknown>): Promise<void>
}

const FRAMEWORK: FrameworkRequest<KoaContext> = {
  url: (context) => context.originalUrl,
  clientIp: (context) => context.ip,
  route: ({ _matchedRoute: route }) => (route === undefined ? undefined : String(route)),
  body: (context) => (context.request as { body?: unknown }).body,
}

/**
 * The middleware: `app.use(fapilog(options))` before all others. `ctx.log` is the logger of a request; its `route` is
 * known with @koa/router.
 *
 * @throws {ConfigurationError} listing every problem of the options
 */
export function fapilog(options: RequestLogOptions<KoaContext> = {}): KoaLog {
  checkOptions(options)
  const requests = new RequestLog(options, FRAMEWORK)
  const { echo, header } = requests
  const middleware = (context: KoaContext, next: () => Promise<unknown>): Promise<void> =>
    requests.handle(context, context.req, context.res, async (active) => {
      context.log = active.log
      if (echo) context.res.setHeader(header, active.id)
      if (requests.asksForHealth(context.req.method, active.path)) {
        const { status, health } = requests.health()
        context.status = status
        context.body = health
        return
      }
      try {
        await next()
      } catch (error) {
        active.fail(error)
        // Koa takes all headers away before it answers.
        if (echo) keepHeader(context.res, header, active.id)
        throw error
      }
      const { body } = context
      if (requests.logsResponseBody) active.responseBody = body
      if (body instanceof Readable) readWithin(body, active.within)
    })
  return Object.assign(middleware, { logger: requests.log, end: () => requests.end() })
}

/** Koa reads a stream when its middleware has ended; what it does then belongs to the request. */
function readWithin(stream: Readable, within: <T>(fn: () => T) => T): void {
  const { _read } = stream
  stream._read = function (this: Readable, size: number) {
    within(() => _read.call(this, size))
  }
}

/** Sets a header at the last moment. */
function keepHeader(response: ServerResponse, name: string, value: string): void {
  const { writeHead } = response
  response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    if (!this.headersSent) this.setHeader(name, value)
    return writeHead.apply(this, args as never)
  } as typeof writeHead
}
