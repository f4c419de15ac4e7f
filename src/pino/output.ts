// Where the lines of a logger go: to sinks of the native side, or through this thread to a stream of the application's.

import type { SinkOptions } from 'fapilog'
import { type Destination, isDestination } from './destination.js'
import { type NativeLevels, nativeThreshold } from './levels.js'
import { isMultistream, type MultiStream } from './multistream.js'
import type { Native } from './native.js'
import { problem } from './problem.js'
import { needsMetadataGsym } from './symbols.js'

/** What pino writes to. */
export interface DestinationStream {
  /** Takes a line, with its end. */
  write(line: string): unknown
}

/** A stream that is told of each event besides its line. */
interface WithMetadata extends DestinationStream {
  [needsMetadataGsym]?: boolean
  lastLevel?: number
  lastObj?: unknown
  lastMsg?: unknown
  lastTime?: string
  lastLogger?: unknown
}

/** Where lines go. */
export interface Output {
  readonly sinks: readonly SinkOptions[]
  /** Every call returns after its line was written. */
  readonly sync: boolean
  readonly fsync: boolean
  /** The destinations among the sinks. */
  readonly destinations: readonly Destination[]
  /** The stream that gets lines in this thread, instead of all sinks. */
  readonly stream: DestinationStream | undefined
}

/** Name of the sink that lines come back from. */
const LINES = 'lines'

/** Whether lines can go past a stream of Node.js, straight to its descriptor: nobody has put something in their way. */
const isUntouched = (stream: NodeJS.WriteStream) =>
  stream.write === (stream.constructor.prototype as NodeJS.WriteStream).write

function throughThisThread(stream: DestinationStream): Output {
  const sinks = [{ type: 'memory' as const, name: LINES }]
  return { sinks, sync: false, fsync: false, destinations: [], stream }
}

function nativeOutput(stream: unknown): Output | undefined {
  const common = { sync: false, fsync: false, destinations: [], stream: undefined }
  if (isDestination(stream)) {
    const { sink, sync, fsync } = stream
    if (sink === undefined) return undefined
    return { ...common, sinks: [sink], sync, fsync, destinations: [stream] }
  }
  if (stream === process.stdout && isUntouched(process.stdout))
    return { ...common, sinks: ['stdout'] }
  if (stream === process.stderr && isUntouched(process.stderr))
    return { ...common, sinks: ['stderr'] }
  return undefined
}

/** One sink for each stream, if all of them are known to the native side. */
function nativeOutputs(multi: MultiStream, levels: NativeLevels): Output | undefined {
  const { streams, dedupe } = multi
  if (dedupe || streams.length === 0) return undefined
  const all = streams.map(({ stream }) => nativeOutput(stream))
  if (!all.every((one) => one !== undefined)) return undefined
  multi.sealed = true
  const sinks = all.flatMap((one, at) =>
    one.sinks.map((sink): SinkOptions => {
      const level = nativeThreshold(levels, streams[at]?.level ?? 0)
      const settings = typeof sink === 'string' ? { type: sink } : sink
      return { ...settings, name: `stream-${at + 1}`, ...(level && { level: level as never }) }
    }),
  )
  return {
    sinks,
    sync: all.some(({ sync }) => sync),
    fsync: all.some(({ fsync }) => fsync),
    destinations: all.flatMap(({ destinations }) => destinations),
    stream: undefined,
  }
}

/**
 * Finds out where lines go.
 *
 * @param inThisThread - whether somebody here wants to see the lines
 * @throws {ConfigurationError} for what nothing can be written to
 */
export function output(
  stream: unknown = process.stdout,
  levels: NativeLevels,
  inThisThread: boolean,
): Output {
  if (typeof (stream as DestinationStream | null)?.write !== 'function')
    throw problem('stream', stream, 'something with a method write, or a path')
  const native = inThisThread
    ? undefined
    : isMultistream(stream)
      ? nativeOutputs(stream, levels)
      : nativeOutput(stream)
  return native ?? throughThisThread(stream as DestinationStream)
}

/** An event that has just been logged. */
export interface Logged {
  readonly level: number
  readonly fields: unknown
  readonly message: unknown
  readonly logger: object
}

/** Hands the lines of an event over to a stream, before the call returns. */
export function deliver(
  native: Native,
  stream: WithMetadata,
  { level, fields, message, logger }: Logged,
  hook: ((line: string) => string) | undefined,
): void {
  for (const text of native.takeLines(LINES)) {
    const line = `${text}\n`
    if (stream[needsMetadataGsym] === true) {
      stream.lastLevel = level
      stream.lastObj = fields ?? {}
      stream.lastMsg = message
      stream.lastTime = JSON.stringify((JSON.parse(line) as { time?: unknown }).time) ?? ''
      stream.lastLogger = logger
    }
    stream.write(hook === undefined ? line : hook(line))
  }
}
