// Plain objects and arrays, and the values in them: the hottest code of the package.
//
// Every function writes at `pos` and returns the word behind what it wrote, so that positions stay in registers;
// `writer.pos` is only for what is rare. Strings and integers are written where they are met, since the call of a
// function for each of them would cost as much as writing them.

import type { Around, Helpers } from './compiler.js'
import { describeThrow, writeExotic } from './exotic.js'
import { Frame } from './frame.js'
import * as L from './layout.js'
import { KEY_SHIFT, type KeyInfo, type Shape, Shapes } from './shapes.js'
import {
  insertKey,
  SHORT_STRING,
  writeLongString,
  writeShortString,
  writeString,
  writeText,
} from './strings.js'
import type { Writer } from './writer.js'

/** Containers nested deeper than this become a marker. */
export const MAX_DEPTH = 64
/** Returned in place of a position when a toJSON's result is to be written instead of the object. */
export const REPLACED = -1

type ToJson = (this: object, key: string) => unknown

/**
 * Writes the entries of an object, without the tokens around them.
 *
 * @param start - prediction of its keys
 * @param name - its own key, for the path of circular references
 * @returns the next free word, or `REPLACED`
 */
export function writeEntries(
  writer: Writer,
  object: Record<string, unknown>,
  start: Shape,
  from: number,
  name: string | number,
  up: Frame | undefined,
): number {
  const { words } = writer
  let { end } = writer
  let frame: Frame | undefined
  let shape = start
  let pos = from
  for (const key in object) {
    let node = shape.next
    if (node.key !== key) node = writer.shapes.follow(shape, key, object)
    shape = node
    const before = pos
    try {
      const { token } = node
      if (token !== 0) {
        const value = object[key]
        if (typeof value === 'string') {
          if (node.patience > 0 && writer.repeats.constant(node, value)) {
            words[pos] = L.TAG_STRING_REF | token
            words[pos + 1] = node.textId
            pos += 2
          } else {
            const { length } = value
            pos =
              length > SHORT_STRING
                ? writeLongString(writer, token, value, length, node, pos)
                : writeShortString(writer, token, value, length, pos)
          }
        } else if (typeof value === 'number') {
          if ((value | 0) === value) {
            words[pos] = L.TAG_INT32 | token
            words[pos + 1] = value
            pos += 2
          } else {
            const { double, doubleWords } = writer
            double[0] = value
            words[pos] = L.TAG_FLOAT64 | token
            words[pos + 1] = doubleWords[0] as number
            words[pos + 2] = doubleWords[1] as number
            pos += 3
          }
        } else if (typeof value === 'boolean') {
          words[pos++] = (value ? L.TAG_TRUE : L.TAG_FALSE) | token
        } else if (value === undefined) {
          continue
        } else if (value === null) {
          words[pos++] = L.TAG_NULL | token
        } else {
          frame ??= new Frame(object, name, up)
          if (Array.isArray(value)) pos = writeArray(writer, token, value, key, node, frame, pos)
          else if (isPlain(value)) pos = writePlain(writer, token, value, key, node, frame, pos)
          else pos = writeOther(writer, token, value, key, node, frame, pos)
          end = writer.end
        }
      } else if (node.masked) {
        pos = writeMask(writer, node.info, pos)
      } else {
        frame ??= new Frame(object, name, up)
        pos = writeUncommon(writer, object, node, frame, pos)
        if (pos === REPLACED) return REPLACED
        end = writer.end
      }
    } catch (thrown) {
      // A toJSON that throws speaks for the whole object.
      if (node.toJson) throw thrown
      pos = writeMarker(writer, node.info, describeThrow(thrown), before)
      end = writer.end
    }
    // `end` is 0 once something was cut.
    if (pos > end) {
      if (!writer.truncated) pos = cutEntry(writer, node.info, before)
      break
    }
  }
  writer.flags |= shape.flags
  if (start.wanted && start.isRipe(shape))
    start.code = writer.compiler.compile(shape, start.key, object) ?? start.code
  return pos
}

