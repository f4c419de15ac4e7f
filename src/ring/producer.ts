// The producing side of the ring, for one JavaScript thread. Twin of crates/ring/src/producer.rs.
//
// Positions are kept in two forms: `head`, the 32-bit position in units that the consumer knows, and `next`,
// the index of the word where the next record starts.

import {
  DICTIONARY_BINARY,
  DICTIONARY_BYTES,
  HEADER_BYTES,
  OFFSET_CLOSED,
  OFFSET_DICTIONARY_COUNT,
  OFFSET_DICTIONARY_USED,
  OFFSET_DROPPED_CLOSED,
  OFFSET_DROPPED_ENCODE,
  OFFSET_DROPPED_FULL,
  OFFSET_DROPPED_TIMEOUT,
  OFFSET_HEAD,
  OFFSET_LIGHT_PUBLISH,
  OFFSET_PARKED,
  OFFSET_SALT,
  OFFSET_SUBMITTED,
  OFFSET_TAIL,
  OFFSET_THRESHOLD,
  OFFSET_TICK,
  PAD_FLAG,
  WORD_TAG,
  WORD_UNITS,
} from '../wire/layout.js'

const HEAD = OFFSET_HEAD >> 2
const TAIL = OFFSET_TAIL >> 2
const PARKED = OFFSET_PARKED >> 2
const TICK = OFFSET_TICK >> 2
const CLOSED = OFFSET_CLOSED >> 2
/** Index of the word with the lowest level that is logged, which the native side sets for all threads at once. */
export const THRESHOLD = OFFSET_THRESHOLD >> 2
/** Index of the per-level counts of calls. */
export const SUBMITTED = OFFSET_SUBMITTED >> 3
const DROPPED_FULL = OFFSET_DROPPED_FULL >> 3
const DROPPED_TIMEOUT = OFFSET_DROPPED_TIMEOUT >> 3
const DROPPED_CLOSED = OFFSET_DROPPED_CLOSED >> 3
/** Index of the per-level counts of events that could not be encoded. */
export const DROPPED_ENCODE = OFFSET_DROPPED_ENCODE >> 3
const WORDS_PER_UNIT = 2
/** Room a record needs to be started at all, in words: markers and closing tokens must always fit. */
const MIN_ROOM_WORDS = 4096
/** What happens to an event for which the ring has no room. */
export type OverflowPolicy = 'drop-newest' | 'block'

/** What the producer needs from the native side. */
export interface RingHost {
  /** Wakes the consumer after it was found parked. */
  wake(): void
  /** Waits until `units` are free or the time is over; whether they are. Never runs JavaScript. */
  waitForSpace(units: number, timeoutMs: number): boolean
}

/** Bounds of a ring, all derived from settings. */
export interface RingOptions {
  readonly dataBytes: number
  readonly maxEventBytes: number
  readonly overflow: OverflowPolicy
  readonly blockTimeoutMs: number
  /** By index: whether events of a level may use the last eighth of the ring. */
  readonly protectedLevels: readonly boolean[]
}

/** Puts records into the ring. */
export class RingProducer {
  readonly words: Int32Array
  readonly bytes: Buffer
  readonly maxEventWords: number
  /** Word where the next record starts. */
  next: number
  /** As long as `next` is not beyond this word, a record of any level and size fits. */
  softLimit = -1

  /** Per-level counters in the region's header. */
  readonly counters: Float64Array
  private readonly dataStart: number
  private readonly capacity: number
  private readonly mask: number
  private readonly salt: number
  /** Whether plain accesses do: asked for again now and then, since the process may become ready for them late. */
  private light: boolean
  private readonly reserveUnits: number
  private readonly options: RingOptions
  private readonly host: RingHost
  private head = 0
  private contiguousEnd = 0
  private closed = false
  /** Whether the last event that is not protected found no room, and up to where the ring was free then. */
  private isFull = false
  private fullTail = 0

  constructor(memory: ArrayBufferLike, options: RingOptions, host: RingHost) {
    this.words = new Int32Array(memory)
    this.bytes = Buffer.from(memory as ArrayBuffer)
    this.counters = new Float64Array(memory, 0, HEADER_BYTES >> 3)
    this.options = options
    this.host = host
    this.dataStart = (HEADER_BYTES + DICTIONARY_BYTES) >> 2
    this.capacity = options.dataBytes >> 3
    this.mask = this.capacity - 1
    this.salt = this.words[OFFSET_SALT >> 2] as number
    this.light = this.words[OFFSET_LIGHT_PUBLISH >> 2] === 1
    this.reserveUnits = this.capacity >> 3
    this.maxEventWords = options.maxEventBytes >> 2
    this.next = this.dataStart
  }

