// Where a record is written, and how what is rare gets there: the methods write at `pos` and move it. What is
// frequent is in containers.ts and strings.ts, which pass positions from call to call.

import type { RingProducer } from '../ring/producer.js'
import { Compiler } from './compiler.js'
import {
  cutElement,
  cutEntry,
  HELPERS,
  isRefused,
  REPLACED,
  writeArray,
  writeEntries,
  writeFloat,
  writeInline,
  writeInstead,
  writeMarker,
  writeMask,
  writePlain,
  writeRefused,
  writeValue,
} from './containers.js'
import { describeThrow, writeExoticFields } from './exotic.js'
import { Frame } from './frame.js'
import * as L from './layout.js'
import { Repeats } from './repeats.js'
import { type KeyInfo, MISMATCH, type Shape, type Shapes } from './shapes.js'
import { writeText } from './strings.js'

/** The record that is being written, and what is known about its values. */
export class Writer {
  readonly ring: RingProducer
  readonly repeats: Repeats
  readonly compiler: Compiler
  shapes: Shapes
  /** Prediction for the fields of the call. */
  root: Shape
  /** Words of the region (or of a scratch buffer, see aside.ts). */
  words: Int32Array
  bytes: Buffer
  /** Next word to write. */
  pos = 0
  /** First word that the record must not reach; 0 once something was cut. */
  end = 0
  /** Record flags. */
  flags = 0
  /** Flags that every event has from now on: who logs it. */
  origin = 0
  /** A value did not fit: nothing more is written into this record. */
  truncated = false
  /** What a toJSON returned, and the object whose toJSON must not be called again. */
  replacement: unknown = undefined
  unwrapped: object | undefined = undefined
  /** Takes doubles apart: its two words are those of its one number. */
  readonly double = new Float64Array(1)
  readonly doubleWords: Int32Array

  constructor(ring: RingProducer, shapes: Shapes) {
    this.ring = ring
    this.repeats = new Repeats(ring)
    this.compiler = new Compiler(this, HELPERS)
    this.shapes = shapes
    this.root = shapes.root
    this.words = ring.words
    this.bytes = ring.bytes
    this.doubleWords = new Int32Array(this.double.buffer)
  }

  /** Writes top-level fields that are known to be a plain object, at `start`; the next free word. */
  plainFields(fields: object, start: number): number {
    if (this.truncated) return start
    const { root } = this
    try {
      if (root.hasCode) {
        const end = root.code(fields, start, undefined, undefined, undefined, undefined)
        if (end !== MISMATCH) return end
        root.miss()
      }
      const pos = writeEntries(this, fields as Record<string, unknown>, root, start, '$', undefined)
      if (pos !== REPLACED) return pos
      const result = this.replacement
      this.pos = start
      this.unwrapped = result as object
      this.fields(result)
      this.unwrapped = undefined
    } catch (thrown) {
      this.pos = start
      this.unreadable(thrown)
    }
    return this.pos
  }

  /** Top-level fields: the entries of an object, or one entry that holds what is not an object. */
  fields(fields: unknown): void {
    if (typeof fields !== 'object' || fields === null) {
      if (fields !== undefined) this.field('value', fields)
      return
    }
    let plain: boolean
    try {
      plain = (fields as { constructor?: unknown }).constructor === Object
    } catch (thrown) {
      this.unreadable(thrown)
      return
    }
    if (plain) this.pos = this.plainFields(fields, this.pos)
    else writeExoticFields(this, fields)
  }

  private unreadable(thrown: unknown): void {
    this.unwrapped = undefined
    this.marker(this.shapes.key('fields'), describeThrow(thrown))
  }

  /** One top-level field by name; what it throws becomes a marker. */
  field(name: string, value: unknown): void {
    const info = this.shapes.key(name)
    const start = this.pos
    this.flags |= info.flag
    if (info.mask !== undefined) {
      this.masked(info)
      return
    }
    try {
      this.entry(info, value, undefined)
    } catch (thrown) {
      this.pos = start
      this.marker(info, describeThrow(thrown))
    }
  }

  /** A value under a key. */
  entry(info: KeyInfo, value: unknown, up: Frame | undefined): void {
    if (this.truncated) return
    const start = this.pos
    this.pos = writeInline(this, info, value, this.shapes.anonymous, up, start)
    if (this.pos > this.end && !this.truncated) this.pos = cutEntry(this, info, start)
  }

  /** A value under a key, with a mask in its place when the key is withheld. */
  keyed(info: KeyInfo, value: unknown, up: Frame | undefined): void {
    if (info.mask !== undefined) this.masked(info)
    else this.entry(info, value, up)
  }

  /** An element of an array. */
  element(value: unknown, index: number, up: Frame): void {
    if (this.truncated) return
    const start = this.pos
    try {
      this.value(0, value, index, up)
    } catch (thrown) {
      this.pos = start
      this.text(L.TAG_MARKER, 0, describeThrow(thrown))
    }
    if (this.pos > this.end && !this.truncated) this.pos = cutElement(this, start)
  }

  /** Any value after a key token (0 for none). `key` is for the path of circular references. */
  value(token: number, value: unknown, key: string | number, up: Frame | undefined): void {
    this.pos = writeValue(this, token, value, key, this.shapes.anonymous, up, this.pos)
  }

  /** A plain object, though its `constructor` may not say so. */
  plain(token: number, value: object, key: string | number, up: Frame | undefined): void {
    this.pos = writePlain(this, token, value, key, this.shapes.anonymous, up, this.pos)
  }

  /** An array, though its `constructor` may not say so. */
  array(
    token: number,
    values: readonly unknown[],
    key: string | number,
    up: Frame | undefined,
  ): void {
    this.pos = writeArray(this, token, values, key, this.shapes.anonymous, up, this.pos)
  }

  /** What a toJSON returned; its own toJSON, if it has one, is not called. */
  instead(token: number, result: unknown, key: string | number, up: Frame | undefined): void {
    this.pos = writeInstead(this, token, result, key, up, this.pos)
  }

  /** A double under `TAG_FLOAT64` or `TAG_DATE`. */
  float(tag: number, token: number, value: number): void {
    this.pos = writeFloat(this, tag, token, value, this.pos)
  }

  /** A text under a tag that carries its encoding: markers, digits, names. Cut at 4,096 characters. */
  text(tag: number, token: number, text: string): void {
    this.pos = writeText(this, tag, token, text, this.pos)
  }

  /** A marker under a key. */
  marker(info: KeyInfo, text: string): void {
    this.pos = writeMarker(this, info, text, this.pos)
  }

  /** The mask of a key whose value nobody may see. */
  masked(info: KeyInfo): void {
    this.pos = writeMask(this, info, this.pos)
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
    if (up !== undefined && isRefused(container, up)) {
      this.pos = writeRefused(this, token, container, up, this.pos)
      return undefined
    }
    this.words[this.pos++] = tag | token
    return new Frame(container, key, up)
  }

  /** Closes the container opened last. */
  leave(): void {
    this.words[this.pos++] = L.TAG_CLOSE
  }

  /** Nothing more is written into this record; an `end` of 0 tells every loop so. */
  endEarly(): void {
    this.truncated = true
    this.end = 0
  }
}
