// Retroactive debug: what is logged below the level is kept for a while and written once something goes wrong.
//
// Kept records lie in one circular buffer of the container, so that memory is bounded whatever the number of
// scopes. Each is linked to the one before it of the same trail: writing a trail means to walk back from its last
// record as far as the bounds allow. A record that is overwritten is never reached.

import { Trail } from './context/trail.js'
import { SILENT } from './levels.js'
import { NativeLogger } from './logger.js'
import type { EncodedScope, Encoder } from './wire/encoder.js'
import { WORD_TIME } from './wire/layout.js'

/** Words in front of each kept record: its length, the way back to the one before of its trail, its level. */
const HEADER_WORDS = 3

/** What and how much is kept. */
export interface RetroactiveOptions {
  /** Severity from which on an event has what was kept before it written. */
  readonly trigger: number
  /** Bounds of what is written at once. */
  readonly maxBytes: number
  readonly maxEvents: number
  readonly maxAge: number
  /** Size of the buffer. */
  readonly memory: number
}

/** The kept records of a container. Stands in for the encoder where a logger keeps an event instead of writing it. */
export class Retained {
  readonly trigger: number
  /** The trail that the next event belongs to. */
  trail = new Trail()
  /** Events that were kept, and those of them that were handed to the ring later. */
  kept = 0
  replayed = 0

  private readonly words: Int32Array
  private readonly times: DataView
  private head = 0

  constructor(
    private readonly encoder: Encoder,
    private readonly options: RetroactiveOptions,
  ) {
    this.trigger = options.trigger
    this.words = new Int32Array(options.memory >> 2)
    this.times = new DataView(this.words.buffer)
  }

  /** As `Encoder.event`. */
  event(
    level: number,
    logger: number,
    scope: EncodedScope | undefined,
    message: unknown,
    plain: object | undefined,
    fields?: unknown,
    error?: unknown,
    args?: readonly unknown[],
  ): void {
    const { trail } = this
    const keep = (words: Int32Array, length: number) => this.keep(trail, level, words, length)
    this.encoder.encodeAside(keep, level, logger, scope, message, plain, fields, error, args)
  }

  /** Hands what was kept for a trail to the ring, the oldest first. */
  replay(trail: Trail): void {
    const { words, head, options } = this
    const capacity = words.length
    const since = Date.now() - options.maxAge
    const found: number[] = []
    let bytes = 0
    let position = trail.last
    trail.last = -1
    while (position >= 0 && position >= head - capacity && found.length < options.maxEvents) {
      const at = position % capacity
      bytes += (words[at] as number) * 4
      if (bytes > options.maxBytes || this.time(at) < since) break
      found.push(at)
      const back = words[at + 1] as number
      position = back === 0 ? -1 : position - back
    }
    const { ring } = this.encoder
    for (const at of found.reverse()) {
      const start = at + HEADER_WORDS
      ring.put(words.subarray(start, start + (words[at] as number)), words[at + 2] as number)
    }
    this.replayed += found.length
  }

  /** Forgets what was kept. */
  forget(): void {
    this.head += this.words.length
  }

  private keep(trail: Trail, level: number, record: Int32Array, length: number): void {
    const { words } = this
    const capacity = words.length
    const needed = length + HEADER_WORDS
    this.kept++
    // A giant would take the place of too many others.
    if (needed > capacity >> 2) return
    let at = this.head % capacity
    if (at + needed > capacity) {
      this.head += capacity - at
      at = 0
    }
    const back = trail.last < 0 ? 0 : this.head - trail.last
    words[at] = length
    words[at + 1] = back < capacity ? back : 0
    words[at + 2] = level
    words.set(record.subarray(0, length), at + HEADER_WORDS)
    trail.last = this.head
    this.head += needed
  }

  private time(at: number): number {
    // Typed arrays have the byte order of the machine; all that fapilog is built for are little-endian.
    return this.times.getFloat64((at + HEADER_WORDS + WORD_TIME) * 4, true)
  }
}

/** The class of the loggers that keep what is below their level. */
export function retroactiveClass(
  Base: typeof NativeLogger,
  retained: Retained,
): typeof NativeLogger {
  return class RetroactiveLogger extends Base {
    /** What was kept for this logger outside of any asynchronous scope. */
    private readonly trail = new Trail()
    /** The same logger, but for where its events go. */
    private keeper: NativeLogger | undefined

    override write(level: number, a: unknown, b: unknown, c: unknown): void {
      if (this.threshold.level[0] >= SILENT) return
      if (this.isWritten(level)) super.write(level, a, b, c)
      else this.keeping().write(level, a, b, c)
    }

    override writeMany(level: number, given: ArrayLike<unknown>): void {
      if (this.threshold.level[0] >= SILENT) return
      if (this.isWritten(level)) super.writeMany(level, given)
      else this.keeping().writeMany(level, given)
    }

    /** Whether an event is written; if it is a trigger, then behind what was kept before it. */
    private isWritten(level: number): boolean {
      const { context, thresholds } = this.container
      const value = thresholds.levels.valueAt(level)
      const trail = context.trail ?? this.trail
      if (value < this.threshold.level[0]) {
        retained.trail = trail
        return false
      }
      if (value >= retained.trigger) retained.replay(trail)
      return true
    }

    private keeping(): NativeLogger {
      if (this.keeper === undefined) {
        const { container, threshold, name, nameId } = this
        const aside: NativeLogger['container'] = Object.create(container, {
          encoder: { value: retained },
          sync: { value: false },
        })
        const scope = container.encoder.scope(this.scope, { retroactive: true })
        this.keeper = new NativeLogger(aside, threshold, scope, name, nameId)
      }
      return this.keeper
    }
  }
}
