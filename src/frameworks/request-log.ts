// The request log of one application, whatever its framework: a logger and a scope for each request, one event when
// it is over.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { types } from 'node:util'
import { createLogger, type Health, type Logger } from 'fapilog'
import { loggedBody } from './bodies.js'
import { type Correlation, correlate } from './correlation.js'
import { HeaderFilter } from './headers.js'
import type { RequestLogOptions } from './options.js'
import { SkippedPaths } from './skipped-paths.js'

/** What the core asks a framework about its request object. */
export interface FrameworkRequest<Request> {
  /** Path with query, as it came in. */
  url(request: Request): string
  /** Address of the client, as far as the application trusts its proxies. */
  clientIp(request: Request): string | undefined
  /** The pattern of the route. Asked when the request is over. */
  route(request: Request): string | undefined
  /** The parsed body. Asked when the request is over. */
  body(request: Request): unknown
}

/** Where the headers of a response are: Fastify keeps its own. */
export interface ResponseHeaders {
  getHeader(name: string): unknown
  getHeaders(): Readonly<Record<string, unknown>>
}

const MAX_BODY_BYTES = 4096
const UNHEALTHY: ReadonlySet<string> = new Set(['failing', 'closed'])
const NO_SCOPE = <T>(fn: () => T): T => fn()

/** Under which a framework's request has its `ActiveRequest`. */
export const ACTIVE = Symbol('fapilog.request')

/** A request that goes on. */
export class ActiveRequest<Request = unknown> {
  /** What it failed with. */
  error: unknown
  failed = false
  /** What it failed with, in words, where those of the error do not say it. */
  reason: string | undefined
  /** Set by frameworks that show it. */
  responseBody: unknown
  /** Runs functions in the scope of the request. */
  within: <T>(fn: () => T) => T = NO_SCOPE
  readonly startedAt = performance.now()

  constructor(
    readonly request: Request,
    public response: ResponseHeaders,
    /** Its logger: every event has the request's ids. */
    readonly log: Logger,
    readonly id: string,
    readonly path: string,
    readonly clientIp: string | undefined,
    readonly skipped: boolean,
  ) {}

  /** Says what the request failed with; the first error counts. */
  fail(error: unknown): void {
    if (this.failed) return
    this.failed = true
    this.error = error
  }
}

/** What the health route answers. */
export interface HealthAnswer {
  readonly status: 200 | 503
  readonly health: Health
}

/** Everything that one application needs. Two of them share nothing but a logger that is given to both. */
export class RequestLog<Request> {
  readonly log: Logger
  /** Name of the header with the id, in lower case. */
  readonly header: string
  readonly echo: boolean
  readonly logsRequestBody: boolean
  readonly logsResponseBody: boolean
  readonly maxBodyBytes: number
  readonly healthRoute: string | undefined

  private readonly owned: boolean
  private readonly scoped: boolean
  private readonly query: boolean
  private readonly sample: number
  private readonly clientErrorsWarn: boolean
  private readonly logErrorsOnSkip: boolean
  private readonly skipped: SkippedPaths<Request>
  private readonly fields: ((request: Request) => object | undefined) | undefined
  private readonly requestHeaders: HeaderFilter | undefined
  private readonly responseHeaders: HeaderFilter | undefined

  /** @param options - checked */
  constructor(
    options: RequestLogOptions<Request>,
    private readonly framework: FrameworkRequest<Request>,
  ) {
    const { bodies = false, secretHeaders = [], skip = [], healthRoute } = options
    const chosen = typeof bodies === 'boolean' ? { request: bodies, response: bodies } : bodies
    this.owned = options.logger === undefined
    this.log = options.logger ?? createLogger(options.settings)
    this.header = (options.correlationHeader ?? 'x-request-id').toLowerCase()
    this.echo = options.echo ?? true
    this.scoped = options.context ?? true
    this.query = options.query ?? false
    this.sample = options.sample ?? 1
    this.clientErrorsWarn = options.clientErrorLevel !== 'INFO'
    this.logErrorsOnSkip = options.logErrorsOnSkip ?? true
    this.logsRequestBody = chosen.request ?? true
    this.logsResponseBody = chosen.response ?? true
    this.maxBodyBytes = (typeof bodies === 'object' ? bodies.maxBytes : undefined) ?? MAX_BODY_BYTES
    this.healthRoute = healthRoute
    this.skipped = new SkippedPaths(healthRoute === undefined ? skip : [...skip, healthRoute])
    this.fields = options.fields
    this.requestHeaders = filterOf(options.requestHeaders, secretHeaders)
    this.responseHeaders = filterOf(options.responseHeaders, secretHeaders)
  }

