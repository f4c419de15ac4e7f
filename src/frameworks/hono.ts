// Hono on Node.js (@hono/node-server): a middleware.

import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'fapilog'
import type { Context, HonoRequest, MiddlewareHandler } from 'hono'
import { isLoggedType } from './bodies.js'
import type { RequestLogHandle } from './middleware.js'
import { checkOptions, type RequestLogOptions } from './options.js'
import { type FrameworkRequest, RequestLog } from './request-log.js'
import { keepSentBody } from './sent-body.js'

export { SECRET_HEADERS } from './headers.js'
export type { RequestLogHandle } from './middleware.js'
export type { BodyOptions, RequestLogOptions, SkipRule } from './options.js'

declare module 'hono' {
  interface ContextVariableMap {
    /** The logger of the request, from `fapilog/hono`. */
    log: Logger
  }
}

/** The middleware. */
export interface HonoLog extends MiddlewareHandler, RequestLogHandle {}

/** Under which a context has the body of its request, when it is to be logged. */
const BODY = Symbol('fapilog.body')

type Tracked = Context & { [BODY]?: unknown }

const FRAMEWORK: FrameworkRequest<Context> = {
  url: ({ req }) => {
    const { url } = req
    return url.slice(url.indexOf('/', url.indexOf('://') + 3))
  },
  clientIp: ({ env }) => (env as Partial<NodeBindings>)?.incoming?.socket.remoteAddress,
  // The last that matched is the handler, unless nothing but middleware did.
  route: ({ req }) => req.matchedRoutes.findLast(({ method }) => method !== 'ALL')?.path,
  body: (context) => (context as Tracked)[BODY],
}

/** What @hono/node-server passes on. */
interface NodeBindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

/**
 * The middleware: `app.use(fapilog(options))` before all others. `c.get('log')` is the logger of a request. Without a
 * Node.js server (`app.request` in a test) a request is over when its handler has returned, and its response has no body.
 *
 * @throws {ConfigurationError} listing every problem of the options
 */
export function fapilog(options: RequestLogOptions<Context> = {}): HonoLog {
  checkOptions(options)
  const requests = new RequestLog(options, FRAMEWORK)
  const middleware: MiddlewareHandler = (context, next) => {
    const node = context.env as Partial<NodeBindings> | undefined
    const detached = node?.outgoing === undefined ? new DetachedResponse(context) : undefined
    const outgoing = node?.outgoing ?? (detached as unknown as ServerResponse)
    const incoming = node?.incoming ?? (detached?.request as IncomingMessage)
    return requests.handle(context, incoming, outgoing, async (active) => {
      context.set('log', active.log)
      // On the response of Node.js, so that it is there whatever Response a handler returns.
      if (requests.echo) outgoing.setHeader(requests.header, active.id)
      else if (node?.outgoing !== undefined) rememberHeaders(outgoing)
      if (node?.outgoing !== undefined && requests.logsResponseBody)
        keepSentBody(outgoing, active, requests.maxBodyBytes)
      if (requests.asksForHealth(incoming.method, active.path)) {
        const { status, health } = requests.health()
        context.res = context.json(health, status)
      } else await next()
      if (context.error !== undefined) active.fail(context.error)
      if (requests.logsRequestBody) (context as Tracked)[BODY] = await bodyRead(context.req)
      detached?.emit('close')
    })
  }
  return Object.assign(middleware, { logger: requests.log, end: () => requests.end() })
}

/** Node.js keeps no headers that `writeHead` is given, unless some were set before. */
function rememberHeaders(outgoing: ServerResponse): void {
  outgoing.setHeader('x-fapilog', '')
  outgoing.removeHeader('x-fapilog')
}

/** What a handler has read of a body; Hono keeps it for the next one that asks. */
async function bodyRead(request: HonoRequest): Promise<unknown> {
  const { text, json, arrayBuffer } = request.bodyCache as Readonly<Record<string, unknown>>
  try {
    if (arrayBuffer === undefined) return await (text ?? json)
    const bytes = Buffer.from((await arrayBuffer) as ArrayBuffer)
    return isLoggedType(request.header('content-type')) ? bytes.toString() : bytes
  } catch {
    return undefined
  }
}

/** Stands in for the response of a server where there is none. */
class DetachedResponse extends EventEmitter {
  readonly writableFinished = true
  readonly headersSent = true

  constructor(private readonly context: Context) {
    super()
  }

  get request(): Pick<IncomingMessage, 'method' | 'headers'> {
    const { req } = this.context
    return { method: req.method, headers: req.header() }
  }

  get statusCode(): number {
    return this.context.res.status
  }

  setHeader(name: string, value: string): void {
    this.context.header(name, value)
  }

  getHeader(name: string): string | undefined {
    return this.context.res.headers.get(name) ?? undefined
  }

  getHeaders(): Record<string, string> {
    return Object.fromEntries(this.context.res.headers)
  }
}
