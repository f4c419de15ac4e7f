// The `traceparent` header of W3C Trace Context (https://www.w3.org/TR/trace-context/#traceparent-header).

/** What a `traceparent` header says, named as the fields of an event are. */
export interface TraceParent {
  /** Id of the trace: 32 lower-case hexadecimal digits, not all zero. */
  readonly trace_id: string
  /** Id of the caller's span: 16 lower-case hexadecimal digits, not all zero. */
  readonly span_id: string
  /** Flags: two hexadecimal digits; the lowest bit says that the caller records the trace. */
  readonly trace_flags: string
}

/** Version, trace id, parent id, flags; later versions may go on after another dash. */
const HEADER = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/**
 * Reads a `traceparent` header. Strict: what the standard calls invalid (upper case, wrong lengths, ids of zeros,
 * version `ff`, anything behind version `00`) is `undefined`, and so is what is no string.
 */
export function parseTraceparent(header: unknown): TraceParent | undefined {
  // 512 characters: longer than any version can need, short enough that nobody pays for a hostile header.
  if (typeof header !== 'string' || header.length < 55 || header.length > 512) return undefined
  const match = HEADER.exec(header)
  if (match === null) return undefined
  const [, version, trace_id, span_id, trace_flags, rest] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string | undefined,
  ]
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(trace_id) || /^0+$/.test(span_id)) return undefined
  return { trace_id, span_id, trace_flags }
}