/** Writes a plain object. */
export function writePlain(
  writer: Writer,
  token: number,
  value: object,
  key: string | number,
  node: Shape,
  up: Frame | undefined,
  pos: number,
): number {
  if (up !== undefined && isRefused(value, up)) return writeRefused(writer, token, value, up, pos)
  const { words } = writer
  words[pos] = L.TAG_OBJECT_START | token
  const inner = node.inner ?? writer.shapes.inside(node)
  const end = writeEntries(writer, value as Record<string, unknown>, inner, pos + 1, key, up)
  if (end === REPLACED) return writeInstead(writer, token, writer.replacement, key, up, pos)
  words[end] = L.TAG_CLOSE
  return end + 1
}

/**
 * Whether a value is a plain object, by the cheapest test that tells: a lookup that inline caches serve, where
 * Object.getPrototypeOf is a call into the runtime.
 */
function isPlain(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { constructor?: unknown }).constructor === Object
  )
}

/** Writes an array; holes and undefined are `UNDEFINED`. */
export function writeArray(
  writer: Writer,
  token: number,
  values: readonly unknown[],
  key: string | number,
  node: Shape,
  up: Frame | undefined,
  start: number,
): number {
  if (up !== undefined && isRefused(values, up))
    return writeRefused(writer, token, values, up, start)
  const { words } = writer
  words[start] = L.TAG_ARRAY_START | token
  const end = writeElements(writer, values, 0, key, node, up, start + 1)
  words[end] = L.TAG_CLOSE
  return end + 1
}

/** Writes the elements of an array from one on, without the tokens around them. */
function writeElements(
  writer: Writer,
  values: readonly unknown[],
  first: number,
  key: string | number | undefined,
  node: Shape,
  up: Frame | undefined,
  start: number,
): number {
  const { words } = writer
  let { end } = writer
  let frame: Frame | undefined
  let pos = start
  const count = values.length
  for (let i = first; i < count; i++) {
    const before = pos
    try {
      const value = values[i]
      if (typeof value === 'string') {
        const { length } = value
        pos =
          length > SHORT_STRING
            ? writeLongString(writer, 0, value, length, node, pos)
            : writeShortString(writer, 0, value, length, pos)
      } else if (typeof value === 'number' && (value | 0) === value) {
        words[pos] = L.TAG_INT32
        words[pos + 1] = value
        pos += 2
      } else {
        frame ??= new Frame(values, key, up)
        if (isPlain(value)) pos = writePlain(writer, 0, value, i, node, frame, pos)
        else pos = writeValue(writer, 0, value, i, node, frame, pos)
        end = writer.end
      }
    } catch (thrown) {
      pos = writeText(writer, L.TAG_MARKER, 0, describeThrow(thrown), before)
      end = writer.end
    }
    if (pos > end) {
      if (!writer.truncated) pos = cutElement(writer, before)
      break
    }
  }
  return pos
}

/** Writes any value after a key token (0 for none). `key` is for the path of circular references. */
export function writeValue(
  writer: Writer,
  token: number,
  value: unknown,
  key: string | number,
  node: Shape,
  up: Frame | undefined,
  pos: number,
): number {
  if (typeof value === 'string') return writeString(writer, token, value, node, pos)
  if (typeof value === 'number') return writeNumber(writer, token, value, pos)
  if (typeof value === 'boolean') {
    writer.words[pos] = (value ? L.TAG_TRUE : L.TAG_FALSE) | token
    return pos + 1
  }
  return writeOther(writer, token, value, key, node, up, pos)
}

/** Writes what is neither a string nor a number nor a boolean. */
function writeOther(
  writer: Writer,
  token: number,
  value: unknown,
  key: string | number,
  node: Shape,
  up: Frame | undefined,
  pos: number,
): number {
  if (typeof value === 'object') {
    if (value === null) {
      writer.words[pos] = L.TAG_NULL | token
      return pos + 1
    }
    if (Array.isArray(value)) return writeArray(writer, token, value, key, node, up, pos)
    if (isPlain(value)) return writePlain(writer, token, value, key, node, up, pos)
    writer.pos = pos
    writeExotic(writer, value, token, key, up)
    return writer.pos
  }
  if (typeof value === 'bigint')
    return writeText(writer, L.TAG_BIGINT, token, value.toString(), pos)
  if (typeof value === 'function') {
    // A function without a usable name is still a function.
    const name = value.name
    return writeText(writer, L.TAG_FUNCTION, token, typeof name === 'string' ? name : '', pos)
  }
  if (typeof value === 'symbol')
    return writeText(writer, L.TAG_SYMBOL, token, value.description ?? '', pos)
  writer.words[pos] = L.TAG_UNDEFINED | token
  return pos + 1
}

