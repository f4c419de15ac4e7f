// Code for the objects of one place: what `writeEntries` does, written out for the keys that they always have.
//
// A place that logs objects with the same keys again and again gets a function of its own, in which every property
// access sees one kind of object: V8 makes it a load at a fixed offset, doubles stay unboxed, those around an object
// are arguments instead of allocated frames, and the functions of inner objects are inlined. The function compares
// the keys first and reads no value before they are right, so that no getter runs twice where it must say `MISMATCH`;
// a value of another kind than expected goes the general way, and the rest goes on. Serializers such as
// fast-json-stringify are made of code in the same manner.
//
// Where code may not be made from strings (`node --disallow-code-generation-from-strings`), everything goes the
// general way. Both write the same words: __test__/compiled.spec.ts.

import { types } from 'node:util'
import * as L from './layout.js'
import { type Entries, MISMATCH, type Shape } from './shapes.js'
import { SHORT_STRING, type writeLongString, type writeShortString } from './strings.js'
import type { Writer } from './writer.js'

/** Objects with more keys are not worth the code. */
const MAX_KEYS = 64
/** Functions that an encoder makes at most: each takes some kilobytes once V8 has compiled it. */
const MAX_FUNCTIONS = 1024
/** Values written until it is looked at whether they had room: a record keeps back more than these can take. */
const VALUES_PER_CHECK = 16

/** What code cannot do itself, all of it of containers.ts and strings.ts. `a` to `d` are those around `object`. */
export interface Helpers {
  /** Writes any value of an object under its key. */
  any(writer: Writer, node: Shape, value: unknown, pos: number, ...around: Around): number
  /** Writes any value of an object under a key that was not interned when the code was made. */
  inline(writer: Writer, node: Shape, value: unknown, pos: number, ...around: Around): number
  /** Writes any element of an array. */
  element(
    writer: Writer,
    node: Shape,
    value: unknown,
    index: number,
    pos: number,
    ...around: Around
  ): number
  /** Goes on behind an entry that threw. */
  resume(
    writer: Writer,
    nodes: readonly Shape[],
    at: number,
    before: number,
    thrown: unknown,
    ...around: Around
  ): number
  /** Goes on behind an element that threw. */
  resumeElements(
    writer: Writer,
    node: Shape,
    at: number,
    before: number,
    thrown: unknown,
    ...around: Around
  ): number
  /** Ends the record at an entry, or an element, that had no room. */
  cut(writer: Writer, node: Shape, before: number, pos: number): number
  cutElement(writer: Writer, before: number, pos: number): number
  masked(writer: Writer, node: Shape, pos: number): number
  longString: typeof writeLongString
  shortString: typeof writeShortString
}

/** An object and those around it, the nearest first; as many as code knows. */
export type Around = [
  object: object,
  a: object | undefined,
  b: object | undefined,
  c: object | undefined,
  d: object | undefined,
]

/** The expected kind of a value, as far as there is code for it. */
type Kind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array' | 'any'

/** Makes the functions of one encoder. */
export class Compiler {
  private left = MAX_FUNCTIONS

  constructor(
    private readonly writer: Writer,
    private readonly helpers: Helpers,
  ) {}

  /**
   * The function for objects with the keys of `leaf`; undefined when there is to be none.
   *
   * @param unlikely - a key that no object has
   * @param sample - one of the objects: what its values are now is what is expected of the next ones
   */
  compile(leaf: Shape, unlikely: string, sample: object): Entries | undefined {
    if (this.left === 0) return undefined
    const nodes: Shape[] = []
    for (let node = leaf; node.from !== undefined; node = node.from) nodes.push(node)
    nodes.reverse()
    const unfit = nodes.some(
      (node) => node.inherited || node.toJson || (isUnknown(node) && isGiven(sample, node.key)),
    )
    if (unfit || nodes.length > MAX_KEYS || types.isProxy(sample)) return undefined
    try {
      const source = new Source(nodes, sample).text()
      const make = new Function('w', 'n', 'keys', 'h', source) as (
        writer: Writer,
        nodes: readonly Shape[],
        keys: readonly string[],
        helpers: Helpers,
      ) => Entries
      this.left--
      return make(this.writer, nodes, [...nodes.map((node) => node.key), unlikely], this.helpers)
    } catch (error) {
      // This process makes no code from strings; anything else is the sample's, such as a trap of a Proxy in it.
      if (error instanceof EvalError) this.left = 0
      return undefined
    }
  }
}

