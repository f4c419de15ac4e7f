// biome-ignore-all lint/complexity/noArguments: rest parameters would allocate an array at every call

// The API a person touches. A disabled level costs one comparison; an enabled one goes straight to the encoder.

import type { Container } from './container.js'
import type { LogContext } from './context/context.js'
import {
  AUDIT,
  CRITICAL,
  DEBUG,
  ERROR,
  INFO,
  type LevelName,
  type LevelSetting,
  levelIndex,
  levelName,
  ownThreshold,
  requireLevel,
  SECURITY,
  SILENT,
  type Threshold,
  TRACE,
  WARNING,
} from './levels.js'
import type { Health, Metrics, Receipt } from './metrics.js'
import type { EncodedScope } from './wire/encoder.js'
import { isError } from './wire/exotic.js'
import { printf } from './wire/printf.js'
import { extendScope, readScope, snapshot, withoutKeys } from './wire/scope.js'

/** Fields of an event: any object. */
export type Fields = Readonly<Record<string, unknown>> | object
/** Fields that are only made when the level is enabled. */
export type LazyFields = () => Fields | undefined

/**
 * A log method. Never throws, never blocks under `drop-newest`, never calls a getter twice.
 *
 * - `log.info('message')`, `log.info('message', fields)`, `log.info(fields, 'message')`
 * - `log.error(error)`, `log.error(error, 'message', fields)`, `log.error('message', error)`
 * - `log.info('user %s has %d items', name, count)`: `%s %d %i %f %j %o %O %%` as in pino
 * - `log.debug('message', () => fields)`, `log.debug(() => fields, 'message')`: made only when enabled
 */
export interface LogMethod {
  (message: string, fields?: Fields | LazyFields): void
  (message: string, ...args: unknown[]): void
  (error: Error, message?: string, fields?: Fields | LazyFields): void
  (fields: Fields | LazyFields, message?: string, ...args: unknown[]): void
  (value?: unknown, ...args: unknown[]): void
}

/** Options of a child logger. */
export interface ChildOptions {
  /** Threshold of the child alone. @default follows the parent */
  readonly level?: LevelSetting
  /** Name of the child. @default the parent's */
  readonly name?: string
}

/** A structured logger. Made by `createLogger` and `child`. */
export interface Logger extends AsyncDisposable {
  /** Logs at TRACE (5). */
  readonly trace: LogMethod
  /** Logs at DEBUG (10). */
  readonly debug: LogMethod
  /** Logs at INFO (20). */
  readonly info: LogMethod
  /** Logs at WARNING (30). */
  readonly warn: LogMethod
  /** Logs at WARNING (30). */
  readonly warning: LogMethod
  /** Logs at ERROR (40). */
  readonly error: LogMethod
  /** Logs at CRITICAL (50). */
  readonly fatal: LogMethod
  /** Logs at CRITICAL (50). */
  readonly critical: LogMethod
  /** Logs at AUDIT (60). */
  readonly audit: LogMethod
  /** Logs at SECURITY (70). */
  readonly security: LogMethod
  /** Does nothing; pino has it too. */
  readonly silent: LogMethod

  /**
   * The threshold. Setting it changes this logger and every child that has none of its own, and, unless this is a
   * child with a threshold of its own, the same in every thread that has joined.
   *
   * @throws {ConfigurationError} when set to something that is not a level
   */
  level: LevelName | 'SILENT' | LevelSetting
  /** Name of the logger, if it has one. */
  readonly name: string | undefined
  /**
   * What `joinLogger` needs in order to log into the same sinks from another thread: a text that travels in
   * `workerData`. It can be used in this process, until the logger is closed.
   */
  readonly containerId: string
  /** Whether a call at this level would be logged. False for names that are no level. */
  isLevelEnabled(level: string): boolean
  /**
   * A logger whose events carry `bindings` too. They are encoded once, here: later changes of the object are
   * not seen. Children hold no native resource.
   */
  child(bindings?: Fields, options?: ChildOptions): Logger
  /** A logger whose events carry these fields too, in place of fields that it has under the same names. */
  bind(fields: Fields): Logger
  /** A logger whose events do not carry the bound fields of these names. */
  unbind(...keys: string[]): Logger
  /**
   * What the logger is bound to, read back from its encoded form: an Error is an object, a function its name.
   * Fields of the context are not among them.
   */
  bindings(): Record<string, unknown>
  /**
   * Runs `fn` with `fields` in every event that any logger of this container logs in it, through awaits, timers and
   * callbacks. The same as `context.run`.
   *
   * @returns what `fn` returns
   */
  withContext<T>(fields: Fields, fn: () => T): T
  /** The fields of the asynchronous scope that the program is in, shared by all loggers of the container. */
  readonly context: LogContext
  /**
   * Resolves when everything logged before the call was written by every sink, or names the sinks that did
   * not manage it in time. Never rejects for reasons of a sink.
   *
   * @param timeoutMs - longest wait. @default `shutdownTimeoutMs`
   */
  flush(timeoutMs?: number): Promise<Receipt>
  /** The same, without the event loop: blocks the thread. */
  flushSync(timeoutMs?: number): Receipt
  /**
   * Flushes and ends the threads. Calls after it are counted as dropped (`closed`). May be called again: every
   * call resolves with the receipt of the first.
   */
  close(timeoutMs?: number): Promise<Receipt>
  /** All counters since the logger was created. */
  metrics(): Metrics
  /** Whether the sinks do their work, and what was last wrong. */
  health(): Health
  /** Opens the files again, after logrotate moved them for example. */
  reopen(): void
  /** The lines of a memory sink, which is empty then. For tests. */
  takeLines(sink?: string): string[]
}

