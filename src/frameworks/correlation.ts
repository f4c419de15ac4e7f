// Which id a request has: the caller's when it is harmless, else a new one.

import type { IncomingHttpHeaders } from 'node:http'
import { newCorrelationId, parseTraceparent } from 'fapilog'

/** Longest id that is taken from a caller, in characters. */
export const MAX_ID_LENGTH = 128

/** What ids are made of. Nothing that could end a header, or mean something to a shell, a terminal or a query. */
const SAFE_ID = /^[A-Za-z0-9._:+/=@~-]+$/

/** Fields that tie the events of one request together. */
export interface Correlation {
  readonly correlation_id: string
  /** Of the caller's `traceparent`. */
  readonly trace_id?: string
  /** The caller's span. */
  readonly span_id?: string
}

/**
 * The id of `header`, else the trace id of `traceparent`, else a new one. With a valid `traceparent` also its trace
 * and span.
 *
 * @param header - in lower case
 */
export function correlate(headers: IncomingHttpHeaders, header: string): Correlation {
  const given = headers[header]
  const id = isSafeId(given) ? given : undefined
  const traceparent = headers['traceparent']
  if (traceparent !== undefined) {
    const trace = parseTraceparent(traceparent)
    if (trace !== undefined) {
      const { trace_id, span_id } = trace
      return { correlation_id: id ?? trace_id, trace_id, span_id }
    }
  }
  return { correlation_id: id ?? newCorrelationId() }
}

/** Whether an id of a caller may be logged and sent back. */
export function isSafeId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= MAX_ID_LENGTH && SAFE_ID.test(id)
}