  /** What the drain thread counts up while it is awake; 0 while it sleeps or waits for a sink. */
  tick(): number {
    return this.words[TICK] as number
  }

  /** Counts an event that found no room. */
  dropFull(level: number): void {
    ;(this.counters[DROPPED_FULL + level] as number)++
  }

  /** Counts an event that could not be encoded at all. */
  dropEncode(level: number): void {
    ;(this.counters[DROPPED_ENCODE + level] as number)++
  }

  /** Ends the ring: from now on every event is counted as dropped. */
  close(): void {
    this.closed = true
    this.softLimit = -1
  }

  /** First word that the record at `start` must not reach. */
  end(start: number): number {
    return start <= this.softLimit ? start + this.maxEventWords : this.contiguousEnd
  }

  /** Whether the record at `start` had room for the largest event. */
  roomy(start: number): boolean {
    return this.end(start) - start >= this.maxEventWords
  }

  /**
   * Finds room when the fast path cannot tell that there is some. Returns the word where the record starts,
   * or -1 when the event was dropped and counted.
   */
  reserve(level: number): number {
    if (this.isClosed()) return this.dropClosed(level)
    const isProtected = this.options.protectedLevels[level] === true
    const tail = this.words[TAIL] as number
    // As full as it was. In few steps, since V8 has not compiled this yet when a ring overflows for the first time.
    if (this.isFull && tail === this.fullTail && !isProtected) {
      this.dropFull(level)
      return -1
    }
    const block = this.options.overflow === 'block'
    const wanted = block
      ? this.maxEventWords
      : Math.min(MIN_ROOM_WORDS, this.reserveUnits * WORDS_PER_UNIT)
    const kept = isProtected ? 0 : this.reserveUnits
    if (this.room(kept, wanted)) {
      this.isFull = false
      return this.next
    }
    if (block) {
      const units = this.maxEventWords / WORDS_PER_UNIT
      // A record never straddles the end, so up to one event's size more may be needed for padding.
      const isFree = this.host.waitForSpace(
        Math.min(kept + 2 * units, this.capacity),
        this.options.blockTimeoutMs,
      )
      if (this.isClosed()) return this.dropClosed(level)
      if (isFree && this.room(kept, wanted)) return this.next
      ;(this.counters[DROPPED_TIMEOUT + level] as number)++
      return -1
    }
    if (!isProtected) {
      this.isFull = true
      this.fullTail = tail
    }
    this.dropFull(level)
    return -1
  }

  /** Whether the logger was closed here, or its pipeline by another thread. */
  private isClosed(): boolean {
    return this.closed || this.words[CLOSED] !== 0
  }

  private dropClosed(level: number): -1 {
    ;(this.counters[DROPPED_CLOSED + level] as number)++
    return -1
  }

  /** Puts a record that was encoded elsewhere into the ring, and counts it as a call at its level. */
  put(record: Int32Array, level: number): void {
    ;(this.counters[SUBMITTED + level] as number)++
    const start = this.next <= this.softLimit ? this.next : this.reserve(level)
    if (start < 0) return
    const end = start + record.length
    if (end > this.end(start)) {
      this.dropFull(level)
      return
    }
    this.words.set(record, start)
    this.publish(start, end)
  }

  /** Publishes the record between two words; `to - start` is even. */
  publish(start: number, to: number): void {
    const words = this.words
    const units = (to - start) >> 1
    words[start + WORD_UNITS] = units
    words[start + WORD_TAG] = this.head ^ this.salt
    const head = (this.head + units) | 0
    this.head = head
    this.next = to
    if (this.light) {
      // Two plain moves in this order: the consumer's barrier does the rest (crates/ring/src/barrier.rs).
      words[HEAD] = head
      if (words[PARKED] !== 0) this.wake()
    } else {
      Atomics.store(words, HEAD, head)
      if (Atomics.load(words, PARKED) !== 0) this.wake()
    }
  }

  /** Appends a string to the dictionary; its id, or 0 when there is no room. */
  intern(text: string): number {
    const length = Buffer.byteLength(text)
    const at = this.entry(length, length)
    if (at === 0) return 0
    this.bytes.utf8Write(text, at, length)
    return this.entered(length)
  }

  /** Appends the tokens of a scope to the dictionary; their id, or 0 when there is no room. */
  internWords(words: readonly number[]): number {
    const length = words.length * 4
    const at = this.entry(length, length | DICTIONARY_BINARY)
    if (at === 0) return 0
    for (let i = 0; i < words.length; i++) this.words[(at >> 2) + i] = words[i] as number
    return this.entered(length)
  }

