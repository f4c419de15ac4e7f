// biome-ignore-all lint/complexity/noArguments: rest parameters would allocate an array at every call

// The API a person touches. A disabled level costs one comparison; an enabled one goes straight to the encoder.

import type { Container } from './container.js'
import type { LogContext } from './context/context.js'
import { ConfigurationError } from './errors.js'
import {
  AUDIT,
  CRITICAL,
  DEBUG,
  ERROR,
  INFO,
  type Level,
  type LevelName,
  type LevelSetting,
  SECURITY,
  SILENT,
  TRACE,
  WARNING,
} from './levels.js'
import type { Health, Metrics, Receipt } from './metrics.js'
import type { PluginHealth } from './plugins/contracts.js'
import { shownInText } from './redact/shown-in-text.js'
import type { LiveOptions } from './settings/options.js'
import type { Threshold } from './thresholds.js'
import type { EncodedScope } from './wire/encoder.js'
import { isError } from './wire/exotic.js'
import { LEVELS } from './wire/layout.js'
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
export interface ChildOptions<Custom extends string = never> {
  /** Threshold of the child alone. @default that of the setting `levels` for its name, else the parent's */
  readonly level?: LevelSetting | Custom | Uppercase<Custom>
  /** Name of the child. @default the parent's */
  readonly name?: string
}

/** A logger with a method for each level of its own. Where a `Logger` is asked for, it is one. */
export type LoggerWith<Custom extends string> = Logger<Custom> & {
  readonly [Name in Custom]: LogMethod
}

/** A structured logger. Made by `createLogger` and `child`. */
export interface Logger<Custom extends string = never> extends AsyncDisposable {
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
   * The threshold: the upper-case name of a level, or `SILENT`. Setting it changes this logger and every child that
   * has none of its own, neither given to it nor by the setting `levels`; that of the first logger also in every
   * thread that has joined.
   *
   * @throws {ConfigurationError} when set to something that is not a level
   */
  get level(): LevelName | 'SILENT' | (string & {})
  set level(level: LevelSetting | (string & {}))
  /**
   * Sets the level of all loggers that `pattern` names, those there are and those to come, as the setting `levels`
   * does; without a level, takes it back.
   *
   * @throws {ConfigurationError} when the pattern is none or the level is not one
   */
  setLevels(pattern: string, level?: LevelSetting | Custom | Uppercase<Custom>): void
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
  child(bindings?: Fields, options?: ChildOptions<Custom>): LoggerWith<Custom>
  /** A logger whose events carry these fields too, in place of fields that it has under the same names. */
  bind(fields: Fields): LoggerWith<Custom>
  /** A logger whose events do not carry the bound fields of these names. */
  unbind(...keys: string[]): LoggerWith<Custom>
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
  /**
   * Asks each plugin that has a `health` how it is, by name. One that fails or takes longer than its `timeoutMs` is not
   * healthy. Only in the thread that created the logger; there are none in others.
   */
  pluginHealth(): Promise<Readonly<Record<string, PluginHealth>>>
  /** Asks a plugin again that was disabled. @throws {ConfigurationError} when there is none of this name */
  enablePlugin(name: string): void
  /**
   * Lets events go on without a plugin; a sink writes nothing then. @throws {ConfigurationError} when there is none
   * of this name
   */
  disablePlugin(name: string): void
  /** Opens the files again, after logrotate moved them for example. */
  reopen(): void
  /**
   * Changes settings of the container that this logger belongs to, as if they had been given to `createLogger`. What
   * is `undefined` is taken back: environment, file, preset and default count again.
   *
   * @throws {ConfigurationError} when one is wrong or cannot change at run time; then none is changed. Also for a
   * logger of `joinLogger`, which has no settings of its own
   */
  reconfigure(changes: LiveOptions): void
  /** The lines of a memory sink, which is empty then. For tests. */
  takeLines(sink?: string): string[]
}

