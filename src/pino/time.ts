// Functions for the option `timestamp`: a piece of JSON with a comma before it, as pino has them.

/** Makes the time of a line: `,"time":1767323045678`. */
export type TimeFn = () => string

const NS_PER_MS = 1_000_000n
const startedAtNs = BigInt(Date.now()) * NS_PER_MS
const startedAtTick = process.hrtime.bigint()

/** No time. */
export const nullTime: TimeFn = () => ''
/** Milliseconds since the epoch; the default. */
export const epochTime: TimeFn = () => `,"time":${Date.now()}`
/** Seconds since the epoch, rounded. */
export const unixTime: TimeFn = () => `,"time":${Math.round(Date.now() / 1000)}`
/** `2026-01-02T03:04:05.678Z`. */
export const isoTime: TimeFn = () => `,"time":"${new Date(Date.now()).toISOString()}"`
/** `2026-01-02T03:04:05.678901234Z`. */
export const isoTimeNano: TimeFn = () => {
  const now = startedAtNs + (process.hrtime.bigint() - startedAtTick)
  const milliseconds = new Date(Number(now / NS_PER_MS)).toISOString().slice(0, -1)
  return `,"time":"${milliseconds}${String(now % NS_PER_MS).padStart(6, '0')}Z"`
}

/** What `pino.stdTimeFunctions` has. */
export const stdTimeFunctions: Readonly<
  Record<'nullTime' | 'epochTime' | 'unixTime' | 'isoTime' | 'isoTimeNano', TimeFn>
> = { nullTime, epochTime, unixTime, isoTime, isoTimeNano }

const NATIVE = new Map<TimeFn, 'none' | 'epoch' | 'unix' | 'iso'>([
  [nullTime, 'none'],
  [epochTime, 'epoch'],
  [unixTime, 'unix'],
  [isoTime, 'iso'],
])

/** The setting of the native side that does what a function would do, if there is one. */
export const nativeTime = (time: TimeFn) => NATIVE.get(time)

/** The fields that such a piece of JSON stands for. */
export function timeFields(text: string): Record<string, unknown> {
  try {
    return JSON.parse(`{${text.slice(1)}}`) as Record<string, unknown>
  } catch {
    // pino would write a line that nobody can parse.
    return { time: text }
  }
}
