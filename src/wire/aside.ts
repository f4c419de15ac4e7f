// Encoding beside the ring: the fields of a scope, and events that are logged while another one is being encoded
// (by a getter or a toJSON), which are written behind it.

import type { RingProducer } from '../ring/producer.js'
import { MARGIN_WORDS } from './strings.js'
import type { Writer } from './writer.js'

/** Events written while another is being encoded, at most. */
const MAX_DEFERRED_DEPTH = 8
/** Words of a scratch buffer beyond the largest event. */
const SPARE_WORDS = 2 * MARGIN_WORDS

/** Where a writer writes, and what it knows about the record there. */
export interface Target {
  words: Int32Array
  bytes: Buffer
  pos: number
  end: number
  flags: number
  truncated: boolean
  unwrapped: object | undefined
}

/** The scratch buffers of one writer, and the events that wait in line. */
export class Aside {
  private readonly ring: RingProducer
  private scratch: { words: Int32Array; bytes: Buffer } | undefined
  private users = 0
  private depth = 0
  private waiting: { words: number[]; level: number }[] = []

  constructor(ring: RingProducer) {
    this.ring = ring
  }

  /** Whether events wait to be written. */
  get isWaiting(): boolean {
    return this.waiting.length !== 0
  }

  /** Lets the writer write into a scratch buffer until `restore` is called with what this returns. */
  redirect(writer: Writer): Target {
    const { words, bytes, pos, end, flags, truncated, unwrapped } = writer
    const { maxEventWords } = this.ring
    let scratch = this.scratch
    if (scratch === undefined || this.users > 0) {
      const fresh = new Int32Array(maxEventWords + SPARE_WORDS)
      scratch = { words: fresh, bytes: Buffer.from(fresh.buffer) }
      this.scratch ??= scratch
    }
    this.users++
    writer.words = scratch.words
    writer.bytes = scratch.bytes
    writer.pos = 0
    writer.end = maxEventWords - MARGIN_WORDS
    writer.flags = 0
    writer.truncated = false
    writer.unwrapped = undefined
    return { words, bytes, pos, end, flags, truncated, unwrapped }
  }

  /** Lets the writer go on where it was. */
  restore(writer: Writer, target: Target): void {
    this.users--
    // One by one: `Object.assign` takes longer than encoding a few fields.
    writer.words = target.words
    writer.bytes = target.bytes
    writer.pos = target.pos
    writer.end = target.end
    writer.flags = target.flags
    writer.truncated = target.truncated
    writer.unwrapped = target.unwrapped
  }

  /** Encodes an event aside, by `write`, which returns its length in words. */
  defer(writer: Writer, level: number, write: () => number): void {
    if (this.depth >= MAX_DEFERRED_DEPTH) {
      this.ring.dropEncode(level)
      return
    }
    this.depth++
    const target = this.redirect(writer)
    try {
      const length = write()
      this.waiting.push({ words: Array.from(writer.words.subarray(0, length)), level })
    } catch {
      this.ring.dropEncode(level)
    } finally {
      this.restore(writer, target)
      this.depth--
    }
  }

  /** Writes the events that wait into the ring. */
  write(): void {
    const { ring, waiting } = this
    this.waiting = []
    for (const { words, level } of waiting) {
      const start = ring.next <= ring.softLimit ? ring.next : ring.reserve(level)
      if (start < 0) continue
      if (start + words.length > ring.end(start)) {
        ring.dropFull(level)
        continue
      }
      ring.words.set(words, start)
      ring.publish(start, start + words.length)
    }
  }
}
