/** The part of `@opentelemetry/api` that is used, the same in every 1.x. Undefined when the package is not installed. */
export declare function load(): OpenTelemetry | undefined

export interface SpanContext {
  readonly traceId: string
  readonly spanId: string
}

export interface OpenTelemetry {
  readonly trace: { getSpan(context: unknown): { spanContext(): SpanContext } | undefined }
  readonly context: { active(): unknown }
  isSpanContextValid(context: SpanContext): boolean
}
