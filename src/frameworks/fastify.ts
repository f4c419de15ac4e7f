// Fastify 5: a plugin.

import type { Logger } from 'fapilog'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { checkOptions, type RequestLogOptions } from './options.js'
import { ACTIVE, type ActiveRequest, type FrameworkRequest, RequestLog } from './request-log.js'

export { SECRET_HEADERS } from './headers.js'
export {
  loggerInstance,
  type SerializingChildOptions,
  type SerializingLogger,
  type SerializingLogMethod,
} from './logger-instance.js'
export type { BodyOptions, RequestLogOptions, SkipRule } from './options.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The logger of the application, from the plugin `fapilog/fastify`. */
    readonly logger: Logger
  }
}

/** Options of the plugin: those of all frameworks. */
export type FastifyLogOptions = RequestLogOptions<FastifyRequest>

type Tracked = FastifyRequest & { [ACTIVE]?: ActiveRequest<FastifyRequest> }

const FRAMEWORK: FrameworkRequest<FastifyRequest> = {
  url: (request) => request.raw.url ?? '',
  clientIp: (request) => request.ip,
  route: (request) => request.routeOptions.url,
  body: (request) => request.body,
}

/**
 * The plugin: `await app.register(fapilog, options)`, before the routes. Every request of the instance that it is
 * registered on has a logger of its own as `request.log` and `reply.log`, its id in every event and one event when it
 * is over; `app.logger` is the application's. The lines that Fastify writes for requests itself are turned off.
 *
 * @throws {ConfigurationError} listing every problem of the options
 */
export async function fapilog(
  app: FastifyInstance,
  options: FastifyLogOptions = {},
): Promise<void> {
  checkOptions(options)
  const requests = new RequestLog(options, FRAMEWORK)
  const quiet = silenceFastify(app)

  app.decorate('logger', requests.log)
  app.decorateRequest(ACTIVE as never, undefined as never)
  app.addHook('onRequest', (request: Tracked, reply, done) => {
    requests.handle(request, request.raw, reply.raw, (active) => {
      request[ACTIVE] = active
      active.response = reply
      request.log = active.log as never
      if (quiet) reply.log = active.log as never
      if (requests.echo) reply.header(requests.header, active.id)
      done()
    })
  })
  // What reads a body calls back from the socket, outside of the scope.
  app.addHook('preValidation', (request: Tracked, _reply, done) => {
    if (request.body === undefined) done()
    else request[ACTIVE]?.within(done)
  })
  app.addHook('onError', (request: Tracked, _reply, error, done) => {
    request[ACTIVE]?.fail(error)
    done()
  })
  if (requests.logsResponseBody) {
    app.addHook('onSend', (request: Tracked, _reply, payload, done) => {
      const active = request[ACTIVE]
      if (active !== undefined) active.responseBody = payload
      done()
    })
  }
  app.addHook('onClose', () => requests.end())
  if (requests.healthRoute !== undefined) {
    app.get(requests.healthRoute, (_request, reply) => {
      const { status, health } = requests.health()
      return reply.code(status).send(health)
    })
  }
}

// What `fastify-plugin` sets: hooks and decorators are those of the instance that registers the plugin.
Object.assign(fapilog, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'fapilog',
  [Symbol.for('plugin-meta')]: { name: 'fapilog', fastify: '5.x' },
})

/** What Fastify calls for its own lines. All of them are about a request that has an `ActiveRequest`, or none yet. */
interface LogController {
  incomingRequest(request: Tracked, reply: FastifyReply): void
}

/**
 * Turns off what Fastify logs about requests, for the instance and those inside it. Errors that it would only log go to
 * the event of their request. @returns false for a Fastify that has no log controller (before 5.9), which logs on
 */
function silenceFastify(app: FastifyInstance): boolean {
  const known = app as unknown as Record<symbol, LogController | undefined>
  let owner: object | null = app
  while (owner !== null) {
    for (const symbol of Object.getOwnPropertySymbols(owner)) {
      if (symbol.description !== 'fastify.logController') continue
      const nothing = () => undefined
      const fail = (error: unknown, request: Tracked) => request[ACTIVE]?.fail(error)
      known[symbol] = Object.assign(Object.create(known[symbol] as object), {
        incomingRequest: nothing,
        requestCompleted: nothing,
        routeNotFound: nothing,
        defaultErrorLog: fail,
        streamError: fail,
        writeHeadError: fail,
        serializerError: fail,
      }) as LogController
      return true
    }
    owner = Object.getPrototypeOf(owner) as object | null
  }
  const { initialConfig } = app as unknown as { initialConfig: { disableRequestLogging?: boolean } }
  return initialConfig.disableRequestLogging === true
}
