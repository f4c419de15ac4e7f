// Writes one event's raw values into the ring. This is the hot path: no allocation, no system call, no
// Node-API call per event in steady state. It knows JavaScript values and nothing of formats.
//
// Positions are indexes of 32-bit words in the shared region. A record is written in place behind the head
// and becomes visible only when `RingProducer.publish` moves the head, so an event that fails half-way was
// never there.

import { DROPPED_ENCODE, type RingProducer, SUBMITTED } from '../ring/producer.js'
import { Aside } from './aside.js'
import { Clock } from './clock.js'
import { writeValue } from './containers.js'
import { describeThrow } from './exotic.js'
import * as L from './layout.js'
import { MAX_INTERNED } from './repeats.js'
import { internKeys } from './scope.js'
import { ERROR_KEY, KEY_SHIFT, Keys, Shapes } from './shapes.js'
import { copyString, MARGIN_WORDS, SHORT_STRING, writeShortString, writeText } from './strings.js'
import { Writer } from './writer.js'

/** Events after which the fields of a scope are referred to instead of copied: it belongs to something lasting. */
const USES_BEFORE_INTERNING = 64

/** Fields that a scope (child logger) puts into every event, already encoded. */
export interface EncodedScope {
  /** Token words, ready to be copied. */
  words: readonly number[]
  /** Record flags that the fields raise. */
  readonly flags: number
  /** Token that refers to the words in the dictionary; made when the scope turns out to be used a lot. */
  token: number
  uses: number
}

/** What surrounds a log call and adds scopes of its own to each event (see src/context/). */
export interface Ambient {
  /** Adds them with `addScope`; must not throw. */
  addTo(encoder: Encoder): void
}

/** Encodes values of one JavaScript thread into one ring. */
export class Encoder extends Writer {
  /** What adds fields to every event; undefined as long as nothing does. */
  ambient: Ambient | undefined = undefined
  /** Where the time of events is read; tests put another one here. */
  clock = new Clock()

  private predicting: Shapes
  private strict: Shapes
  private readonly keys: Keys
  private readonly aside: Aside
  private busy = false

  /**
   * @param ring - where events go
   * @param mask - what is written instead of the value of a key of this name; undefined when the value is. Asked
   *   once per key
   */
  constructor(ring: RingProducer, mask: (name: string) => string | undefined) {
    const keys = new Keys(mask)
    const predicting = new Shapes(keys, false)
    super(ring, predicting)
    this.keys = keys
    this.predicting = predicting
    this.strict = new Shapes(keys, true)
    this.aside = new Aside(ring)
  }

