// Reads encoded scopes back: what a logger is bound to, and a scope without some of its fields. The twin of
// crates/core/src/wire/decode.rs for the few tokens that JavaScript ever needs to read. Off the path of a log call.

import { internKey } from './containers.js'
import type { EncodedScope, Encoder } from './encoder.js'
import * as L from './layout.js'
import { KEY_SHIFT } from './shapes.js'

/** The fields of a scope as plain data: an Error is an object, a function or symbol its name. The last of a name counts. */
export function readScope(
  encoder: Encoder,
  scope: EncodedScope | undefined,
): Record<string, unknown> {
  if (scope === undefined) return {}
  const reader = new TokenReader(scope.words, (id) => encoder.ring.text(id))
  const entries: [string, unknown][] = []
  while (!reader.done()) {
    const entry = reader.entry()
    if (entry[1] !== undefined) entries.push(entry)
  }
  return Object.fromEntries(entries)
}

/** A scope without the fields of these names: the same one if it has none of them, undefined if none is left. */
export function withoutKeys(
  encoder: Encoder,
  scope: EncodedScope | undefined,
  keys: readonly string[],
): EncodedScope | undefined {
  if (scope === undefined) return undefined
  const reader = new TokenReader(scope.words, (id) => encoder.ring.text(id))
  const words: number[] = []
  let flags = scope.flags & ~(L.FLAG_CONTEXT | L.FLAG_ERROR)
  while (!reader.done()) {
    const from = reader.at
    const [key] = reader.entry()
    if (keys.includes(key)) continue
    flags |= encoder.shapes.key(key).flag
    for (let at = from; at < reader.at; at++) words.push(scope.words[at] as number)
  }
  if (words.length === scope.words.length) return scope
  return words.length === 0 ? undefined : { words, flags, token: 0, uses: scope.uses }
}

/**
 * A scope with more fields, in place of those that it has under the same names: so a scope that is extended with
 * the next value again and again does not grow.
 *
 * @param copy - the `snapshot` of `fields`
 */
export function extendScope(
  encoder: Encoder,
  scope: EncodedScope | undefined,
  fields: unknown,
  copy: Readonly<Record<string, unknown>> | undefined,
  lasting: boolean,
): EncodedScope {
  if (copy === undefined) return encoder.scope(scope, fields, lasting)
  return encoder.scope(withoutKeys(encoder, scope, Object.keys(copy)), copy, lasting)
}

/**
 * The fields of an object as they are now, without those that are undefined. Undefined for what is no record of
 * fields (a Map, an Error, an object with a toJSON, one that throws when it is read): the encoder deals with it.
 */
export function snapshot(fields: unknown): Record<string, unknown> | undefined {
  try {
    if (typeof fields !== 'object' || kindOf.call(fields) !== '[object Object]') return undefined
    if (typeof (fields as { toJSON?: unknown }).toJSON === 'function') return undefined
    const copy: Record<string, unknown> = { ...fields }
    for (const key in copy) if (copy[key] === undefined) delete copy[key]
    return copy
  } catch {
    return undefined
  }
}

const kindOf = Object.prototype.toString

/** The words of a scope with the names of its fields interned that were not, because they were new when it was made. */
export function internKeys(encoder: Encoder, words: readonly number[]): readonly number[] {
  const reader = new TokenReader(words, (id) => encoder.ring.text(id))
  const interned: number[] = []
  while (!reader.done()) {
    let from = reader.at
    const [key] = reader.entry()
    const word = words[from] as number
    const info = encoder.shapes.key(key)
    if (word >>> KEY_SHIFT === L.KEY_INLINE && info.label === key) {
      internKey(encoder, info)
      if (info.token !== 0) {
        interned.push((word & 0xff) | info.token)
        // The name: length and encoding, then its bytes.
        from += 2 + ((((words[from + 1] as number) >>> 2) + 3) >> 2)
      }
    }
    for (let at = from; at < reader.at; at++) interned.push(words[at] as number)
  }
  return interned
}

/** Goes through token words that the encoder of this process has written. */
class TokenReader {
  at = 0

  constructor(
    private readonly words: readonly number[],
    private readonly interned: (id: number) => string,
  ) {}

  done(): boolean {
    return this.at >= this.words.length
  }

  /** The next key and value, containers whole. */
  entry(): [key: string, value: unknown] {
    const word = this.word()
    const id = word >>> 8
    const key = id === L.KEY_INLINE ? this.text() : id === L.KEY_NONE ? '' : this.interned(id)
    return [key, this.value(word & 0xff)]
  }

  private value(tag: number): unknown {
    switch (tag) {
      case L.TAG_NULL:
        return null
      case L.TAG_FALSE:
      case L.TAG_TRUE:
        return tag === L.TAG_TRUE
      case L.TAG_INT32:
        return this.word()
      case L.TAG_FLOAT64:
        return this.float()
      case L.TAG_DATE:
        return new Date(this.float())
      case L.TAG_BIGINT:
        return bigint(this.text())
      case L.TAG_STRING_REF:
        return this.interned(this.word())
      case L.TAG_STRING_LATIN1:
        return this.bytes(this.word()).toString('latin1')
      case L.TAG_STRING_UTF16:
        return this.bytes(this.word()).toString('utf16le')
      case L.TAG_STRING_UTF8:
        return this.bytes(this.word()).toString('utf8')
      case L.TAG_FUNCTION:
      case L.TAG_SYMBOL:
      case L.TAG_MARKER:
        return this.text()
      case L.TAG_ARRAY_START:
        return this.inside().map(([, value]) => value)
      case L.TAG_OBJECT_START:
      case L.TAG_ERROR_START:
        return Object.fromEntries(this.inside())
      default:
        return undefined
    }
  }

  /** What is in the container that has just been opened. */
  private inside(): [key: string, value: unknown][] {
    const entries: [string, unknown][] = []
    while (!this.done()) {
      if (((this.words[this.at] as number) & 0xff) === L.TAG_CLOSE) {
        this.at++
        break
      }
      entries.push(this.entry())
    }
    return entries
  }

  private word(): number {
    return this.words[this.at++] as number
  }

  private float(): number {
    const pair = Int32Array.of(this.word(), this.word())
    return new Float64Array(pair.buffer)[0] as number
  }

  private bytes(length: number): Buffer {
    const end = this.at + ((length + 3) >> 2)
    const part = Int32Array.from(this.words.slice(this.at, end))
    this.at = end
    return Buffer.from(part.buffer, 0, length)
  }

  /** A text that carries its encoding. */
  private text(): string {
    const word = this.word()
    const encoding = word & 3
    return this.bytes(word >>> 2).toString(
      encoding === L.TEXT_LATIN1 ? 'latin1' : encoding === L.TEXT_UTF16 ? 'utf16le' : 'utf8',
    )
  }
}

/** A number of so many digits that they were cut stays text. */
function bigint(digits: string): bigint | string {
  return /^-?\d+$/.test(digits) ? BigInt(digits) : digits
}