// Values of the built-in levels (schemas/wire.json), as numbers so that they are compared without being looked up.
const [
  [, TRACE_VALUE],
  [, DEBUG_VALUE],
  [, INFO_VALUE],
  [, WARNING_VALUE],
  [, ERROR_VALUE],
  [, CRITICAL_VALUE],
  [, AUDIT_VALUE],
  [, SECURITY_VALUE],
] = LEVELS

/** The one implementation of `Logger`. @internal */
export class NativeLogger implements Logger {
  readonly container: Container
  readonly threshold: Threshold
  readonly scope: EncodedScope | undefined
  readonly nameId: number
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
    if (this.threshold.cell[0] <= TRACE_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(TRACE, arguments)
      else this.write(TRACE, a, b, c)
    }
  }

  debug(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold.cell[0] <= DEBUG_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(DEBUG, arguments)
      else this.write(DEBUG, a, b, c)
    }
  }

  info(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold.cell[0] <= INFO_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(INFO, arguments)
      else this.write(INFO, a, b, c)
    }
  }

  warn(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold.cell[0] <= WARNING_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(WARNING, arguments)
      else this.write(WARNING, a, b, c)
    }
  }

  warning(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold.cell[0] <= WARNING_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(WARNING, arguments)
      else this.write(WARNING, a, b, c)
    }
  }

  error(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold.cell[0] <= ERROR_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(ERROR, arguments)
      else this.write(ERROR, a, b, c)
    }
  }

  fatal(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold.cell[0] <= CRITICAL_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(CRITICAL, arguments)
      else this.write(CRITICAL, a, b, c)
    }
  }

  critical(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold.cell[0] <= CRITICAL_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(CRITICAL, arguments)
      else this.write(CRITICAL, a, b, c)
    }
  }

  audit(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold.cell[0] <= AUDIT_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(AUDIT, arguments)
      else this.write(AUDIT, a, b, c)
    }
  }

  security(a?: unknown, b?: unknown, c?: unknown): void {
    if (this.threshold.cell[0] <= SECURITY_VALUE) {
      if (arguments.length > 3 || (b === undefined && arguments.length === 2))
        this.writeMany(SECURITY, arguments)
      else this.write(SECURITY, a, b, c)
    }
  }

  silent(): void {}

  get level(): string {
    return this.container.thresholds.levels.nameOf(this.threshold.level[0])
  }

  set level(level: string) {
    this.container.thresholds.set(this.threshold, level)
  }

  setLevels(pattern: string, level?: string): void {
    this.container.thresholds.setRule(pattern, level)
  }

  get containerId(): string {
    return this.container.id
  }

  isLevelEnabled(level: string): boolean {
    const { cell, level: least } = this.threshold
    const known = this.container.thresholds.levels.find(level)
    return known !== undefined && known.index >= 0 && cell[0] <= known.value && least[0] < SILENT
  }

  child(bindings?: Fields, options?: ChildOptions<string>): Logger {
    const { container } = this
    const { encoder, LoggerClass } = container
    const scope = bindings === undefined ? this.scope : encoder.scope(this.scope, bindings)
    if (options === undefined)
      return new LoggerClass(container, this.threshold, scope, this.name, this.nameId)
    const threshold = container.thresholds.child(this.threshold, options.name, options.level)
    const name = options.name ?? this.name
    const nameId = options.name === undefined ? this.nameId : encoder.intern(options.name)
    return new LoggerClass(container, threshold, scope, name, nameId)
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

  pluginHealth(): Promise<Readonly<Record<string, PluginHealth>>> {
    return this.container.pluginHealth()
  }

  enablePlugin(name: string): void {
    this.container.enablePlugin(name, true)
  }

  disablePlugin(name: string): void {
    this.container.enablePlugin(name, false)
  }

  reopen(): void {
    this.container.reopen()
  }

  reconfigure(changes: LiveOptions): void {
    const { live } = this.container
    if (live === undefined) {
      const expected = 'the logger that was joined: it has the settings'
      throw ConfigurationError.of([{ path: 'reconfigure', value: undefined, expected }])
    }
    live.reconfigure(changes)
  }

  takeLines(sink = 'memory'): string[] {
    this.container.flushSync(this.container.shutdownTimeoutMs)
    return this.container.lines(sink, true)
  }

  /**
   * The class of the loggers that have a method for each of these levels too.
   *
   * @param names - of the methods, as the application has written them
   * @throws {ConfigurationError} for a name that a logger has already
   */
  static withLevels(names: readonly string[], levels: readonly Level[]): typeof NativeLogger {
    if (names.length === 0) return NativeLogger
    class CustomLogger extends NativeLogger {}
    for (const name of names) {
      if (name in NativeLogger.prototype || OWN_FIELDS.includes(name)) {
        const expected = 'a name that is no property of a logger'
        throw ConfigurationError.of([{ path: `customLevels.${name}`, value: name, expected }])
      }
      const level = levels.find((known) => known.name === name.toUpperCase()) as Level
      Object.defineProperty(CustomLogger.prototype, name, {
        value: NativeLogger.methodOf(level),
        configurable: true,
        writable: true,
      })
    }
    return CustomLogger
  }

  private static methodOf({ value, index }: Level): LogMethod {
    return function (this: NativeLogger, a?: unknown, b?: unknown, c?: unknown): void {
      if (this.threshold.cell[0] <= value) {
        if (arguments.length > 3 || (b === undefined && arguments.length === 2))
          this.writeMany(index, arguments)
        else this.write(index, a, b, c)
      }
    }
  }

  private scoped(scope: EncodedScope | undefined): Logger {
    return new this.container.LoggerClass(
      this.container,
      this.threshold,
      scope,
      this.name,
      this.nameId,
    )
  }

  /** Writes an event at an enabled level. */
  write(level: number, a: unknown, b: unknown, c: unknown): void {
    const { container } = this
    if (typeof a === 'string') {
      if (b === undefined && c === undefined) {
        container.encoder.event(level, this.nameId, this.scope, a, undefined)
      } else if (c === undefined && isPlain(b) && indexOf(a, '%') === -1) {
        container.encoder.event(level, this.nameId, this.scope, a, b)
      } else if (c === undefined && isErrorFast(b) && indexOf(a, '%') === -1) {
        container.encoder.event(level, this.nameId, this.scope, a, undefined, undefined, b)
      } else {
        this.writeMany(level, c === undefined ? [a, b] : [a, b, c])
        return
      }
    } else if (c === undefined && (b === undefined || typeof b === 'string') && isPlain(a)) {
      container.encoder.event(level, this.nameId, this.scope, b, a)
    } else if (c === undefined && typeof b === 'string' && isErrorFast(a)) {
      container.encoder.event(level, this.nameId, this.scope, b, undefined, undefined, a)
    } else {
      this.writeMany(level, c !== undefined ? [a, b, c] : b !== undefined ? [a, b] : [a])
      return
    }
    if (container.sync) this.settle()
  }

  /** Sorts out the arguments of the less common calls. */
  writeMany(level: number, given: ArrayLike<unknown>): void {
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
        const { hides } = container
        const shown = hides === undefined ? rest : rest.map((value) => shownInText(value, hides))
        const formatted = printf(message, shown)
        message = formatted.text
        rest = rest.slice(formatted.used)
      }
      for (const value of rest) {
        const made =
          typeof value === 'function' && fields === undefined ? (value as LazyFields)() : value
        if (made === undefined) continue
        if (isErrorFast(made) && error === undefined) error = made
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

/** Fields of every logger, which no method may have the name of. */
const OWN_FIELDS = ['container', 'threshold', 'scope', 'nameId', 'name']

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

function isErrorFast(value: unknown): boolean {
  try {
    return typeof value === 'object' && value !== null && isError(value)
  } catch {
    return false
  }
}
