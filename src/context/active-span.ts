// The ids of the active OpenTelemetry span, read when an event is logged. `@opentelemetry/api` belongs to the
// application and is only loaded when the setting asks for it.

import otel from '../../lazy/otel.cjs'
import { ConfigurationError } from '../errors.js'
import type { EncodedScope, Encoder } from '../wire/encoder.js'

/** Adds `trace_id` and `span_id` to events. They are encoded once a span. */
export class ActiveSpan {
  /** Times that OpenTelemetry threw when it was asked; the events went without ids. */
  failures = 0

  private readonly api: otel.OpenTelemetry
  /** Undefined for spans that are none: what a tracer that is off or suppressed gives. */
  private readonly encoded = new WeakMap<otel.SpanContext, EncodedScope | undefined>()
  private last: otel.SpanContext | undefined
  private lastEncoded: EncodedScope | undefined

  /** @throws {ConfigurationError} when `@opentelemetry/api` is not installed */
  constructor() {
    const api = otel.load()
    if (api === undefined) {
      throw ConfigurationError.of([
        {
          path: 'otel',
          value: true,
          expected: "'@opentelemetry/api' among the application's dependencies",
        },
      ])
    }
    this.api = api
  }

  addTo(encoder: Encoder): void {
    try {
      const { trace, context } = this.api
      const span = trace.getSpan(context.active())
      if (span === undefined) return
      const ids = span.spanContext()
      if (ids !== this.last) {
        this.lastEncoded = this.encode(encoder, ids)
        this.last = ids
      }
    } catch {
      this.failures++
      return
    }
    if (this.lastEncoded !== undefined) encoder.addScope(this.lastEncoded)
  }

  private encode(encoder: Encoder, ids: otel.SpanContext): EncodedScope | undefined {
    if (this.encoded.has(ids)) return this.encoded.get(ids)
    const scope = this.api.isSpanContextValid(ids)
      ? encoder.scope(undefined, { trace_id: ids.traceId, span_id: ids.spanId }, false)
      : undefined
    this.encoded.set(ids, scope)
    return scope
  }
}
