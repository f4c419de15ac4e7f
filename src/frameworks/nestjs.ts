// NestJS 11 and 12, on Express and on Fastify: a module, and Nest's LoggerService.

import type { IncomingMessage } from 'node:http'
import {
  type CallHandler,
  type DynamicModule,
  type ExecutionContext,
  HttpException,
  Inject,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type NestInterceptor,
  type OnApplicationShutdown,
  type OptionalFactoryDependency,
} from '@nestjs/common'
import { APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core'
import { createLogger, type Logger } from 'fapilog'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Observable, tap } from 'rxjs'
import { type ExpressRequest, fapilog as forExpress } from './express.js'
import { fapilog as forFastify } from './fastify.js'
import { NestLogger, shownByRequest } from './nest-logger.js'
import { checkOptions, type RequestLogOptions } from './options.js'
import { ACTIVE, type ActiveRequest } from './request-log.js'

export { SECRET_HEADERS } from './headers.js'
export { NestLogger } from './nest-logger.js'
export type { BodyOptions, RequestLogOptions, SkipRule } from './options.js'

/** Options of the module: those of all frameworks. Functions get the request of the platform, Express or Fastify. */
export type NestLogOptions = RequestLogOptions<ExpressRequest & FastifyRequest>

/** Options that are made when the application starts. */
export interface NestLogAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** What `useFactory` is called with. @default [] */
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[]
  /** Makes the options. */
  readonly useFactory: (
    // biome-ignore lint/suspicious/noExplicitAny: whatever is injected
    ...injected: any[]
  ) => NestLogOptions | Promise<NestLogOptions>
}

/** Token of the application's logger: `@Inject(LOGGER) log: Logger`. Its events have the ids of their request. */
export const LOGGER: unique symbol = Symbol('fapilog.logger')
const OPTIONS: unique symbol = Symbol('fapilog.options')

type Tracked = { readonly [ACTIVE]?: ActiveRequest }

/**
 * The module, to be imported once. Every request has a scope with its id, from the first middleware on, and one event
 * when it is over; the logger is drained when the application shuts down.
 */
export class FapilogModule implements OnApplicationShutdown {
  private readonly closes: boolean

  constructor(
    host: HttpAdapterHost,
    options: NestLogOptions,
    private readonly log: Logger,
  ) {
    this.closes = options.logger === undefined
    const { settings: _, ...rest } = options
    // An application for tests has its platform later than its modules.
    const begin = () => observe(host, { ...rest, logger: log })
    if (host.httpAdapter) begin()
    else host.init$.subscribe(begin)
  }

  /** @throws {ConfigurationError} listing every problem of the options */
  static forRoot(options: NestLogOptions = {}): DynamicModule {
    checkOptions(options)
    return FapilogModule.forRootAsync({ useFactory: () => options })
  }

  /** The application does not start when the options are wrong: it throws a `ConfigurationError`. */
  static forRootAsync({
    imports = [],
    inject = [],
    useFactory,
  }: NestLogAsyncOptions): DynamicModule {
    return {
      module: FapilogModule,
      global: true,
      imports,
      providers: [
        { provide: OPTIONS, inject, useFactory },
        {
          provide: LOGGER,
          inject: [OPTIONS],
          useFactory: (options: NestLogOptions) => {
            checkOptions(options)
            return options.logger ?? createLogger(options.settings)
          },
        },
        {
          provide: NestLogger,
          inject: [LOGGER],
          useFactory: (log: Logger) => new NestLogger(log),
        },
        {
          provide: APP_INTERCEPTOR,
          useFactory: () => new ErrorNotes(),
        },
      ],
      exports: [LOGGER, NestLogger],
    }
  }

  /** Writes everything; closes the logger if the module made it. Nest calls it. */
  async onApplicationShutdown(): Promise<void> {
    await (this.closes ? this.log.close() : this.log.flush())
  }
}

// What decorators do; their syntax is none of JavaScript's yet.
Module({})(FapilogModule)
for (const [index, token] of [HttpAdapterHost, OPTIONS, LOGGER].entries())
  Inject(token)(FapilogModule, undefined, index)

/** Begins requests before everything else that the platform does with them. */
function observe({ httpAdapter }: HttpAdapterHost, options: NestLogOptions): void {
  const type = httpAdapter?.getType?.()
  if (type === 'express') httpAdapter.use(forExpress(options as RequestLogOptions<ExpressRequest>))
  else if (type === 'fastify') {
    const app = httpAdapter.getInstance<FastifyInstance>()
    void forFastify(app, options as RequestLogOptions<FastifyRequest>)
  }
}

/** Tells the event of a request what a handler, or what is between it and this, has thrown. */
class ErrorNotes implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle()
    const request = context.switchToHttp().getRequest<Tracked & IncomingMessage>()
    return next.handle().pipe(
      tap({
        error: (error: unknown) => {
          const active = request[ACTIVE]
          if (active === undefined) return
          active.fail(error)
          if (error instanceof HttpException) active.reason = violations(error)
          shownByRequest(error)
        },
      }),
    )
  }
}

/** What a validation has found: the message of its error does not say it. */
function violations(error: HttpException): string | undefined {
  const response = error.getResponse() as { readonly message?: unknown }
  return Array.isArray(response.message) ? response.message.join('; ') : undefined
}
