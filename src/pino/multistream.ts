// `pino.multistream`: several streams, each from a level on.

import { DEFAULT_LEVELS } from './levels.js'
import type { DestinationStream } from './output.js'
import { problem } from './problem.js'
import { needsMetadataGsym } from './symbols.js'

/** A stream and the lowest level that it takes. */
export interface StreamEntry {
  /** Where lines go. */
  stream: DestinationStream
  /** Name or number. @default 'info' */
  level?: string | number | undefined
  /** The number, in place of `level`. */
  levelVal?: number | undefined
}

/** Options of `pino.multistream`. */
export interface MultiStreamOptions {
  /** Numbers of levels that pino does not have. */
  levels?: Record<string, number> | undefined
  /** Each line goes only to the streams of the highest level that take it. @default false */
  dedupe?: boolean | undefined
}

/** One of the streams. */
export interface MultiStreamEntry {
  /** Where lines go. */
  readonly stream: DestinationStream
  /** Number of the lowest level that it takes. */
  readonly level: number
  /** For `remove`. */
  readonly id: number
}

/** What streams may have besides `write`. */
interface Hooked {
  emit?(...args: unknown[]): void
  flushSync?(): void
  end?(): void
}

const BRAND = Symbol.for('fapilog.pino.multistream')

/** What `pino.multistream` returns. */
export class MultiStream {
  /** What it is told by. */
  readonly [BRAND] = true
  /** Asks the logger to say what it writes. */
  readonly [needsMetadataGsym] = true
  /** Each line goes only to the streams of the highest level that take it. */
  readonly dedupe: boolean
  /** By level, the lowest first. */
  streams: MultiStreamEntry[] = []
  /** The lowest of their levels. */
  minLevel = 0
  /** Level of the line, set by the logger: its number, or its name. */
  lastLevel: number | string = 0
  /** Its time. */
  lastTime: unknown
  /** Its message. */
  lastMsg: unknown
  /** The fields of its call. */
  lastObj: unknown
  /** Its logger. */
  lastLogger: unknown
  /** Whether the native side has the streams, as they were then. */
  sealed = false
  private lastId = 0
  private readonly levels: Readonly<Record<string, number>>

  constructor(
    streams: StreamEntry | DestinationStream | readonly (StreamEntry | DestinationStream)[] = [],
    { levels = {}, dedupe = false }: MultiStreamOptions = {},
  ) {
    this.levels = { ...DEFAULT_LEVELS, silent: Number.POSITIVE_INFINITY, ...levels }
    this.dedupe = dedupe
    for (const stream of Array.isArray(streams) ? streams : [streams]) this.add(stream)
  }

  /**
   * Adds a stream.
   *
   * @throws {ConfigurationError} when there is nothing to write to, and when the native side writes the others
   */
  add(given: StreamEntry | DestinationStream): this {
    this.assertOpen('add')
    const entry = given as Partial<StreamEntry & DestinationStream>
    const stream = typeof entry?.write === 'function' ? (given as DestinationStream) : entry?.stream
    if (typeof stream?.write !== 'function')
      throw problem('multistream', given, 'a stream, or an object with one in its property stream')
    const { levelVal, level = 'info' } = entry
    const value =
      typeof levelVal === 'number'
        ? levelVal
        : typeof level === 'number'
          ? level
          : this.levels[level]
    if (value === undefined)
      throw problem('multistream.level', level, `one of ${Object.keys(this.levels).join(', ')}`)
    this.streams = [...this.streams, { stream, level: value, id: ++this.lastId }].sort(
      (a, b) => a.level - b.level,
    )
    this.minLevel = this.streams[0]?.level ?? 0
    return this
  }

  /** Takes out the stream with this id. @throws {ConfigurationError} when the native side writes them */
  remove(id: number): this {
    this.assertOpen('remove')
    this.streams = this.streams.filter((entry) => entry.id !== id)
    this.minLevel = this.streams[0]?.level ?? -1
    return this
  }

  /** Writes a line of the level `lastLevel`. */
  write(line: string): void {
    const { lastLevel: last } = this
    const number = typeof last === 'number' ? last : (this.levels[last] ?? 0)
    const takers = this.streams.filter(({ level }) => level <= number)
    const highest = takers.at(-1)?.level
    for (const { stream, level } of takers) {
      if (this.dedupe && level !== highest) continue
      const told = stream as DestinationStream & Partial<Omit<MultiStream, 'write'>>
      if (told[needsMetadataGsym] === true) {
        const { lastLevel, lastTime, lastMsg, lastObj, lastLogger } = this
        Object.assign(stream, { lastLevel, lastTime, lastMsg, lastObj, lastLogger })
      }
      stream.write(line)
    }
  }

  /** The same streams, all from this level on. */
  clone(level: string | number): MultiStream {
    const entries = this.streams.map(({ stream }) => ({ stream, level }))
    return new MultiStream(entries, { levels: this.levels, dedupe: this.dedupe })
  }

  private assertOpen(method: string): void {
    if (!this.sealed) return
    const expected =
      'to be called before the logger is made, as all streams are destinations: or add one with a write of your own'
    throw problem(`multistream.${method}`, undefined, expected)
  }

  /** Emits an event at all streams that can. */
  emit(...args: unknown[]): void {
    for (const { stream } of this.streams) (stream as Hooked).emit?.(...args)
  }

  /** Flushes all streams that can. */
  flushSync(): void {
    for (const { stream } of this.streams) (stream as Hooked).flushSync?.()
  }

  /** Flushes and ends all streams that can. */
  end(): void {
    this.flushSync()
    for (const { stream } of this.streams) (stream as Hooked).end?.()
  }
}

/** Whether a stream is one of these, of this copy of the module or another. */
export const isMultistream = (stream: unknown): stream is MultiStream =>
  typeof stream === 'object' && stream !== null && BRAND in stream

/**
 * Several streams for `pino()`, each with the lowest level that it takes. If all of them are destinations or standard
 * streams, the native side writes to each; else lines come back to this thread.
 */
export function multistream(
  streams?: StreamEntry | DestinationStream | readonly (StreamEntry | DestinationStream)[],
  options?: MultiStreamOptions,
): MultiStream {
  return new MultiStream(streams, options)
}
