// Express 4 and 5: a middleware, and one for errors.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'fapilog'
import type { RequestLogHandle } from './middleware.js'
import { checkOptions, type RequestLogOptions } from './options.js'
import { ACTIVE, type ActiveRequest, type FrameworkRequest, RequestLog } from './request-log.js'
import { keepSentBody } from './sent-body.js'

export { SECRET_HEADERS } from './headers.js'
export type { RequestLogHandle } from './middleware.js'
export type { BodyOptions, RequestLogOptions, SkipRule } from './options.js'

declare global {
  // What @types/express has for this.
  namespace Express {
    interface Request {
      /** The logger of the request, from `fapilog/express`. */
      log: Logger
    }
  }
}

/** What is read from a request of Express. */
export interface ExpressRequest extends IncomingMessage {
  /** The URL that was asked for. */
  readonly originalUrl?: string
  /** Where the router is mounted. */
  readonly baseUrl?: string
  /** The route that was found. */
  readonly route?: {
    /** As it was declared. */
    readonly path?: unknown
  }
  /** Address of the client, as the setting `trust proxy` says. */
  readonly ip?: string | undefined
  /** Parsed by a body parser, if there is one. */
  readonly body?: unknown
}

/** The middleware, and the one that sees errors. */
export interface ExpressLog extends RequestLogHandle {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void
  /** To be used behind the routes: notes the error for the event of its request and passes it on. */
  errors(
    error: unknown,
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void
}

type Tracked = IncomingMessage & { [ACTIVE]?: ActiveRequest<ExpressRequest>; log?: Logger }

const FRAMEWORK: FrameworkRequest<ExpressRequest> = {
  url: (request) => request.originalUrl ?? request.url ?? '',
  clientIp: (request) => request.ip ?? request.socket.remoteAddress,
  route: ({ route, baseUrl = '' }) =>
    route?.path === undefined ? undefined : baseUrl + String(route.path),
  // Parsers for Express 4 make an object where there is no body.
  body: ({ body, headers }) =>
    headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
      ? body
      : undefined,
}

/**
 * The middleware: `app.use(fapilog(options))` before all others, `app.use(….errors)` behind the routes. `request.log` is
 * the logger of a request.
 *
 * @throws {ConfigurationError} listing every problem of the options
 */
export function fapilog(options: RequestLogOptions<ExpressRequest> = {}): ExpressLog {
  checkOptions(options)
  const requests = new RequestLog(options, FRAMEWORK)
  const middleware = (
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void =>
    requests.handle(request as ExpressRequest, request, response, (active) => {
      const tracked = request as Tracked
      tracked[ACTIVE] = active
      tracked.log = active.log
      if (requests.echo) response.setHeader(requests.header, active.id)
      if (requests.logsResponseBody) keepSentBody(response, active, requests.maxBodyBytes)
      if (requests.asksForHealth(request.method, active.path)) {
        const { status, health } = requests.health()
        response.statusCode = status
        response.setHeader('content-type', 'application/json; charset=utf-8')
        response.end(JSON.stringify(health))
      } else next()
    })
  return Object.assign(middleware, {
    logger: requests.log,
    end: () => requests.end(),
    errors: (
      error: unknown,
      request: IncomingMessage,
      // Express knows middleware for errors by its four parameters.
      _response: ServerResponse,
      next: (error?: unknown) => void,
    ): void => {
      ;(request as Tracked)[ACTIVE]?.fail(error)
      next(error)
    },
  })
}