  /** The string with this dictionary id; `''` when there is none. Walks the dictionary: not for the path of a call. */
  text(id: number): string {
    let at = HEADER_BYTES
    const end = at + (this.words[OFFSET_DICTIONARY_USED >> 2] as number)
    for (let known = 1; at < end; known++) {
      const length = (this.words[at >> 2] as number) & ~DICTIONARY_BINARY
      if (known === id) return this.bytes.toString('utf8', at + 4, at + 4 + length)
      at += 4 + ((length + 3) & ~3)
    }
    return ''
  }

  /** Starts a dictionary entry; the byte where its content goes, or 0. */
  private entry(length: number, word: number): number {
    const used = this.words[OFFSET_DICTIONARY_USED >> 2] as number
    const count = this.words[OFFSET_DICTIONARY_COUNT >> 2] as number
    if (used + 4 + length > DICTIONARY_BYTES || count + 1 >= MAX_DICTIONARY_ID) return 0
    const at = HEADER_BYTES + used
    this.words[at >> 2] = word
    return at + 4
  }

  /** Publishes the entry that was started; the head of the record that refers to it orders it. */
  private entered(length: number): number {
    const used = this.words[OFFSET_DICTIONARY_USED >> 2] as number
    const id = (this.words[OFFSET_DICTIONARY_COUNT >> 2] as number) + 1
    this.words[OFFSET_DICTIONARY_COUNT >> 2] = id
    Atomics.store(this.words, OFFSET_DICTIONARY_USED >> 2, used + 4 + ((length + 3) & ~3))
    return id
  }

  /** Looks for at least `wanted` contiguous words while `kept` units stay free; moves `next` if it must wrap. */
  private room(kept: number, wanted: number): boolean {
    const found = this.find(kept, wanted)
    const used = (this.head - Atomics.load(this.words, TAIL)) >>> 0
    const toHalf = (this.capacity >> 1) - used
    // A consumer that sleeps between two looks is told in good time; the way back here is taken once for half a ring.
    if (toHalf > 0) this.softLimit = Math.min(this.softLimit, this.next + toHalf * WORDS_PER_UNIT)
    else if (found) this.host.wake()
    return found
  }

  private find(kept: number, wanted: number): boolean {
    this.light = this.words[OFFSET_LIGHT_PUBLISH >> 2] === 1
    const max = this.maxEventWords
    const tail = Atomics.load(this.words, TAIL)
    const used = (this.head - tail) >>> 0
    const index = this.head & this.mask
    const toEnd = this.capacity - index
    // A record that ended exactly at the end of the data area leaves `next` beyond it.
    this.next = this.dataStart + index * WORDS_PER_UNIT
    const available = this.capacity - used - kept
    const here = Math.min(available, toEnd) * WORDS_PER_UNIT
    if (here >= max) {
      this.softLimit = this.reserveSafeLimit(here, kept)
      this.contiguousEnd = this.next + here
      return true
    }
    const wrapped = (available - toEnd) * WORDS_PER_UNIT
    if (toEnd * WORDS_PER_UNIT < max && wrapped >= wanted && wrapped > here) {
      this.wrap(toEnd)
      this.softLimit = wrapped >= max ? this.reserveSafeLimit(wrapped, kept) : -1
      this.contiguousEnd = this.next + wrapped
      return true
    }
    this.softLimit = -1
    this.contiguousEnd = this.next + here
    return here >= wanted
  }

  /** The last start for which the fast path holds for events of every level. */
  private reserveSafeLimit(words: number, kept: number): number {
    const reserve = kept === 0 ? this.reserveUnits * WORDS_PER_UNIT : 0
    const limit = this.next + words - reserve - this.maxEventWords
    return limit >= this.next ? limit : -1
  }

  private wrap(units: number): void {
    this.words[this.next + WORD_UNITS] = units | PAD_FLAG
    this.words[this.next + WORD_TAG] = this.head ^ this.salt
    this.head = (this.head + units) | 0
    this.next = this.dataStart
  }

  private wake(): void {
    this.light = Atomics.load(this.words, OFFSET_LIGHT_PUBLISH >> 2) === 1
    // Whoever swaps the flag back wakes; a spurious wake-up would do no harm.
    if (Atomics.exchange(this.words, PARKED, 0) !== 0) this.host.wake()
  }
}

/** Ids travel in 24 bits of a token word, of which the last value is reserved. */
const MAX_DICTIONARY_ID = 0xfffffe