/** Writes a number: as an integer if it is one of 32 bits. */
export function writeNumber(writer: Writer, token: number, value: number, pos: number): number {
  if ((value | 0) !== value) return writeFloat(writer, L.TAG_FLOAT64, token, value, pos)
  writer.words[pos] = L.TAG_INT32 | token
  writer.words[pos + 1] = value
  return pos + 2
}

/** Writes a double under `TAG_FLOAT64` or `TAG_DATE`. */
export function writeFloat(
  writer: Writer,
  tag: number,
  token: number,
  value: number,
  pos: number,
): number {
  const { words, double, doubleWords } = writer
  double[0] = value
  words[pos] = tag | token
  words[pos + 1] = doubleWords[0] as number
  words[pos + 2] = doubleWords[1] as number
  return pos + 3
}

/** Writes what a toJSON returned; its own toJSON, if it has one, is not called. */
export function writeInstead(
  writer: Writer,
  token: number,
  result: unknown,
  key: string | number,
  up: Frame | undefined,
  pos: number,
): number {
  const outer = writer.unwrapped
  writer.unwrapped = result as object
  try {
    return writeValue(writer, token, result, key, writer.shapes.anonymous, up, pos)
  } finally {
    writer.unwrapped = outer
  }
}

/** Interns a key at its second use. */
export function internKey(writer: Writer, info: KeyInfo): void {
  if (info.token !== 0 || !Shapes.ripe(info)) return
  const id = writer.ring.intern(info.label)
  if (id !== 0) info.token = id << KEY_SHIFT
}

/** Writes the mask of a key whose value nobody may see. */
export function writeMask(writer: Writer, info: KeyInfo, start: number): number {
  internKey(writer, info)
  const { token, maskWords } = info
  if (token === 0) return writeMarker(writer, info, info.mask as string, start)
  const { words } = writer
  let pos = start
  words[pos++] = L.TAG_MARKER | token
  for (let i = 0; i < maskWords.length; i++) words[pos++] = maskWords[i] as number
  return pos
}

/** Writes a value under a key that is not interned yet, or may be by now. */
export function writeInline(
  writer: Writer,
  info: KeyInfo,
  value: unknown,
  node: Shape,
  up: Frame | undefined,
  start: number,
): number {
  internKey(writer, info)
  // The key may be interned while its own value is written.
  const { token } = info
  const pos = writeValue(writer, token, value, info.name, node, up, start)
  return token === 0 ? insertKey(writer, info.label, start, pos) : pos
}

/** Writes a marker under a key. */
export function writeMarker(writer: Writer, info: KeyInfo, text: string, start: number): number {
  const { token } = info
  const pos = writeText(writer, L.TAG_MARKER, token, text, start)
  return token === 0 ? insertKey(writer, info.label, start, pos) : pos
}

/** An entry whose key is not interned yet or needs care; `REPLACED` when it is a toJSON that must be called. */
function writeUncommon(
  writer: Writer,
  object: Record<string, unknown>,
  node: Shape,
  frame: Frame,
  pos: number,
): number {
  const { info } = node
  if (node.inherited) return pos
  const value = object[node.key]
  if (value === undefined) return pos
  if (node.toJson) {
    if (typeof value === 'function')
      return isReplaced(writer, frame.container, value as ToJson) ? REPLACED : pos
    return writeInline(writer, info, value, node, frame, pos)
  }
  const next = writeInline(writer, info, value, node, frame, pos)
  node.refresh()
  return next
}

/**
 * Calls the toJSON that was met among the entries of `object`, unless it was called for it already. True when
 * what it returned is to be written in the object's place; one that returns the object changes nothing.
 */
