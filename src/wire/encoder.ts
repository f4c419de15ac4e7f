// Writes one event's raw values into the ring. This is the hot path: no allocation, no system call, no
// Node-API call per event in steady state. It knows JavaScript values and nothing of formats.
//
// Positions are indexes of 32-bit words in the shared region. A record is written in place behind the head
// and becomes visible only when `RingProducer.publish` moves the head, so an event that fails half-way was
// never there.

import { DROPPED_ENCODE, type RingProducer, SUBMITTED } from '../ring/producer.js'
import { describeThrow, writeExotic, writeExoticFields } from './exotic.js'
import * as L from './layout.js'
import { ERROR_KEY, type KeyInfo, type Shape, Shapes } from './shapes.js'

/** Containers nested deeper than this become a marker. */
export const MAX_DEPTH = 64
/** Words kept back in every record for markers and closing tokens. */
const MARGIN_WORDS = 1024
/**
 * Strings up to this length are written character by character; longer ones by one native copy, which V8 can
 * call directly since Node 22 (6 ns there, 36 ns on Node 20).
 */
const SHORT_STRING = Number.parseInt(process.versions.node, 10) >= 22 ? 16 : 40
/** Longer strings are not interned as values. */
const MAX_INTERNED = 512
/** Markers, digits and names are cut at this many characters. */
const MAX_TEXT = 4096
/** Slots of the table that finds repeated messages. */
const REPEAT_SLOTS = 2048
/** A string is interned when it was seen this often in its slot. */
const REPEATS_BEFORE_INTERNING = 3
/** Strings for which a position stops looking for repeats once they did not repeat. */
const RETRY_AFTER = 2048
/** Long strings that are remembered while it is open whether they repeat. */
const MAX_CANDIDATES = 1024
/** Upper bound of a position's credit. */
const MAX_CREDIT = 512
/** Misses allowed when it looks again. */
const SECOND_CHANCE = 128
/** Events after which the fields of a scope are referred to instead of copied: it belongs to something lasting. */
const USES_BEFORE_INTERNING = 64
/** Events that share one reading of the clock, at most. */
const TIME_REUSE = 64
/** Events written while another is being encoded (a getter that logs), at most. */
const MAX_NESTED = 8

const now = Date.now
/**
 * `charCodeAt` without looking it up on each string: V8 has a dozen kinds of strings, and a property access that
 * has seen more than four of them is a call.
 */
const charCodeAt: (text: string, index: number) => number = Function.prototype.call.bind(
  String.prototype.charCodeAt,
)
const KEY_SHIFT = 8
const WITHHELD = '[REDACTED]'

/** Fields that a scope (child logger) puts into every event, already encoded. */
export interface EncodedScope {
  /** Token words, ready to be copied. */
  readonly words: readonly number[]
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

type ToJson = (this: object, key: string) => unknown

interface Target {
  unwrapped: object | undefined
  words: Int32Array
  bytes: Buffer
  pos: number
  end: number
  flags: number
  truncated: boolean
}

/**
 * A container that is being written, and those around it. Made only when a container has another one in it; a
 * short-lived object is cheaper than a store into a long-lived array, which the garbage collector must be told of.
 */
export class Frame {
  readonly depth: number

  constructor(
    readonly container: object,
    /** Key of the container in the one around it; `$` at the top. */
    readonly key: string | number,
    readonly up: Frame | undefined,
  ) {
    this.depth = up === undefined ? 1 : up.depth + 1
  }

  /** Where the container stands, as in `$.a.b[0]`. */
  path(): string {
    const outer = this.up === undefined ? '$' : this.up.path()
    if (this.key === '$') return outer
    return typeof this.key === 'number' ? `${outer}[${this.key}]` : `${outer}.${this.key}`
  }
}

/** Encodes values of one JavaScript thread into one ring. */
export class Encoder {
  readonly ring: RingProducer
  readonly shapes: Shapes
  /** Words of the region (or of the scratch buffer while a scope is encoded). */
  words: Int32Array
  bytes: Buffer
  /** Next word to write. */
  pos = 0
  /** First word that the record must not reach. */
  end = 0
  flags = 0
  /** A value did not fit: nothing more is written into this record. */
  truncated = false
  /** What adds fields to every event; undefined as long as nothing does. */
  ambient: Ambient | undefined = undefined

  /** What a toJSON returned, and the object whose toJSON must not be called again. */
  private replacement: unknown = undefined
  unwrapped: object | undefined = undefined

