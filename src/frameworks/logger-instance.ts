// A logger in the form that Fastify asks for as its `loggerInstance`: with the serializers of its children.

import type { Logger } from 'fapilog'

type Serializers = Readonly<Record<string, (value: never) => unknown>>

/** What Fastify passes to `child`: `level` and `serializers` count. */
export interface SerializingChildOptions {
  /** Threshold of the child. */
  readonly level?: string | undefined
  /** Functions by field: what to log instead of its value. */
  readonly serializers?: Serializers | undefined
}

/** A log method, as pino's. */
export type SerializingLogMethod = (
  this: SerializingLogger,
  a?: unknown,
  ...rest: unknown[]
) => void

/** A logger that shows top-level fields as serializers say. */
export class SerializingLogger {
  /** Logs at TRACE. */
  declare readonly trace: SerializingLogMethod
  /** Logs at DEBUG. */
  declare readonly debug: SerializingLogMethod
  /** Logs at INFO. */
  declare readonly info: SerializingLogMethod
  /** Logs at WARNING. */
  declare readonly warn: SerializingLogMethod
  /** Logs at ERROR. */
  declare readonly error: SerializingLogMethod
  /** Logs at CRITICAL. */
  declare readonly fatal: SerializingLogMethod

  constructor(
    /** The logger behind it. */
    readonly logger: Logger,
    private readonly serializers: Serializers,
  ) {}

  /** Lower-case name of a level, as Fastify has them. */
  get level(): string {
    const level = this.logger.level.toLowerCase()
    return level === 'warning' ? 'warn' : level === 'critical' ? 'fatal' : level
  }

  set level(level: string) {
    this.logger.level = level
  }

  /** Logs nothing: the level `silent`. */
  silent(): void {}

  /** Whether a call at this level would be logged. */
  isLevelEnabled(level: string): boolean {
    return this.logger.isLevelEnabled(level)
  }

  /** The fields of this logger. */
  bindings(): Record<string, unknown> {
    return this.logger.bindings()
  }

  /** A logger with more fields, and more serializers. */
  child(bindings: object = {}, options: SerializingChildOptions = {}): SerializingLogger {
    const { level, serializers } = options
    const all =
      serializers === undefined ? this.serializers : { ...this.serializers, ...serializers }
    const child = this.logger.child(
      serialized(bindings, all),
      level ? { level: level as never } : undefined,
    )
    return new SerializingLogger(child, all)
  }
}

for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) {
  const method: SerializingLogMethod = function (a, ...rest) {
    const plain = typeof a === 'object' && a !== null && !(a instanceof Error)
    // Serializers run only when the level is enabled.
    this.logger[level](plain ? () => serialized(a, this['serializers']) : a, ...rest)
  }
  Object.defineProperty(SerializingLogger.prototype, level, {
    value: method,
    configurable: true,
    writable: true,
  })
}

/** Errors keep their own form, which has causes and fields; a serializer that throws leaves its name and message. */
function serialized(fields: object, serializers: Serializers): object {
  const copy: Record<string, unknown> = { ...fields }
  for (const key of Object.keys(copy)) {
    const serialize = Object.hasOwn(serializers, key) ? serializers[key] : undefined
    const value = copy[key]
    if (serialize === undefined || value === undefined || value instanceof Error) continue
    try {
      copy[key] = serialize(value as never)
    } catch (error) {
      copy[key] = `[Throws: ${String(error)}]`
    }
  }
  return copy
}

/**
 * A logger for `Fastify({ loggerInstance: loggerInstance(log) })`, whose lines go where those of `log` go. Fastify shows
 * its `req`, `res` and `err` by serializers that it gives to children; what they return is what is logged.
 */
export function loggerInstance(log: Logger): SerializingLogger {
  return new SerializingLogger(log, {})
}