/** The one implementation of `Logger`. @internal */
export class NativeLogger implements Logger {
  private readonly container: Container
  private readonly threshold: Threshold
  private readonly scope: EncodedScope | undefined
  private readonly nameId: number
  readonly name: string | undefined

  constructor(
    container: Container,
    threshold: Threshold,
    scope: EncodedScope | undefined,
    name: string | undefined,
    nameId: number,
  ) {
    this.container = container
    this.threshold = threshold
    this.scope = scope
    this.name = name
    this.nameId = nameId
  }

  trace(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= TRACE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(TRACE, arguments)
      else this.write(TRACE, a, b, c)
    }
  }

  debug(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= DEBUG) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(DEBUG, arguments)
      else this.write(DEBUG, a, b, c)
    }
  }

  info(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= INFO) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(INFO, arguments)
      else this.write(INFO, a, b, c)
    }
  }

  warn(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= WARNING) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(WARNING, arguments)
      else this.write(WARNING, a, b, c)
    }
  }

  warning(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= WARNING) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(WARNING, arguments)
      else this.write(WARNING, a, b, c)
    }
  }

  error(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= ERROR) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(ERROR, arguments)
      else this.write(ERROR, a, b, c)
    }
  }

  fatal(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= CRITICAL) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(CRITICAL, arguments)
      else this.write(CRITICAL, a, b, c)
    }
  }

  critical(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= CRITICAL) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(CRITICAL, arguments)
      else this.write(CRITICAL, a, b, c)
    }
  }

  audit(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= AUDIT) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(AUDIT, arguments)
      else this.write(AUDIT, a, b, c)
    }
  }

  security(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold[0] <= SECURITY) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(SECURITY, arguments)
      else this.write(SECURITY, a, b, c)
    }
  }

  silent(): void {}

  get level(): LevelName | 'SILENT' {
    return levelName(this.threshold[0])
  }

  set level(level: LevelSetting) {
    const index = requireLevel(level, 'level')
    const { container, threshold } = this
    if (threshold === container.threshold) container.setThreshold(index)
    else threshold[0] = index
  }

  get containerId(): string {
    return this.container.id
  }

  isLevelEnabled(level: string): boolean {
    const index = levelIndex(String(level))
    return index !== undefined && index !== SILENT && this.threshold[0] <= index
  }

  child(bindings?: Fields, options?: ChildOptions): Logger {
    const { container } = this
    const { encoder } = container
    const scope = bindings === undefined ? this.scope : encoder.scope(this.scope, bindings)
    if (options === undefined)
      return new NativeLogger(container, this.threshold, scope, this.name, this.nameId)
    const threshold =
      options.level === undefined
        ? this.threshold
        : ownThreshold(requireLevel(options.level, 'level'))
    const name = options.name ?? this.name
    const nameId = options.name === undefined ? this.nameId : encoder.intern(options.name)
    return new NativeLogger(container, threshold, scope, name, nameId)
  }

  bind(fields: Fields): Logger {
    const { encoder } = this.container
    return this.scoped(extendScope(encoder, this.scope, fields, snapshot(fields), true))
  }

  unbind(...keys: string[]): Logger {
    return this.scoped(withoutKeys(this.container.encoder, this.scope, keys))
  }

  bindings(): Record<string, unknown> {
    return readScope(this.container.encoder, this.scope)
  }

  withContext<T>(fields: Fields, fn: () => T): T {
    return this.container.context.run(fields, fn)
  }

  get context(): LogContext {
    return this.container.context
  }

  flush(timeoutMs = this.container.shutdownTimeoutMs): Promise<Receipt> {
    return this.container.flush(timeoutMs)
  }

  flushSync(timeoutMs = this.container.shutdownTimeoutMs): Receipt {
    return this.container.flushSync(timeoutMs)
  }

  close(timeoutMs = this.container.shutdownTimeoutMs): Promise<Receipt> {
    return this.container.close(timeoutMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  metrics(): Metrics {
    return this.container.metrics()
  }

  health(): Health {
    return this.container.health()
  }

  reopen(): void {
    this.container.reopen()
  }

  takeLines(sink = 'memory'): string[] {
    this.container.flushSync(this.container.shutdownTimeoutMs)
    return this.container.lines(sink, true)
  }

  private scoped(scope: EncodedScope | undefined): Logger {
    return new NativeLogger(this.container, this.threshold, scope, this.name, this.nameId)
  }

  private write(level: number, a: unknown, b: unknown, c: unknown): void {
    const { container } = this
    if (typeof a === 'string') {
      if (b === undefined && c === undefined) {
        container.encoder.event(level, this.nameId, this.scope, a, undefined)
      } else if (c === undefined && isPlain(b) && indexOf(a, '%') === -1) {
        container.encoder.event(level, this.nameId, this.scope, a, b)
      } else {
        this.writeMany(level, c === undefined ? [a, b] : [a, b, c])
        return
      }
    } else if (c === undefined && (b === undefined || typeof b === 'string') && isPlain(a)) {
      container.encoder.event(level, this.nameId, this.scope, b, a)
    } else {
      this.writeMany(level, c !== undefined ? [a, b, c] : b !== undefined ? [a, b] : [a])
      return
    }
    if (container.sync) this.settle()
  }

  /** Sorts out the arguments of the less common calls. */
  private writeMany(level: number, given: ArrayLike<unknown>): void {
    const { container } = this
    let message: unknown
    let fields: unknown
    let error: unknown
    // What has no place is kept where it can be found.
    const extra: unknown[] = []
    try {
      const args = Array.from(given)
      const first = args[0]
      let next = 1
      if (first === null && args.length > 1) {
        // pino's idiom for "no fields".
        message = args[next++]
      } else if (typeof first === 'object' && first !== null) {
        if (isErrorFast(first)) error = first
        else fields = first
        message = args[next++]
        if (error !== undefined && message === undefined) message = (error as Error).message
      } else if (typeof first === 'function') {
        fields = first()
        message = args[next++]
      } else {
        message = first
      }
      let rest = args.slice(next)
      if (typeof message === 'object' && message !== null) {
        // No message but a second object: kept with the other arguments that have no place.
        rest.unshift(message)
        message = error === undefined ? undefined : (error as Error).message
      }
      if (typeof message === 'string' && rest.length > 0 && message.includes('%')) {
        const formatted = printf(message, rest)
        message = formatted.text
        rest = rest.slice(formatted.used)
      }
      for (const value of rest) {
        const made =
          typeof value === 'function' && fields === undefined ? (value as LazyFields)() : value
        if (made === undefined) continue
        if (typeof made === 'object' && made !== null && isErrorFast(made) && error === undefined)
          error = made
        else if (typeof made === 'object' && made !== null && fields === undefined) fields = made
        else extra.push(made)
      }
    } catch (thrown) {
      error ??= thrown
    }
    container.encoder.event(
      level,
      this.nameId,
      this.scope,
      message,
      undefined,
      fields,
      error,
      extra.length === 0 ? undefined : extra,
    )
    if (container.sync) this.settle()
  }

  private settle(): void {
    try {
      if (!this.container.closed) this.container.flushSync(this.container.shutdownTimeoutMs)
    } catch {
      // A log call never throws.
    }
  }
}

/** `indexOf` without looking it up on each kind of string that V8 has. */
const indexOf: (text: string, part: string) => number = Function.prototype.call.bind(
  String.prototype.indexOf,
)

/** Plain objects, by far the most common case, are told from others without a call into the runtime. */
function isPlain(value: unknown): value is object {
  try {
    return (
      typeof value === 'object' &&
      value !== null &&
      (value as { constructor?: unknown }).constructor === Object
    )
  } catch {
    return false
  }
}

function isErrorFast(value: object): boolean {
  try {
    return isError(value)
  } catch {
    return false
  }
}