  /** Object.prototype has enumerable properties: for-in sees keys that are not the object's. */
  private polluted = false
  private lastTick = 0
  private timeUses = 0
  private lastTime = 0
  private busy = false
  private nested = 0
  private deferred: { words: number[]; level: number }[] = []
  private scratch: { words: Int32Array; bytes: Buffer } | undefined
  private scratchUsers = 0
  private readonly double = new Float64Array(1)
  private readonly doubleWords: Int32Array
  private readonly repeated: string[] = new Array(REPEAT_SLOTS).fill('')
  /** Predictions for the fields of calls with an interned message. */
  private readonly repeatedRoot: (Shape | undefined)[] = new Array(REPEAT_SLOTS).fill(undefined)
  private repeatSlot = 0
  private root: Shape
  private readonly repeatedId = new Int32Array(REPEAT_SLOTS)
  private readonly repeatedCount = new Int32Array(REPEAT_SLOTS)
  /** Long strings seen lately, with how often. */
  private readonly candidates = new Map<string, { id: number; count: number }>()
  private readonly internedValues = new Map<string, number>()
  private interning = true

  constructor(ring: RingProducer, withheld: (name: string) => boolean) {
    this.ring = ring
    this.shapes = new Shapes(withheld)
    this.root = this.shapes.root
    this.words = ring.words
    this.bytes = ring.bytes
    this.doubleWords = new Int32Array(this.double.buffer)
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
    if (this.busy) {
      this.nestedEvent(level, logger, scope, message, plain ?? fields, error, args)
      return
    }
    const ring = this.ring
    this.busy = true
    try {
      ;(ring.counters[SUBMITTED + level] as number)++
      const start = ring.next <= ring.softLimit ? ring.next : ring.reserve(level)
      if (start < 0) return
      this.end = ring.end(start) - MARGIN_WORDS
      this.record(start, level, logger, scope, message, plain, fields, error, args)
      if (this.truncated && !ring.roomy(start)) {
        // Not the event but the ring was too small for it just now.
        ring.dropFull(level)
        return
      }
      ring.publish(start, this.pos)
    } catch {
      // Without a call: the stack may be exhausted.
      ;(ring.counters[DROPPED_ENCODE + level] as number)++
    } finally {
      this.busy = false
      if (this.deferred.length !== 0) this.writeDeferred()
    }
  }

  /**
   * Encodes the fields of a scope on top of its parent's.
   *
   * @param lasting - false for a scope that ends soon (a request): it is never moved to the dictionary, which
   *   forgets nothing
   */
  scope(parent: EncodedScope | undefined, fields: unknown, lasting = true): EncodedScope {
    const words: number[] = []
    let flags = L.FLAG_SCOPED
    if (parent !== undefined) {
      flags |= parent.flags
      for (let i = 0; i < parent.words.length; i++) words.push(parent.words[i] as number)
    }
    const saved = this.useScratch()
    const outermost = !this.busy
    this.busy = true
    try {
      this.fields(fields)
      const scratch = this.words
      for (let i = 0; i < this.pos; i++) words.push(scratch[i] as number)
      flags |= this.flags
      if (this.truncated) flags |= L.FLAG_TRUNCATED
    } catch {
      // Nothing of these fields can be kept; the parent's still are.
    } finally {
      this.restore(saved)
      if (outermost) {
        this.busy = false
        if (this.deferred.length !== 0) this.writeDeferred()
      }
    }
    return { words, flags, token: 0, uses: lasting ? 0 : USES_BEFORE_INTERNING }
  }

  /** Interns a string that will be referred to often (a logger's name); 0 when the dictionary is full. */
  intern(text: string): number {
    const known = this.internedValues.get(text)
    if (known !== undefined) return known
    const id = this.ring.intern(text)
    if (id === 0) {
      this.interning = false
    } else {
      this.internedValues.set(text, id)
    }
    return id
  }

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
  ): void {
    const at = this.time()
    this.pos = start + L.RECORD_HEADER_WORDS
    this.flags = 0
    this.truncated = false
    if (typeof message === 'string') this.messageText(message)
    else this.message(message)
    // The fields of what is nearer come later, and the last of a name counts.
    if (this.ambient !== undefined) this.ambient.addTo(this)
    if (scope !== undefined) this.addScope(scope)
    if (error !== undefined) {
      this.field(ERROR_KEY, error)
      // The call's fields may name an error too; then the later one wins.
      if (plain !== undefined || fields !== undefined) this.flags |= L.FLAG_SCOPED
    }
    if (plain !== undefined) this.plainFields(plain)
    else if (fields !== undefined) this.fields(fields)
    if (args !== undefined) {
      this.field('args', args)
      this.flags |= L.FLAG_SCOPED
    }
    const words = this.words
    let pos = this.pos
    if (((pos - start) & 1) === 1) {
      words[pos++] = L.TAG_END
      this.pos = pos
    }
    if (this.truncated) this.flags |= L.FLAG_TRUNCATED
    words[start + L.WORD_KIND] = L.KIND_EVENT | (level << 8) | (this.flags << 16)
    words[start + L.WORD_LOGGER] = logger
    this.double[0] = at
    const time = this.doubleWords
    words[start + L.WORD_TIME] = time[0] as number
    words[start + L.WORD_TIME + 1] = time[1] as number
  }

