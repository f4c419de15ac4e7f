// Values that are not plain objects, arrays or primitives: what each of them becomes in a log line.
// docs/values.md has the table; __test__/values.spec.ts proves each row.

import { types } from 'node:util'
import { Frame } from './frame.js'
import * as L from './layout.js'
import { ERROR_KEY, type KeyInfo } from './shapes.js'
import type { Writer } from './writer.js'

/** Bytes of a Buffer that are shown in hexadecimal. */
const SHOWN_BYTES = 64
/** Elements of a typed array that are shown. */
const SHOWN_ELEMENTS = 100
/** Characters of a thrown message that are shown. */
const SHOWN_THROW = 200

/** The marker for a value whose reading threw. Never throws itself. */
export function describeThrow(thrown: unknown): string {
  try {
    const text = isError(thrown) ? `${thrown.name}: ${thrown.message}` : String(thrown)
    return `[Throws: ${text.length > SHOWN_THROW ? `${text.slice(0, SHOWN_THROW)}…` : text}]`
  } catch {
    return '[Throws]'
  }
}

/** Whether a value is an Error of any realm. May throw on a hostile Proxy. */
export function isError(value: unknown): value is Error {
  // In this order: the other question leaves JavaScript.
  return value instanceof Error || types.isNativeError(value)
}

/** Writes an object that is not plain under a key token. */
export function writeExotic(
  writer: Writer,
  value: object,
  token: number,
  key: string | number,
  up: Frame | undefined,
): void {
  if (isPlain(value)) {
    writer.plain(token, value, key, up)
  } else if (isError(value)) {
    writeError(writer, value, token, key, up)
  } else if (Array.isArray(value)) {
    writer.array(token, value, key, up)
  } else if (types.isDate(value)) {
    writer.float(L.TAG_DATE, token, Date.prototype.getTime.call(value))
  } else if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    writeBinary(writer, value as ArrayBufferView | ArrayBufferLike, token, key, up)
  } else if (types.isMap(value)) {
    writeMap(writer, value, token, key, up)
  } else if (types.isSet(value)) {
    const frame = writer.enter(token, L.TAG_ARRAY_START, value, key, up)
    if (frame === undefined) return
    let index = 0
    for (const item of Set.prototype.values.call(value)) {
      if (writer.truncated) break
      writer.element(item, index++, frame)
    }
    writer.leave()
  } else if (types.isRegExp(value)) {
    writer.value(token, RegExp.prototype.toString.call(value), key, up)
  } else if (types.isBoxedPrimitive(value)) {
    writer.value(token, unbox(value), key, up)
  } else if (value instanceof URL || value instanceof URLSearchParams) {
    writer.value(token, value.toString(), key, up)
  } else if (types.isPromise(value)) {
    writer.text(L.TAG_MARKER, token, '[Promise]')
  } else if (types.isWeakMap(value) || types.isWeakSet(value) || value instanceof WeakRef) {
    writer.text(
      L.TAG_MARKER,
      token,
      `[${types.isWeakMap(value) ? 'WeakMap' : types.isWeakSet(value) ? 'WeakSet' : 'WeakRef'}]`,
    )
  } else {
    writeInstance(writer, value, token, key, up)
  }
}

/** Whether an object is plain although its `constructor` does not say so: no prototype, or a field of that name. */
function isPlain(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value)
  return proto === null || proto === Object.prototype
}

/** Writes an object that was passed as the call's fields although it is not plain. */
export function writeExoticFields(writer: Writer, fields: object): void {
  const start = writer.pos
  try {
    if (isError(fields)) {
      writer.field(ERROR_KEY, fields)
    } else if (
      Array.isArray(fields) ||
      ArrayBuffer.isView(fields) ||
      types.isAnyArrayBuffer(fields) ||
      types.isMap(fields) ||
      types.isSet(fields) ||
      types.isDate(fields) ||
      types.isRegExp(fields) ||
      types.isBoxedPrimitive(fields) ||
      types.isPromise(fields) ||
      types.isWeakMap(fields) ||
      types.isWeakSet(fields) ||
      fields instanceof WeakRef ||
      fields instanceof URL ||
      fields instanceof URLSearchParams
    ) {
      writer.field('value', fields)
    } else {
      const toJson = (fields as { toJSON?: unknown }).toJSON
      if (typeof toJson === 'function') {
        const result: unknown = toJson.call(fields, '')
        if (
          result !== fields &&
          typeof result === 'object' &&
          result !== null &&
          Object.getPrototypeOf(result) === Object.prototype
        ) {
          writer.fields(result)
          return
        }
        if (result !== fields) {
          writer.field('value', result)
          return
        }
      }
      const frame = new Frame(fields, '$', undefined)
      for (const key of Object.keys(fields)) {
        if (writer.truncated) break
        writeProperty(writer, fields, key, true, frame)
      }
    }
  } catch (thrown) {
    writer.pos = start
    writer.marker(writer.shapes.key('fields'), describeThrow(thrown))
  }
}

/** An instance of a class, a Proxy, an object of another realm: toJSON if there is one, own properties if not. */
function writeInstance(
  writer: Writer,
  value: object,
  token: number,
  key: string | number,
  up: Frame | undefined,
): void {
  if (writer.unwrapped !== value) {
    const toJson = (value as { toJSON?: unknown }).toJSON
    if (typeof toJson === 'function') {
      const result: unknown = toJson.call(value, String(key))
      if (result !== value) {
        writer.instead(token, result, key, up)
        return
      }
    }
  }
  const frame = writer.enter(token, L.TAG_OBJECT_START, value, key, up)
  if (frame === undefined) return
  for (const name of Object.keys(value)) {
    if (writer.truncated) break
    writeProperty(writer, value, name, false, frame)
  }
  writer.leave()
}

