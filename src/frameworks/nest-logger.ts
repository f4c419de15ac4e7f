// What Nest logs itself, and what is logged through its Logger, as events of fapilog.

import type { LoggerService } from '@nestjs/common'
import type { Logger } from 'fapilog'

/** Loggers that are kept by name. Contexts are names of classes; more than this are something else. */
const MAX_CONTEXTS = 1000

/** Nest's name of what logs exceptions that nothing has caught. */
const EXCEPTIONS = 'ExceptionsHandler'

/** As `error.stack` begins and goes on. */
const STACK = /^\S.*\n\s+at .+/

/** Errors that are in the event of their request. Of all applications: Nest has one logger in a process. */
const inRequests = new WeakSet<object>()

/** Notes an error that the event of its request will show. */
export function shownByRequest(error: unknown): void {
  if (typeof error === 'object' && error !== null) inRequests.add(error)
}

/**
 * Nest's `LoggerService`: `app.useLogger(app.get(NestLogger))`. The context that Nest gives, the name of a class, is the
 * name of the event's logger. What stands behind the message is as in a call of fapilog: fields, or values for printf.
 */
export class NestLogger implements LoggerService {
  private readonly loggers = new Map<string, Logger>()

  constructor(
    /** Where events go. */
    readonly logger: Logger,
  ) {}

  /** CRITICAL. */
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('critical', message, rest)
  }

  /** WARNING. */
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warning', message, rest)
  }

  /** INFO. */
  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest)
  }

  /** DEBUG. */
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest)
  }

  /** TRACE. */
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest)
  }

  /** ERROR. With the stack as second argument, as Nest's own loggers take it, or an error as first. */
  error(message: unknown, ...rest: unknown[]): void {
    const context = takeContext(rest)
    // Is in the event of its request.
    if (context === EXCEPTIONS && inRequests.has(message as object)) return
    const logger = this.named(context)
    const [stack] = rest
    if (typeof stack === 'string' && STACK.test(stack) && typeof message === 'string')
      logger.error(withStack(message, stack), message, ...(rest.slice(1) as []))
    // Nest passes `undefined` for a stack that there is not.
    else logger.error(message as string, ...(rest.filter((one) => one !== undefined) as []))
  }

  /** The logger of a context. */
  named(context: string | undefined): Logger {
    if (context === undefined) return this.logger
    const known = this.loggers.get(context)
    if (known !== undefined) return known
    const logger = this.logger.child({}, { name: context })
    if (this.loggers.size < MAX_CONTEXTS) this.loggers.set(context, logger)
    return logger
  }

  private write(method: Method, message: unknown, rest: unknown[]): void {
    this.named(takeContext(rest))[method](message as string, ...(rest as []))
  }
}

type Method = 'critical' | 'warning' | 'info' | 'debug' | 'trace'

/** Takes the context off the end, where Nest has put it. */
function takeContext(rest: unknown[]): string | undefined {
  const last = rest.at(-1)
  if (typeof last !== 'string' || STACK.test(last)) return undefined
  rest.pop()
  return last
}

function withStack(message: string, stack: string): Error {
  const error = new Error(message)
  error.name = /^\w+(?=[:\n])/.exec(stack)?.[0] ?? error.name
  error.stack = stack
  return error
}