  /**
   * The time of the event. `Date.now()` costs as much as everything else of a short event, so its value is
   * used again for a few events: as long as the drain thread, which counts ticks twice a millisecond while it
   * is awake, has not counted one, and at most `TIME_REUSE` times.
   */
  private time(): number {
    const tick = this.ring.tick()
    if (tick === 0 || tick !== this.lastTick || ++this.timeUses > TIME_REUSE) {
      this.lastTick = tick
      this.timeUses = 0
      this.lastTime = now()
      // As good a moment as any for what must be noticed soon but not at every event.
      this.polluted = isPolluted()
    }
    return this.lastTime
  }

  /** Adds the fields of a scope to the record that is being written. */
  addScope(scope: EncodedScope): void {
    if (scope.token !== 0) {
      this.words[this.pos++] = scope.token
      this.flags |= scope.flags
      return
    }
    const from = scope.words
    const count = from.length
    if (++scope.uses === USES_BEFORE_INTERNING && count > 1) {
      const id = this.ring.internWords(from)
      if (id !== 0) scope.token = L.TAG_SCOPE | (id << KEY_SHIFT)
    }
    let pos = this.pos
    if (pos + count > this.end) {
      this.endEarly()
      return
    }
    const words = this.words
    for (let i = 0; i < count; i++) words[pos++] = from[i] as number
    this.pos = pos
    this.flags |= scope.flags
  }

  /** Fields that the caller has found to be a plain object. */
  private plainFields(fields: object): void {
    const start = this.pos
    try {
      const replaced = this.entries(
        fields as Record<string, unknown>,
        this.root,
        true,
        '$',
        undefined,
      )
      if (replaced) {
        this.pos = start
        const result = this.replacement
        this.unwrapped = result as object
        this.fields(result)
        this.unwrapped = undefined
      }
    } catch (thrown) {
      this.unreadable(start, thrown)
    }
  }

  /** Top-level fields: the entries of an object, or one entry that holds what is not an object. */
  fields(fields: unknown): void {
    if (typeof fields !== 'object' || fields === null) {
      if (fields !== undefined) this.field('value', fields)
      return
    }
    const start = this.pos
    let plain: boolean
    try {
      plain = (fields as { constructor?: unknown }).constructor === Object
    } catch (thrown) {
      this.unreadable(start, thrown)
      return
    }
    if (plain) this.plainFields(fields)
    else writeExoticFields(this, fields)
  }

  private unreadable(start: number, thrown: unknown): void {
    this.pos = start
    this.unwrapped = undefined
    this.marker(this.shapes.key('fields'), describeThrow(thrown))
  }

  /** Writes one top-level field by name; what it throws becomes a marker. */
  field(name: string, value: unknown): void {
    const info = this.shapes.key(name)
    const start = this.pos
    this.flags |= info.flag
    if (info.withheld) {
      this.marker(info, WITHHELD)
      return
    }
    try {
      this.entry(info, value, undefined)
    } catch (thrown) {
      this.pos = start
      this.marker(info, describeThrow(thrown))
    }
  }