/** Names of the objects around the one that is written, as parameters. */
const AROUND = ['a', 'b', 'c', 'd']
const PARAMETERS = AROUND.join(', ')

/** The text of one function, and of those for the arrays in its objects. */
class Source {
  private readonly arrays: string[] = []

  constructor(
    private readonly nodes: readonly Shape[],
    private readonly sample: object,
  ) {}

  text(): string {
    const { nodes } = this
    const flags = nodes.at(-1)?.flags ?? 0
    const entries = nodes.map((node, at) => this.entry(node, at)).join('')
    const last = nodes.length - 1
    return `'use strict'
const { any, inline, element, resume, resumeElements, cut, cutElement, masked, longString, shortString } = h
${nodes.map((_, at) => `const n${at} = n[${at}]\n`).join('')}
${this.arrays.join('')}
return function entries(object, start, ${PARAMETERS}) {
  if (start > w.end) return ${MISMATCH}
  let at = 0
  for (const key in object) if (key !== keys[at++]) return ${MISMATCH}
  if (at !== ${nodes.length}) return ${MISMATCH}
  ${flags === 0 ? '' : `w.flags |= ${flags}`}
  const { words } = w
  let pos = start
  let before = start
  try {
    let value
${entries}  } catch (thrown) {
    return resume(w, n, at, before, thrown, object, ${PARAMETERS})
  }
  return ${last < 0 ? 'pos' : `pos > w.end ? cut(w, n${last}, before, pos) : pos`}
}`
  }

  private entry(node: Shape, at: number): string {
    const begin = `at = ${at}; before = pos\n`
    if (node.masked) return `${begin}pos = masked(w, n${at}, pos)\n${this.check(at)}`
    if (isUnknown(node)) {
      // Mostly undefined: a field that an event may have and seldom has.
      return `${begin}value = object[${JSON.stringify(node.key)}]
if (value !== undefined) { pos = inline(w, n${at}, value, pos, object, ${PARAMETERS})
if (pos > w.end) return cut(w, n${at}, before, pos) }
`
    }
    const property = Object.getOwnPropertyDescriptor(this.sample, node.key)
    const value = property?.value
    const found = kindOf(value)
    const kind = found === 'object' && node.inner === undefined ? 'any' : found
    // Objects in this one, and in an array, get code of their own next.
    if (node.inner !== undefined) node.inner.wanted = true
    const read = `${begin}value = object[${JSON.stringify(node.key)}]\n`
    const other = `any(w, n${at}, value, pos, object, ${PARAMETERS})`
    const check = `if (pos > w.end) return cut(w, n${at}, before, pos)\n`
    return read + this.value(kind, value, node, `n${at}`, node.token, other, check) + this.check(at)
  }

  /** Looks now and then whether there was room, even if nothing but small values was written. */
  private check(at: number): string {
    const isDue = at % VALUES_PER_CHECK === VALUES_PER_CHECK - 1
    return isDue ? `if (pos > w.end) return cut(w, n${at}, before, pos)\n` : ''
  }

