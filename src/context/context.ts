// Fields that belong to what the program is doing (a request, a job) and not to a logger: they follow the
// asynchronous calls, through AsyncLocalStorage. One storage a container, made when it is first used.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Ambient, EncodedScope, Encoder } from '../wire/encoder.js'
import { extendScope, snapshot, withoutKeys } from '../wire/scope.js'
import type { ActiveSpan } from './active-span.js'
import { Trail } from './trail.js'

/** Fields by name. */
type Values = Record<string, unknown>

/**
 * The fields of the asynchronous scope that a call is made in: a request, a job. Every logger of the container
 * adds them to its events; fields of the logger and of the call with the same names come before them.
 */
export interface LogContext {
  /**
   * Runs `fn` with `fields` added to those of the scope around it. What `fn` starts, awaited or not, has them too;
   * nothing else has.
   *
   * @returns what `fn` returns
   */
  run<T>(fields: object, fn: () => T): T
  /**
   * The scope that the call is made in, for code that comes back without it (a listener of a socket): the returned
   * function runs others in it, and returns what they return. Outside of any `run` it only calls them.
   */
  capture(): <T>(fn: () => T) => T
  /**
   * Adds fields to the scope of the nearest `run`, for all that runs in it. Scopes that were started inside it
   * before keep what they have.
   *
   * @returns false outside of any `run`, where nothing is changed: the fields would be everybody's
   */
  set(fields: object): boolean
  /** Removes fields from the scope of the nearest `run`. @returns false outside of any `run` */
  unset(...keys: string[]): boolean
  /** A copy of the fields of the scope; `{}` outside of any `run`. */
  get(): Record<string, unknown>
  /** One field of the scope. */
  get(key: string): unknown
  /**
   * `correlation_id` of the scope. If it has none, it becomes the scope's `request_id` or else a new id.
   * `undefined` outside of any `run`.
   */
  readonly correlationId: string | undefined
}

/** The fields of one `run`. Encoded when they are set, since that is rarer than logging. */
interface Scope {
  values: Values
  encoded: EncodedScope
  /** What was kept of its events below the level; scopes inside it share it. */
  readonly trail: Trail | undefined
}

/** A new correlation id: a random UUID. */
export function newCorrelationId(): string {
  return crypto.randomUUID()
}

/** The one implementation of `LogContext`. @internal */
export class AsyncContext implements LogContext, Ambient {
  /** Whether scopes to come have events kept for them. */
  hasTrails = false
  /** Whether scopes to come have a correlation id from the start. */
  correlates = false

  private storage: AsyncLocalStorage<Scope> | undefined

  /** @param span - what reads the ids of the active OpenTelemetry span, when events get them */
  constructor(
    private readonly encoder: Encoder,
    private readonly span?: ActiveSpan,
  ) {
    if (span !== undefined) encoder.ambient = this
  }

  /** The trail of the scope that the program is in, if it has one. */
  get trail(): Trail | undefined {
    return this.storage?.getStore()?.trail
  }

  /** Times that OpenTelemetry threw when it was asked for the active span. */
  get failures(): number {
    return this.span?.failures ?? 0
  }

  run<T>(fields: object, fn: () => T): T {
    if (this.storage === undefined) {
      this.storage = new AsyncLocalStorage()
      this.encoder.ambient = this
    }
    const scope = this.extended(this.storage.getStore(), fields)
    if (this.correlates) this.correlate(scope)
    return this.storage.run(scope, fn)
  }

  capture(): <T>(fn: () => T) => T {
    const { storage } = this
    const scope = storage?.getStore()
    if (storage === undefined || scope === undefined) return (fn) => fn()
    return (fn) => storage.run(scope, fn)
  }

  /** Runs `fn` with a record flag on every event logged in it, in what it awaits too. */
  runMarked<T>(flag: number, fn: () => T): T {
    if (this.storage === undefined) {
      this.storage = new AsyncLocalStorage()
      this.encoder.ambient = this
    }
    const scope = this.extended(this.storage.getStore(), {})
    const encoded = { ...scope.encoded, flags: scope.encoded.flags | flag }
    return this.storage.run({ ...scope, encoded }, fn)
  }

  set(fields: object): boolean {
    const scope = this.storage?.getStore()
    if (scope === undefined) return false
    Object.assign(scope, this.extended(scope, fields))
    return true
  }

  unset(...keys: string[]): boolean {
    const scope = this.storage?.getStore()
    if (scope === undefined) return false
    const values = { ...scope.values }
    for (const key of keys) delete values[key]
    scope.values = values
    scope.encoded =
      withoutKeys(this.encoder, scope.encoded, keys) ?? this.encoder.scope(undefined, {}, false)
    return true
  }

  get(): Values
  get(key: string): unknown
  get(key?: string): unknown {
    const values = this.storage?.getStore()?.values
    if (key === undefined) return { ...values }
    return values !== undefined && Object.hasOwn(values, key) ? values[key] : undefined
  }

  get correlationId(): string | undefined {
    const scope = this.storage?.getStore()
    return scope === undefined ? undefined : this.correlate(scope)
  }

  /** The correlation id of a scope, which has one from then on. */
  private correlate(scope: Scope): string {
    const { correlation_id, request_id } = scope.values
    if (typeof correlation_id === 'string') return correlation_id
    const id = typeof request_id === 'string' ? request_id : newCorrelationId()
    Object.assign(scope, this.extended(scope, { correlation_id: id }))
    return id
  }

  addTo(encoder: Encoder): void {
    const scope = this.storage?.getStore()
    if (scope !== undefined) encoder.addScope(scope.encoded)
    // Behind the context, whose ids may be those of a span further out.
    if (this.span !== undefined) this.span.addTo(encoder)
  }

  private extended(outer: Scope | undefined, fields: object): Scope {
    const copy = snapshot(fields)
    const encoded = extendScope(this.encoder, outer?.encoded, fields, copy, false)
    const trail = outer?.trail ?? (this.hasTrails ? new Trail() : undefined)
    const values = outer === undefined ? (copy ?? {}) : { ...outer.values, ...copy }
    return { values, encoded, trail }
  }
}