  /** Writes the entries of an object; true when a toJSON's result is to be written instead. */
  entries(
    given: Record<string, unknown>,
    start: Shape,
    top: boolean,
    name: string | number,
    up: Frame | undefined,
  ): boolean {
    let frame: Frame | undefined
    const object = this.polluted ? ownCopy(given) : given
    const { words, shapes } = this
    let shape = start
    let pos = this.pos
    let flags = 0
    for (const key in object) {
      let node = shape.next
      if (node.key !== key) node = shapes.follow(shape, key, object)
      shape = node
      const before = pos
      try {
        const { token } = node
        if (token === 0) {
          this.pos = pos
          frame ??= new Frame(given, name, up)
          if (this.uncommon(object, key, node, given, frame)) return true
          pos = this.pos
        } else {
          const value = object[key]
          if (typeof value === 'string') {
            if (node.patience > 0 && this.constant(node, value)) {
              words[pos] = L.TAG_STRING_REF | token
              words[pos + 1] = node.textId
              pos += 2
            } else {
              const { length } = value
              this.pos = pos
              if (length > SHORT_STRING) this.longString(token, value, length, node)
              else this.shortString(token, value, length)
              pos = this.pos
            }
          } else if (typeof value === 'number') {
            if ((value | 0) === value) {
              words[pos] = L.TAG_INT32 | token
              words[pos + 1] = value
              pos += 2
            } else {
              const double = this.doubleWords
              this.double[0] = value
              words[pos] = L.TAG_FLOAT64 | token
              words[pos + 1] = double[0] as number
              words[pos + 2] = double[1] as number
              pos += 3
            }
          } else if (typeof value === 'boolean') {
            words[pos++] = (value ? L.TAG_TRUE : L.TAG_FALSE) | token
          } else if (value === undefined) {
            continue
          } else if (value === null) {
            words[pos++] = L.TAG_NULL | token
          } else {
            this.pos = pos
            frame ??= new Frame(given, name, up)
            if (typeof value === 'object') {
              const made = (value as { constructor?: unknown }).constructor
              if (made === Object) this.plain(token, value, key, node, frame)
              else if (made === Array && Array.isArray(value))
                this.array(token, value, key, node, frame)
              else writeExotic(this, value, token, key, frame)
            } else {
              this.other(token, value, key, node, frame)
            }
            pos = this.pos
          }
        }
        flags |= node.flag
      } catch (thrown) {
        // A toJSON that throws speaks for the whole object.
        if (node.toJson) throw thrown
        this.pos = before
        this.marker(node.info, describeThrow(thrown))
        flags |= node.flag
        pos = this.pos
      }
      // `end` is 0 once something was cut.
      if (pos > this.end) {
        this.pos = pos
        if (!this.truncated) this.cut(node.info, before)
        break
      }
    }
    if (!this.truncated) this.pos = pos
    if (top) this.flags |= flags
    return false
  }

  /** Whether the string at this place is a constant: the same several times, and interned since then. */
  private constant(node: Shape, text: string): boolean {
    if (text === node.text) {
      if (node.textId !== 0) return true
      if (++node.repeats >= REPEATS_BEFORE_INTERNING) {
        if (text.length <= MAX_INTERNED && this.interning) node.textId = this.intern(text)
        else node.patience = 0
      }
      return false
    }
    node.text = text
    node.textId = 0
    node.repeats = 0
    node.patience--
    return false
  }

  /** A key that is not interned yet or needs care; true when it is a toJSON that must be called. */
  private uncommon(
    object: Record<string, unknown>,
    key: string,
    node: Shape,
    given: object,
    up: Frame,
  ): boolean {
    const { info } = node
    if (node.inherited) return false
    if (node.toJson) {
      const value = object[key]
      if (typeof value === 'function') return this.replaced(given, value as ToJson)
      if (value !== undefined) this.inline(info, value, node, up)
      return false
    }
    if (info.withheld) {
      this.marker(info, WITHHELD)
      return false
    }
    const value = object[key]
    if (value === undefined) return false
    if (info.token === 0) {
      this.inline(info, value, node, up)
    } else {
      this.value(info.token, value, key, node, up)
    }
    node.refresh()
    return false
  }

  /**
   * Calls the toJSON that was met among the entries of `object`, unless it was called for it already. True when
   * what it returned is to be written in the object's place; one that returns the object changes nothing.
   */
  private replaced(object: object, toJson: ToJson): boolean {
    if (this.unwrapped === object) return false
    const result: unknown = toJson.call(object, '')
    if (result === object) return false
    this.replacement = result
    return true
  }

  /** Writes a value under a key, from outside the fast path. */
  entry(info: KeyInfo, value: unknown, up: Frame | undefined): void {
    if (this.truncated) return
    const start = this.pos
    const token = info.token
    if (token === 0) this.inline(info, value, this.shapes.anonymous, up)
    else this.value(token, value, info.name, this.shapes.anonymous, up)
    if (this.pos > this.end && !this.truncated) this.cut(info, start)
  }

  /** Writes a value under a name, with a mask in its place when the name is withheld. */
  keyed(name: string, value: unknown, up: Frame | undefined): void {
    const info = this.shapes.key(name)
    if (info.withheld) this.marker(info, WITHHELD)
    else this.entry(info, value, up)
  }

  /** Writes an array element. */
  element(value: unknown, index: number, up: Frame): void {
    if (this.truncated) return
    const start = this.pos
    try {
      this.value(0, value, index, this.shapes.anonymous, up)
    } catch (thrown) {
      this.pos = start
      this.text(L.TAG_MARKER, 0, describeThrow(thrown))
    }
    if (this.pos > this.end && !this.truncated) this.cutElement(start)
  }

  /** Nothing more is written into this record; an `end` of 0 tells every loop so. */
  private endEarly(): void {
    this.truncated = true
    this.end = 0
  }