  /**
   * Code that writes `value`.
   *
   * @param place - what its position is called in the code
   * @param other - how it is written when it is of another kind
   * @param check - what ends the record when it had no room
   */
  private value(
    kind: Kind,
    value: unknown,
    node: Shape,
    place: string,
    token: number,
    other: string,
    check: string,
  ): string {
    const otherwise = `{ pos = ${other}\n${check}}\n`
    switch (kind) {
      case 'string':
        return `if (typeof value === 'string') {
  ${constant(node, token)}{
    const { length } = value
    if (length > ${SHORT_STRING}) { pos = longString(w, ${token}, value, length, ${place}, pos)\n${check}}
    else pos = shortString(w, ${token}, value, length, pos)
  }
} else ${otherwise}`
      case 'number':
        return `if (typeof value === 'number') {
  if ((value | 0) === value) { words[pos] = ${L.TAG_INT32 | token}; words[pos + 1] = value; pos += 2 }
  else {
    w.double[0] = value
    words[pos] = ${L.TAG_FLOAT64 | token}
    words[pos + 1] = w.doubleWords[0]
    words[pos + 2] = w.doubleWords[1]
    pos += 3
  }
} else ${otherwise}`
      case 'boolean':
        return `if (typeof value === 'boolean') words[pos++] = value ? ${L.TAG_TRUE | token} : ${L.TAG_FALSE | token}
else ${otherwise}`
      case 'null':
        return `if (value === null) words[pos++] = ${L.TAG_NULL | token}\nelse ${otherwise}`
      case 'object':
        return `if (d === undefined && typeof value === 'object' && value !== null && value.constructor === Object && ${outside('value')}) {
  words[pos] = ${L.TAG_OBJECT_START | token}
  const end = ${place}.inner.code(value, pos + 1, object, a, b, c)
  if (end < 0) { ${place}.inner.miss(); pos = ${other} }
  else { words[end] = ${L.TAG_CLOSE}; pos = end + 1 }
  ${check}} else ${otherwise}`
      case 'array':
        return `if (d === undefined && Array.isArray(value) && ${outside('value')}) {
  words[pos] = ${L.TAG_ARRAY_START | token}
  pos = ${this.array(value as unknown[], node, place)}(value, pos + 1, object, a, b, c)
  ${check}} else ${otherwise}`
      default:
        return `pos = ${other}\n${check}`
    }
  }

  /** Makes the function for the arrays at a position; returns its name. */
  private array(sample: unknown[], node: Shape, place: string): string {
    const name = `array${this.arrays.length}`
    const first = Object.getOwnPropertyDescriptor(sample, 0)?.value
    const kind = kindOf(first)
    const other = `element(w, ${place}, value, at, pos, object, ${PARAMETERS})`
    // Arrays in arrays are rare; all their elements go the general way.
    const fit = kind === 'array' || (kind === 'object' && node.inner === undefined) ? 'any' : kind
    this.arrays.push(`function ${name}(object, start, ${PARAMETERS}) {
  const { words } = w
  const { length } = object
  let pos = start
  let before = start
  let at = 0
  try {
    for (; at < length; at++) {
      before = pos
      const value = object[at]
      ${this.value(fit, first, PLAIN, place, 0, other, '')}
      if (pos > w.end) { pos = cutElement(w, before, pos); break }
    }
  } catch (thrown) {
    pos = resumeElements(w, ${place}, at, before, thrown, object, ${PARAMETERS})
  }
  words[pos] = ${L.TAG_CLOSE}
  return pos + 1
}
`)
    return name
  }
}

/** Whether the key of a position has no token: most events so far had no value there. */
function isUnknown(node: Shape): boolean {
  return node.token === 0 && !node.masked
}

function isGiven(sample: object, key: string): boolean {
  return Object.getOwnPropertyDescriptor(sample, key)?.value !== undefined
}

/** The elements of an array have no constant. */
const PLAIN = { textId: 0 } as Shape

/** The beginning of a chain of tests: whether the string is the constant of its position. */
function constant(node: Shape, token: number): string {
  if (node.textId === 0) return ''
  return `if (value === ${JSON.stringify(node.text)}) {
    words[pos] = ${L.TAG_STRING_REF | token}
    words[pos + 1] = ${node.textId}
    pos += 2
  } else `
}

/** A test that a container is none of those around it. */
function outside(name: string): string {
  return ['object', ...AROUND.slice(0, -1)].map((around) => `${name} !== ${around}`).join(' && ')
}

function kindOf(value: unknown): Kind {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  if (type === 'string' || type === 'number' || type === 'boolean') return type
  return type === 'object' && Object.getPrototypeOf(value) === Object.prototype ? 'object' : 'any'
}