  /**
   * Writes one event. Never throws.
   *
   * @param level - index in the level table
   * @param logger - dictionary id of the logger's name, or 0
   * @param scope - fields of the child loggers, or undefined
   * @param message - the message; undefined when the call has none
   * @param plain - the call's fields when the caller has found them to be a plain object
   * @param fields - the call's fields otherwise: anything
   * @param error - the call's error, when it was passed on its own
   * @param args - arguments of the call that have no other place
   */
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
    const { ring } = this
    if (this.busy) {
      this.nestedEvent(level, logger, scope, message, plain, fields, error, args)
      return
    }
    this.busy = true
    try {
      ;(ring.counters[SUBMITTED + level] as number)++
      const start = ring.next <= ring.softLimit ? ring.next : ring.reserve(level)
      if (start < 0) return
      this.end = ring.end(start) - MARGIN_WORDS
      const to = this.record(start, level, logger, scope, message, plain, fields, error, args)
      if (this.truncated && !ring.roomy(start)) {
        // Not the event but the ring was too small for it just now.
        ring.dropFull(level)
        return
      }
      ring.publish(start, to)
    } catch {
      // Without a call: the stack may be exhausted.
      ;(ring.counters[DROPPED_ENCODE + level] as number)++
    } finally {
      this.busy = false
      if (this.aside.isWaiting) this.aside.write()
    }
  }

  /** A getter or toJSON that logs: its event is encoded aside and written after the one in progress. */
  private nestedEvent(
    level: number,
    logger: number,
    scope: EncodedScope | undefined,
    message: unknown,
    plain: object | undefined,
    fields: unknown,
    error: unknown,
    args: readonly unknown[] | undefined,
  ): void {
    ;(this.ring.counters[SUBMITTED + level] as number)++
    this.aside.defer(this, level, () =>
      this.record(0, level, logger, scope, message, plain, fields, error, args),
    )
  }

  /** Encodes an event for `take` instead of the ring; the words are its only until it returns. Never throws. */
  encodeAside(
    take: (words: Int32Array, length: number) => void,
    level: number,
    logger: number,
    scope: EncodedScope | undefined,
    message: unknown,
    plain: object | undefined,
    fields: unknown,
    error: unknown,
    args: readonly unknown[] | undefined,
  ): void {
    const target = this.aside.redirect(this)
    const outermost = !this.busy
    this.busy = true
    try {
      const length = this.record(0, level, logger, scope, message, plain, fields, error, args)
      take(this.words, length)
    } catch {
      // It was not asked for at this level; nothing is lost that was promised.
    } finally {
      this.aside.restore(this, target)
      if (outermost) {
        this.busy = false
        if (this.aside.isWaiting) this.aside.write()
      }
    }
  }

  /**
   * Encodes the fields of a scope on top of its parent's.
   *
   * @param lasting - false for a scope that ends soon (a request): it is never moved to the dictionary, which
   *   forgets nothing
   */
  scope(parent: EncodedScope | undefined, fields: unknown, lasting = true): EncodedScope {
    let words: readonly number[] = parent === undefined ? [] : parent.words
    let flags = L.FLAG_SCOPED | (parent === undefined ? 0 : parent.flags)
    const target = this.aside.redirect(this)
    const outermost = !this.busy
    this.busy = true
    try {
      this.fields(fields)
      words = joined(words, this.words, this.pos)
      flags |= this.flags
      if (this.truncated) flags |= L.FLAG_TRUNCATED
    } catch {
      // Nothing of these fields can be kept; the parent's still are.
    } finally {
      this.aside.restore(this, target)
      if (outermost) {
        this.busy = false
        if (this.aside.isWaiting) this.aside.write()
      }
    }
    return { words, flags, token: 0, uses: lasting ? 0 : USES_BEFORE_INTERNING }
  }

  /** Masks other keys from now on, in place of those that `mask` named before: also keys and positions that are known. */
  withhold(mask: (name: string) => string | undefined): void {
    this.keys.remask(mask)
    this.predicting = new Shapes(this.keys, false)
    this.strict = new Shapes(this.keys, true)
    this.shapes = isPolluted() ? this.strict : this.predicting
    // Fields of a child that is made before the next event start here.
    this.root = this.shapes.root
    this.repeats.forgetShapes()
  }

  /** Interns a string that will be referred to often (a logger's name); 0 when the dictionary is full. */
  intern(text: string): number {
    return this.repeats.intern(text)
  }

  /** Writes the record at `start`; the word behind it, an even number of words away. */
  private record(
    start: number,
    level: number,
    logger: number,
    scope: EncodedScope | undefined,
    message: unknown,
    plain: object | undefined,
    fields: unknown,
    error: unknown,
    args: readonly unknown[] | undefined,
  ): number {
    this.flags = this.origin
    this.truncated = false
    const tick = this.ring.tick()
    if (this.clock.isStale(tick)) {
      this.clock.refresh(tick)
      // As good a moment as any for what must be noticed soon but not at every event.
      this.shapes = isPolluted() ? this.strict : this.predicting
    }
    const { low, high } = this.clock
    this.root = this.shapes.root
    let pos = start + L.RECORD_HEADER_WORDS
    const { words } = this
    if (typeof message === 'string') pos = this.message(message, pos)
    else if (message !== undefined) pos = this.oddMessage(message, pos)
    else words[pos++] = L.TAG_UNDEFINED
    // The fields of what is nearer come later, and the last of a name counts.
    if (this.ambient !== undefined) {
      this.pos = pos
      this.ambient.addTo(this)
      pos = this.pos
    }
    if (scope !== undefined) pos = this.copyScope(scope, pos)
    if (plain !== undefined && error === undefined && args === undefined) {
      pos = this.plainFields(plain, pos)
    } else if (
      error !== undefined ||
      fields !== undefined ||
      plain !== undefined ||
      args !== undefined
    ) {
      pos = this.oddFields(plain ?? fields, error, args, pos)
    }
    if (((pos - start) & 1) === 1) words[pos++] = L.TAG_END
    if (this.truncated) this.flags |= L.FLAG_TRUNCATED
    words[start + L.WORD_KIND] = L.KIND_EVENT | (level << 8) | (this.flags << 16)
    words[start + L.WORD_LOGGER] = logger
    words[start + L.WORD_TIME] = low
    words[start + L.WORD_TIME + 1] = high
    return pos
  }

  /** Writes the message. Calls with the same message log the same shapes, so it also chooses the prediction. */
  private message(text: string, pos: number): number {
    const { length } = text
    if (length > 0 && length <= MAX_INTERNED && this.repeats.open) {
      const known = this.repeats.message(text, length)
      if (known !== undefined) {
        const { words } = this
        words[pos] = L.TAG_STRING_REF
        words[pos + 1] = known.id
        if (!this.shapes.strict) {
          known.root ??= this.shapes.start(true)
          this.root = known.root
        }
        return pos + 2
      }
    }
    return length > SHORT_STRING
      ? copyString(this, 0, text, length, pos)
      : writeShortString(this, 0, text, length, pos)
  }

  /** Writes a message that is not a string; objects as the text they make. */
  private oddMessage(message: unknown, pos: number): number {
    const { anonymous } = this.shapes
    try {
      const isText = typeof message === 'object' && message !== null
      const value =
        isText || typeof message === 'function' || typeof message === 'symbol'
          ? String(message)
          : message
      return writeValue(this, 0, value, 'message', anonymous, undefined, pos)
    } catch (thrown) {
      return writeText(this, L.TAG_MARKER, 0, describeThrow(thrown), pos)
    }
  }

  /** Adds the fields of a scope to the record that is being written. */
  addScope(scope: EncodedScope): void {
    this.pos = this.copyScope(scope, this.pos)
  }

  private copyScope(scope: EncodedScope, start: number): number {
    const { words } = this
    this.flags |= scope.flags
    if (scope.token !== 0) {
      words[start] = scope.token
      return start + 1
    }
    const from = scope.words
    const count = from.length
    if (++scope.uses === USES_BEFORE_INTERNING && count > 1) {
      // Only events whose keys are interned are formatted in one pass.
      scope.words = internKeys(this, from)
      const id = this.ring.internWords(scope.words)
      if (id !== 0) scope.token = L.TAG_SCOPE | (id << KEY_SHIFT)
    }
    if (start + count > this.end) {
      this.endEarly()
      return start
    }
    for (let i = 0; i < count; i++) words[start + i] = from[i] as number
    return start + count
  }

  /** Writes the parts of a call that are not just a plain object. */
  private oddFields(
    fields: unknown,
    error: unknown,
    args: readonly unknown[] | undefined,
    start: number,
  ): number {
    this.pos = start
    if (error !== undefined) {
      this.field(ERROR_KEY, error)
      // The call's fields may name an error too; then the later one wins.
      if (fields !== undefined) this.flags |= L.FLAG_SCOPED
    }
    if (fields !== undefined) this.fields(fields)
    if (args !== undefined) {
      this.field('args', args)
      this.flags |= L.FLAG_SCOPED
    }
    return this.pos
  }
}

/** The words of a scope and more behind them, in an array that is made at its full length. */
function joined(words: readonly number[], more: Int32Array, count: number): readonly number[] {
  const before = words.length
  const all = new Array<number>(before + count)
  for (let i = 0; i < before; i++) all[i] = words[i] as number
  for (let i = 0; i < count; i++) all[before + i] = more[i] as number
  return all
}

const EMPTY = {}

function isPolluted(): boolean {
  for (const _key in EMPTY) return true
  return false
}