  private cutElement(start: number): void {
    this.pos = start
    this.text(L.TAG_MARKER, 0, '[Truncated]')
    this.endEarly()
  }

  /** Writes any value after a key token (0 for none). `key` is for the path of circular references. */
  value(
    token: number,
    value: unknown,
    key: string | number,
    node: Shape,
    up: Frame | undefined,
  ): void {
    if (typeof value === 'string') this.string(token, value, node)
    else if (typeof value === 'number') this.number(token, value)
    else if (typeof value === 'boolean')
      this.words[this.pos++] = (value ? L.TAG_TRUE : L.TAG_FALSE) | token
    else this.other(token, value, key, node, up)
  }

  private number(token: number, value: number): void {
    const words = this.words
    const pos = this.pos
    if ((value | 0) === value) {
      words[pos] = L.TAG_INT32 | token
      words[pos + 1] = value
      this.pos = pos + 2
    } else {
      this.float(L.TAG_FLOAT64, token, value)
    }
  }

  /** Writes a double under `TAG_FLOAT64` or `TAG_DATE`. */
  float(tag: number, token: number, value: number): void {
    const words = this.words
    const pos = this.pos
    const float = this.doubleWords
    this.double[0] = value
    words[pos] = tag | token
    words[pos + 1] = float[0] as number
    words[pos + 2] = float[1] as number
    this.pos = pos + 3
  }

  private other(
    token: number,
    value: unknown,
    key: string | number,
    node: Shape,
    up: Frame | undefined,
  ): void {
    if (typeof value === 'object') {
      if (value === null) {
        this.words[this.pos++] = L.TAG_NULL | token
        return
      }
      // The cheapest test that tells plain objects and arrays: a lookup that inline caches serve, where
      // Object.getPrototypeOf is a call into the runtime.
      const made = (value as { constructor?: unknown }).constructor
      if (made === Object) {
        this.plain(token, value, key, node, up)
      } else if (made === Array && Array.isArray(value)) {
        this.array(token, value, key, node, up)
      } else {
        writeExotic(this, value, token, key, up)
      }
    } else if (typeof value === 'bigint') {
      this.text(L.TAG_BIGINT, token, value.toString())
    } else if (typeof value === 'function') {
      // A function without a usable name is still a function.
      const name = value.name
      this.text(L.TAG_FUNCTION, token, typeof name === 'string' ? name : '')
    } else if (typeof value === 'symbol') {
      this.text(L.TAG_SYMBOL, token, value.description ?? '')
    } else if (typeof value === 'string') {
      this.string(token, value, node)
    } else {
      this.words[this.pos++] = L.TAG_UNDEFINED | token
    }
  }

  /** Writes a plain object: `enter`, `entries` and `leave` in one, for the sake of speed. */
  plain(
    token: number,
    value: object,
    key: string | number,
    node: Shape,
    up: Frame | undefined,
  ): void {
    if (this.refused(token, value, up)) return
    const start = this.pos
    this.words[start] = L.TAG_OBJECT_START | token
    this.pos = start + 1
    const replaced = this.entries(
      value as Record<string, unknown>,
      node.inner ?? this.shapes.inside(node),
      false,
      key,
      up,
    )
    this.words[this.pos++] = L.TAG_CLOSE
    if (replaced) {
      this.pos = start
      this.instead(token, this.replacement, key, up)
    }
  }

  /** Writes what a toJSON returned; its own toJSON, if it has one, is not called. */
  instead(token: number, result: unknown, key: string | number, up: Frame | undefined): void {
    const outer = this.unwrapped
    this.unwrapped = result as object
    try {
      this.value(token, result, key, this.shapes.anonymous, up)
    } finally {
      this.unwrapped = outer
    }
  }

  /** Writes an array; holes and undefined are `UNDEFINED`. */
  array(
    token: number,
    values: readonly unknown[],
    key: string | number,
    node: Shape,
    up: Frame | undefined,
  ): void {
    if (this.refused(token, values, up)) return
    const { words } = this
    words[this.pos++] = L.TAG_ARRAY_START | token
    let frame: Frame | undefined
    const count = values.length
    for (let i = 0; i < count; i++) {
      const before = this.pos
      try {
        const value = values[i]
        if (typeof value === 'string') {
          const { length } = value
          if (length > SHORT_STRING) this.longString(0, value, length, node)
          else this.shortString(0, value, length)
        } else if (typeof value === 'number' && (value | 0) === value) {
          words[before] = L.TAG_INT32
          words[before + 1] = value
          this.pos = before + 2
        } else {
          frame ??= new Frame(values, key, up)
          if (
            typeof value === 'object' &&
            value !== null &&
            (value as { constructor?: unknown }).constructor === Object
          ) {
            this.plain(0, value, i, node, frame)
          } else {
            this.value(0, value, i, node, frame)
          }
        }
      } catch (thrown) {
        this.pos = before
        this.text(L.TAG_MARKER, 0, describeThrow(thrown))
      }
      if (this.pos > this.end) {
        if (!this.truncated) this.cutElement(before)
        break
      }
    }
    this.leave()
  }

