// A logger in the form that Fastify asks for as its `loggerInstance`: with the serializers of its children.

import type { Logger } from 'fapilog'

type Serializers = Readonly<Record<string, (value: never) => unknown>>

/** What Fastify passes to `child`: `level` and `serializers` count. */
export interface SerializingChildOptions {
  readonly level?: string | undefined
  readonly serializers?: Serializers | undefined
}

type Method = (this: SerializingLogger, a?: unknown, ...rest: unknown[]) => void

/** A logger that shows top-level fields as serializers say. */
export class SerializingLogger {
  declare readonly trace: Method
  declare readonly debug: Method
  declare readonly info: Method
  declare readonly warn: Method
  declare readonly error: Method
  declare readonly fatal: Method

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

  silent(): void {}

  isLevelEnabled(level: string): boolean {
    return this.logger.isLevelEnabled(level)
  }

  bindings(): Record<string, unknown> {
    return this.logger.bindings()
  }

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
  const method: Method = function (a, ...rest) {
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