  /**
   * Runs `next`, the rest of a request, in a scope of its own. The request is over when the response closes.
   *
   * @returns what `next` returns
   */
  handle<T>(
    request: Request,
    req: IncomingMessage,
    res: ServerResponse,
    next: (active: ActiveRequest<Request>) => T,
  ): T {
    const url = this.framework.url(request)
    const end = this.query ? -1 : url.indexOf('?')
    const path = end === -1 ? url : url.slice(0, end)
    const correlation = correlate(req.headers, this.header)
    const fields = this.fields === undefined ? correlation : this.allFields(request, correlation)
    const active = new ActiveRequest(
      request,
      res,
      this.log.child(fields),
      correlation.correlation_id,
      path,
      this.framework.clientIp(request),
      this.skipped.has(path, request, this.reportThrow),
    )
    res.on('close', () => this.close(active, req, res))
    if (!this.scoped) return next(active)
    return this.log.withContext(fields, () => {
      active.within = this.log.context.capture()
      return next(active)
    })
  }

  /** What the health route answers. */
  health(): HealthAnswer {
    const health = this.log.health()
    return { status: UNHEALTHY.has(health.status) ? 503 : 200, health }
  }

  /** Whether a request is for the health route, where the framework leaves routes to its middleware. */
  asksForHealth(method: string | undefined, path: string): boolean {
    const { healthRoute } = this
    if (healthRoute === undefined || (method !== 'GET' && method !== 'HEAD')) return false
    return path === healthRoute || path.startsWith(`${healthRoute}?`)
  }

  /** Writes everything; ends the logger too if it was made here. */
  async end(): Promise<void> {
    await (this.owned ? this.log.close() : this.log.flush())
  }

  private readonly reportThrow = (option: string, error: unknown): void => {
    this.log.error(error as Error, 'request_log_failed', { option })
  }

  private allFields(request: Request, correlation: Correlation): object {
    try {
      return { ...this.fields?.(request), ...correlation }
    } catch (error) {
      this.reportThrow('fields', error)
      return correlation
    }
  }

  private close(active: ActiveRequest<Request>, req: IncomingMessage, res: ServerResponse): void {
    try {
      // Of HTTP/2 there is only `writableEnded`.
      const complete = res.writableFinished ?? res.writableEnded
      const serious = !complete || active.failed || res.statusCode >= 500
      if (active.skipped ? !(serious && this.logErrorsOnSkip) : !serious && this.isSampledOut(res))
        return
      active.within(() => this.write(active, req, res, complete))
    } catch (error) {
      this.reportThrow('request', error)
    }
  }

  private isSampledOut(res: ServerResponse): boolean {
    return this.sample < 1 && res.statusCode < 400 && Math.random() >= this.sample
  }

  private write(
    active: ActiveRequest<Request>,
    req: IncomingMessage,
    res: ServerResponse,
    complete: boolean,
  ): void {
    const { log, error } = active
    const { statusCode } = res
    const { headers } = req
    const { requestHeaders, responseHeaders } = this
    const { response } = active
    // In one literal, so that all events of an application have one shape.
    const fields = {
      method: req.method,
      route: this.framework.route(active.request),
      path: active.path,
      status: complete || res.headersSent ? statusCode : undefined,
      latency_ms: Math.round((performance.now() - active.startedAt) * 1000) / 1000,
      request_bytes: bytesOf(headers['content-length']),
      response_bytes: complete ? responseBytes(response, res) : undefined,
      client_ip: active.clientIp,
      user_agent: headers['user-agent'],
      reason:
        active.failed && (statusCode < 500 || !isError(error))
          ? (active.reason ?? reasonOf(error))
          : undefined,
      request_headers: requestHeaders?.pick(headers),
      response_headers: responseHeaders?.pick(response.getHeaders()),
      request_body: this.logsRequestBody
        ? loggedBody(
            this.framework.body(active.request),
            headers['content-type'],
            this.maxBodyBytes,
          )
        : undefined,
      response_body: this.logsResponseBody
        ? loggedBody(active.responseBody, response.getHeader('content-type'), this.maxBodyBytes)
        : undefined,
    }
    const aborted = !complete
    if (active.failed && (statusCode >= 500 || aborted)) {
      if (isError(error)) log.error(error, 'request_failed', fields)
      else log.error('request_failed', fields)
    } else if (aborted) log.warning('request_aborted', fields)
    else if (statusCode >= 500) log.error('request_completed', fields)
    else if (statusCode >= 400 && this.clientErrorsWarn) log.warning('request_completed', fields)
    else log.info('request_completed', fields)
  }
}

function filterOf(
  wanted: boolean | readonly string[] | undefined,
  secret: readonly string[],
): HeaderFilter | undefined {
  return wanted === undefined || wanted === false ? undefined : new HeaderFilter(wanted, secret)
}

/** What the header says, else what Node.js has found out by itself for a body that was sent at once. */
function responseBytes(response: ResponseHeaders, res: ServerResponse): number | undefined {
  const { _contentLength } = res as { _contentLength?: number | null }
  return bytesOf(response.getHeader('content-length') ?? _contentLength)
}

/** A `content-length`; undefined where there is none. */
function bytesOf(length: unknown): number | undefined {
  if (length === undefined || length === null) return undefined
  const bytes = Number(length)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

function reasonOf(error: unknown): string {
  try {
    return isError(error) ? error.message : String(error)
  } catch {
    return 'unreadable'
  }
}

const isError = (value: unknown): value is Error =>
  types.isNativeError(value) || value instanceof Error