  /**
   * Opens a container and returns its frame; undefined, with a marker written in its place, when it is one of
   * its own ancestors or too deep.
   */
  enter(
    token: number,
    tag: number,
    container: object,
    key: string | number,
    up: Frame | undefined,
  ): Frame | undefined {
    if (this.refused(token, container, up)) return undefined
    this.words[this.pos++] = tag | token
    return new Frame(container, key, up)
  }

  /** The frame of an object whose entries are the top-level fields. */
  frame(fields: object): Frame {
    return new Frame(fields, '$', undefined)
  }

  /** Closes the container opened last. */
  leave(): void {
    this.words[this.pos++] = L.TAG_CLOSE
  }

  /** Writes a marker in place of a container that is inside itself, or too deep. */
  private refused(token: number, container: object, up: Frame | undefined): boolean {
    for (let frame = up; frame !== undefined; frame = frame.up) {
      if (frame.container === container) {
        this.text(L.TAG_MARKER, token, `[Circular: ${frame.path()}]`)
        return true
      }
    }
    if (up !== undefined && up.depth >= MAX_DEPTH) {
      this.text(L.TAG_MARKER, token, `[Truncated: deeper than ${MAX_DEPTH} levels]`)
      this.flags |= L.FLAG_TRUNCATED
      return true
    }
    return false
  }

  /** Writes the message. Calls with the same message log the same shapes, so it also chooses the prediction. */
  private messageText(text: string): void {
    const length = text.length
    this.root = this.shapes.root
    if (length > 0 && length <= MAX_INTERNED && this.interning) {
      const id = this.repeatedMessage(text, length)
      if (id !== 0) {
        const words = this.words
        const pos = this.pos
        words[pos] = L.TAG_STRING_REF
        words[pos + 1] = id
        this.pos = pos + 2
        const slot = this.repeatSlot
        let root = this.repeatedRoot[slot]
        if (root === undefined) {
          root = this.shapes.start()
          this.repeatedRoot[slot] = root
        }
        this.root = root
        return
      }
    }
    if (length > SHORT_STRING) this.copyString(0, text, length)
    else this.shortString(0, text, length)
  }

  private message(message: unknown): void {
    const start = this.pos
    this.root = this.shapes.root
    try {
      if (typeof message === 'number') this.number(0, message)
      else if (typeof message === 'boolean')
        this.words[this.pos++] = message ? L.TAG_TRUE : L.TAG_FALSE
      else if (message === undefined) this.words[this.pos++] = L.TAG_UNDEFINED
      else if (message === null) this.words[this.pos++] = L.TAG_NULL
      else if (typeof message === 'bigint') this.text(L.TAG_BIGINT, 0, message.toString())
      else this.string(0, String(message), this.shapes.anonymous)
    } catch (thrown) {
      this.pos = start
      this.text(L.TAG_MARKER, 0, describeThrow(thrown))
    }
  }

  private string(token: number, text: string, node: Shape): void {
    const length = text.length
    if (length > SHORT_STRING) this.longString(token, text, length, node)
    else this.shortString(token, text, length)
  }

  /** Writes one character after the other, four to a word; what does not fit in a byte each is written again. */
  private shortString(token: number, text: string, length: number): void {
    const words = this.words
    const start = this.pos
    let pos = start + 2
    let seen = 0
    let i = 0
    for (const whole = length - 3; i < whole; i += 4) {
      const a = charCodeAt(text, i)
      const b = charCodeAt(text, i + 1)
      const c = charCodeAt(text, i + 2)
      const d = charCodeAt(text, i + 3)
      seen |= a | b | c | d
      words[pos++] = a | (b << 8) | (c << 16) | (d << 24)
    }
    if (i < length) {
      let last = charCodeAt(text, i)
      seen |= last
      if (i + 1 < length) {
        const b = charCodeAt(text, i + 1)
        seen |= b
        last |= b << 8
        if (i + 2 < length) {
          const c = charCodeAt(text, i + 2)
          seen |= c
          last |= c << 16
        }
      }
      words[pos++] = last
    }
    if (seen > 0xff) {
      this.wideString(token, text, start)
      return
    }
    words[start] = L.TAG_STRING_LATIN1 | token
    words[start + 1] = length
    this.pos = pos
  }