function isReplaced(writer: Writer, object: object, toJson: ToJson): boolean {
  if (writer.unwrapped === object) return false
  const result: unknown = toJson.call(object, '')
  if (result === object) return false
  writer.replacement = result
  return true
}

/** Whether a container is inside itself, or too deep. */
export function isRefused(container: object, up: Frame): boolean {
  for (let frame: Frame | undefined = up; frame !== undefined; frame = frame.up) {
    if (frame.container === container) return true
  }
  return up.depth >= MAX_DEPTH
}

/** Writes a marker in place of a container that was refused. */
export function writeRefused(
  writer: Writer,
  token: number,
  container: object,
  up: Frame,
  pos: number,
): number {
  for (let frame: Frame | undefined = up; frame !== undefined; frame = frame.up) {
    if (frame.container === container)
      return writeText(writer, L.TAG_MARKER, token, `[Circular: ${frame.path()}]`, pos)
  }
  writer.flags |= L.FLAG_TRUNCATED
  return writeText(writer, L.TAG_MARKER, token, `[Truncated: deeper than ${MAX_DEPTH} levels]`, pos)
}

/** The record is full: the entry at `start` becomes a marker and the record ends there. */
export function cutEntry(writer: Writer, info: KeyInfo, start: number): number {
  const pos = writeMarker(writer, info, '[Truncated]', start)
  writer.endEarly()
  return pos
}

/** The same for an element of an array. */
export function cutElement(writer: Writer, start: number): number {
  const pos = writeText(writer, L.TAG_MARKER, 0, '[Truncated]', start)
  writer.endEarly()
  return pos
}

/** The frames of an object that code has written and of those around it. */
function frames(...[object, a, b, c, d]: Around): Frame {
  let up: Frame | undefined
  for (const container of [d, c, b, a]) {
    if (container !== undefined) up = new Frame(container, undefined, up)
  }
  return new Frame(object, undefined, up)
}

/** What code of compiler.ts calls. */
export const HELPERS: Helpers = {
  any(writer, node, value, pos, ...around) {
    if (value === undefined) return pos
    const up = typeof value === 'object' && value !== null ? frames(...around) : undefined
    return writeValue(writer, node.token, value, node.key, node, up, pos)
  },
  inline(writer, node, value, pos, ...around) {
    const up = typeof value === 'object' && value !== null ? frames(...around) : undefined
    return writeInline(writer, node.info, value, node, up, pos)
  },
  element(writer, node, value, index, pos, ...around) {
    const up = typeof value === 'object' && value !== null ? frames(...around) : undefined
    return writeValue(writer, 0, value, index, node, up, pos)
  },
  resume(writer, nodes, at, before, thrown, ...around) {
    const [object] = around
    const up = frames(...around)
    let start = before
    let pos = writeMarker(writer, (nodes[at] as Shape).info, describeThrow(thrown), start)
    for (const node of nodes.slice(at + 1)) {
      if (pos > writer.end) break
      start = pos
      try {
        const value = node.masked ? undefined : (object as Record<string, unknown>)[node.key]
        if (node.masked) pos = writeMask(writer, node.info, pos)
        else if (value !== undefined) pos = writeInline(writer, node.info, value, node, up, pos)
      } catch (error) {
        pos = writeMarker(writer, node.info, describeThrow(error), start)
      }
      if (pos > writer.end) return HELPERS.cut(writer, node, start, pos)
    }
    return pos
  },
  resumeElements(writer, node, at, before, thrown, ...around) {
    const pos = writeText(writer, L.TAG_MARKER, 0, describeThrow(thrown), before)
    const [values, a, b, c, d] = around
    const up = a === undefined ? undefined : frames(a, b, c, d, undefined)
    return writeElements(writer, values as unknown[], at + 1, undefined, node, up, pos)
  },
  cut(writer, node, before, pos) {
    return writer.truncated ? pos : cutEntry(writer, node.info, before)
  },
  cutElement(writer, before, pos) {
    return writer.truncated ? pos : cutElement(writer, before)
  },
  masked(writer, node, pos) {
    return writeMask(writer, node.info, pos)
  },
  longString: writeLongString,
  shortString: writeShortString,
}