/** Reads one own property and writes it; a throw becomes a marker. */
function writeProperty(
  writer: Writer,
  owner: object,
  name: string,
  top: boolean,
  frame: Frame,
): void {
  const info = writer.shapes.key(name)
  if (top) writer.flags |= info.flag
  if (info.mask !== undefined) {
    writer.masked(info)
    return
  }
  const start = writer.pos
  try {
    const value = (owner as Record<string, unknown>)[name]
    if (value !== undefined) writer.entry(info, value, frame)
  } catch (thrown) {
    writer.pos = start
    writer.marker(info, describeThrow(thrown))
  }
}

/** Writes one named part of `owner`; a throw while it is read or written becomes a marker. */
function writePart<Owner>(
  writer: Writer,
  frame: Frame,
  info: KeyInfo,
  read: (owner: Owner, name: string) => unknown,
  owner: Owner,
): void {
  if (writer.truncated) return
  const start = writer.pos
  try {
    const value = read(owner, info.name)
    if (value !== undefined) writer.keyed(info, value, frame)
  } catch (thrown) {
    writer.pos = start
    writer.marker(info, describeThrow(thrown))
  }
}

function writeMap(
  writer: Writer,
  map: Map<unknown, unknown>,
  token: number,
  key: string | number,
  up: Frame | undefined,
): void {
  let named = true
  for (const name of Map.prototype.keys.call(map)) {
    if (typeof name !== 'string') {
      named = false
      break
    }
  }
  const frame = writer.enter(token, named ? L.TAG_OBJECT_START : L.TAG_ARRAY_START, map, key, up)
  if (frame === undefined) return
  let index = 0
  for (const [name, value] of Map.prototype.entries.call(map)) {
    if (writer.truncated) break
    if (named) {
      writePart(writer, frame, writer.shapes.key(name as string), itself, value)
    } else {
      const mask = typeof name === 'string' ? writer.shapes.key(name).mask : undefined
      writer.element([name, mask ?? value], index++, frame)
    }
  }
  writer.leave()
}

/** Buffers as `Buffer(5) 68656c6c6f`, numeric arrays as arrays, both bounded. */
function writeBinary(
  writer: Writer,
  value: ArrayBufferView | ArrayBufferLike,
  token: number,
  key: string | number,
  up: Frame | undefined,
): void {
  if (ArrayBuffer.isView(value) && !types.isUint8Array(value) && !types.isDataView(value)) {
    const list = value as unknown as ArrayLike<number | bigint>
    const frame = writer.enter(token, L.TAG_ARRAY_START, value, key, up)
    if (frame === undefined) return
    const shown = Math.min(list.length, SHOWN_ELEMENTS)
    for (let i = 0; i < shown; i++) writer.element(list[i], i, frame)
    if (shown < list.length) writer.text(L.TAG_MARKER, 0, `[${list.length - shown} more]`)
    writer.leave()
    return
  }
  // A detached buffer has no bytes, and must not be asked for them.
  const view =
    value.byteLength === 0
      ? new Uint8Array(0)
      : ArrayBuffer.isView(value)
        ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
        : new Uint8Array(value)
  const name = types.isUint8Array(value)
    ? Buffer.isBuffer(value)
      ? 'Buffer'
      : 'Uint8Array'
    : types.isDataView(value)
      ? 'DataView'
      : 'ArrayBuffer'
  let text = `${name}(${view.length})`
  if (view.length > 0) text += ' '
  const shown = Math.min(view.length, SHOWN_BYTES)
  for (let i = 0; i < shown; i++) text += (view[i] as number).toString(16).padStart(2, '0')
  if (shown < view.length) text += '…'
  writer.value(token, text, key, up)
}

function unbox(value: object): unknown {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value)
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value)
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value)
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value)
  return Symbol.prototype.valueOf.call(value)
}

/** An Error: `type`, `message`, `stack`, `cause`, `errors`, then its own enumerable properties. */
function writeError(
  writer: Writer,
  error: Error,
  token: number,
  key: string | number,
  up: Frame | undefined,
): void {
  const frame = writer.enter(token, L.TAG_ERROR_START, error, key, up)
  if (frame === undefined) return
  const keys = writer.shapes.error
  writePart(writer, frame, keys.type, typeOf, error)
  writePart(writer, frame, keys.message, messageOf, error)
  writePart(writer, frame, keys.stack, stackOf, error)
  writePart(writer, frame, keys.cause, property, error)
  writePart(writer, frame, keys.errors, errorsOf, error)
  try {
    for (const name of Object.keys(error)) {
      const info = writer.shapes.key(name)
      if (!info.isErrorPart) writePart(writer, frame, info, property, error)
    }
  } catch (thrown) {
    writer.marker(writer.shapes.key('properties'), describeThrow(thrown))
  }
  writer.leave()
}

// How the parts are read: functions that are made once, not for every value.

function itself(value: unknown): unknown {
  return value
}

function property(owner: object, name: string): unknown {
  return (owner as Record<string, unknown>)[name]
}

function typeOf(error: Error): string {
  const made: unknown = error.constructor
  const own: unknown = typeof made === 'function' ? made.name : ''
  const name: unknown = own === '' ? error.name : own
  return typeof name === 'string' ? name : 'Error'
}

function messageOf(error: Error): string {
  const message: unknown = error.message
  return typeof message === 'string' ? message : String(message)
}

function stackOf(error: Error): string | undefined {
  const stack: unknown = error.stack
  return stack === undefined || typeof stack === 'string' ? stack : String(stack)
}

function errorsOf(error: Error): unknown {
  const { errors } = error as { errors?: unknown }
  return Array.isArray(errors) ? errors : undefined
}