  private wideString(token: number, text: string, start: number): void {
    const words = this.words
    const length = text.length
    let pos = start + 2
    let i = 0
    for (const whole = length - 1; i < whole; i += 2) {
      words[pos++] = charCodeAt(text, i) | (charCodeAt(text, i + 1) << 16)
    }
    if (i < length) words[pos++] = charCodeAt(text, i)
    words[start] = L.TAG_STRING_UTF16 | token
    words[start + 1] = length * 2
    this.pos = pos
  }

  /** Looks whether the string was interned, and copies it natively if not. */
  private longString(token: number, text: string, length: number, node: Shape): void {
    const start = this.pos
    if (length <= MAX_INTERNED && this.interning) {
      if (node.credit > 0) {
        const id = this.repeatedValue(text, node)
        if (id !== 0) {
          this.words[start] = L.TAG_STRING_REF | token
          this.words[start + 1] = id
          this.pos = start + 2
          return
        }
      } else if (++node.credit === 0) {
        node.credit = SECOND_CHANCE
      }
    }
    this.copyString(token, text, length)
  }

  /** Copies a string natively, in part if there is no room for all of it. */
  private copyString(token: number, text: string, length: number): void {
    const start = this.pos
    const room = (this.end - start - 2) * 4
    if (length * 3 > room) this.tightString(token, text, start, room)
    else this.utf8(token, text, start, room)
  }

  private utf8(token: number, text: string, start: number, room: number): void {
    const at = (start + 2) * 4
    const written = this.bytes.utf8Write(text, at, room)
    const words = this.words
    words[start] = L.TAG_STRING_UTF8 | token
    words[start + 1] = written
    this.pos = start + 2 + ((written + 3) >> 2)
  }

  /** A string that may not fit: cut, with a marker at its end that says how much is missing. */
  private tightString(token: number, text: string, start: number, room: number): void {
    // A code unit takes a byte at least, so counting stops early for what cannot fit anyway.
    if (text.length <= room && Buffer.byteLength(text) <= room) {
      this.utf8(token, text, start, room)
      return
    }
    // Half of what is left, so that the fields after a giant one still have a place.
    const keep = Math.max(0, Math.floor((room / 2 - 128) / 3))
    let head = text.slice(0, keep)
    const last = head.charCodeAt(keep - 1)
    if (last >= 0xd800 && last <= 0xdbff) head = head.slice(0, -1)
    this.utf8(
      token,
      `${head}…[truncated ${text.length - head.length} of ${text.length} characters]`,
      start,
      Math.max(room, 0) + 512,
    )
    this.flags |= L.FLAG_TRUNCATED
  }

  /** Finds out whether a message repeats; its dictionary id, or 0. Messages are short and mostly literals. */
  private repeatedMessage(text: string, length: number): number {
    const slot =
      (length * 7 + charCodeAt(text, length - 1) * 61 + charCodeAt(text, length >> 1) * 127) &
      (REPEAT_SLOTS - 1)
    const counts = this.repeatedCount
    this.repeatSlot = slot
    if (this.repeated[slot] === text) {
      const id = this.repeatedId[slot] as number
      if (id !== 0) return id
      if (++(counts[slot] as number) < REPEATS_BEFORE_INTERNING) return 0
      const fresh = this.intern(text)
      this.repeatedId[slot] = fresh
      counts[slot] = 64
      return fresh
    }
    if (--(counts[slot] as number) <= 0) {
      this.repeated[slot] = text
      this.repeatedId[slot] = 0
      this.repeatedRoot[slot] = undefined
      counts[slot] = 1
    }
    return 0
  }

  /** Finds out whether a long string repeats; its dictionary id, or 0. The hash is V8's own, kept in the string. */
  private repeatedValue(text: string, node: Shape): number {
    const known = this.candidates.get(text)
    if (known !== undefined) {
      if (node.credit < MAX_CREDIT) node.credit += 4
      if (known.id === 0 && ++known.count >= REPEATS_BEFORE_INTERNING) known.id = this.intern(text)
      return known.id
    }
    if (--node.credit <= 0) node.credit = -RETRY_AFTER
    if (this.candidates.size >= MAX_CANDIDATES) this.candidates.clear()
    this.candidates.set(text, { id: 0, count: 1 })
    return 0
  }

  /** Writes a text under a tag that carries its encoding: markers, digits, names. Cut at 4,096 characters. */
  text(tag: number, token: number, text: string): void {
    const room = (this.end + MARGIN_WORDS - 512 - this.pos) * 4
    const limit = Math.min(MAX_TEXT, Math.max(64, Math.floor(room / 3)))
    const cut = text.length > limit ? `${text.slice(0, limit)}…` : text
    const start = this.pos
    const written = this.bytes.utf8Write(cut, (start + 2) * 4)
    this.words[start] = tag | token
    this.words[start + 1] = (written << 2) | L.TEXT_UTF8
    this.pos = start + 2 + ((written + 3) >> 2)
  }

  /** Writes a marker under a key. */
  marker(info: KeyInfo, text: string): void {
    const start = this.pos
    const { token } = info
    this.text(L.TAG_MARKER, token, text)
    if (token === 0) this.insertKey(info, start)
  }

  private inline(info: KeyInfo, value: unknown, node: Shape, up: Frame | undefined): void {
    if (Shapes.ripe(info)) {
      const id = this.ring.intern(info.label)
      if (id !== 0) info.token = id << KEY_SHIFT
    }
    const start = this.pos
    // The key may be interned while its own value is written.
    const { token } = info
    if (typeof value === 'string') this.string(token, value, node)
    else this.value(token, value, info.name, node, up)
    if (token === 0) this.insertKey(info, start)
  }

  /** Puts the name of a key between the token at `start` and its payload. */
  private insertKey(info: KeyInfo, start: number): void {
    const name = info.label
    const bytes = Buffer.byteLength(name)
    const shift = 1 + ((bytes + 3) >> 2)
    const words = this.words
    words.copyWithin(start + 1 + shift, start + 1, this.pos)
    words[start] = (words[start] as number) | (L.KEY_INLINE << KEY_SHIFT)
    words[start + 1] = (bytes << 2) | L.TEXT_UTF8
    this.bytes.utf8Write(name, (start + 2) * 4)
    this.pos += shift
  }

  /** The record is full: the value at `start` becomes a marker and the record ends there. */
  private cut(info: KeyInfo, start: number): void {
    this.pos = start
    this.marker(info, '[Truncated]')
    this.endEarly()
  }

  // --- events inside events -------------------------------------------------------------------------------

  /** A getter or toJSON that logs: its event is encoded aside and written after the one in progress. */
  private nestedEvent(
    level: number,
    logger: number,
    scope: EncodedScope | undefined,
    message: unknown,
    fields: unknown,
    error: unknown,
    args: readonly unknown[] | undefined,
  ): void {
    ;(this.ring.counters[SUBMITTED + level] as number)++
    if (this.nested >= MAX_NESTED) {
      this.ring.dropEncode(level)
      return
    }
    this.nested++
    const saved = this.useScratch()
    try {
      this.record(0, level, logger, scope, message, undefined, fields, error, args)
      const record: number[] = []
      for (let i = 0; i < this.pos; i++) record.push(this.words[i] as number)
      this.deferred.push({ words: record, level })
    } catch {
      this.ring.dropEncode(level)
    } finally {
      this.restore(saved)
      this.nested--
    }
  }

  private writeDeferred(): void {
    const deferred = this.deferred
    this.deferred = []
    const ring = this.ring
    for (const { words, level } of deferred) {
      const start = ring.next <= ring.softLimit ? ring.next : ring.reserve(level)
      if (start < 0) continue
      if (start + words.length > ring.end(start)) {
        ring.dropFull(level)
        continue
      }
      for (let i = 0; i < words.length; i++) ring.words[start + i] = words[i] as number
      ring.publish(start, start + words.length)
    }
  }

  private useScratch(): Target {
    const saved: Target = {
      words: this.words,
      bytes: this.bytes,
      pos: this.pos,
      end: this.end,
      flags: this.flags,
      truncated: this.truncated,
      unwrapped: this.unwrapped,
    }
    let scratch = this.scratch
    if (scratch === undefined || this.scratchUsers > 0) {
      const words = new Int32Array(this.ring.maxEventWords + 2048)
      scratch = { words, bytes: Buffer.from(words.buffer) }
      this.scratch ??= scratch
    }
    this.scratchUsers++
    this.words = scratch.words
    this.bytes = scratch.bytes
    this.pos = 0
    this.end = this.ring.maxEventWords - MARGIN_WORDS
    this.flags = 0
    this.truncated = false
    this.unwrapped = undefined
    return saved
  }

  private restore(saved: Target): void {
    this.scratchUsers--
    this.words = saved.words
    this.bytes = saved.bytes
    this.pos = saved.pos
    this.end = saved.end
    this.flags = saved.flags
    this.truncated = saved.truncated
    this.unwrapped = saved.unwrapped
  }
}

const EMPTY = {}

function isPolluted(): boolean {
  for (const _key in EMPTY) return true
  return false
}

/** An object without prototype that reads through to the own properties of another. */
function ownCopy(object: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null)
  for (const key of Object.keys(object)) {
    Object.defineProperty(copy, key, { enumerable: true, get: () => object[key] })
  }
  return copy
}
