// Values that are not plain objects, arrays or primitives: what each of them becomes in a log line.
// docs/values.md has the table; __test__/values.spec.ts proves each row.

import { types } from 'node:util'
import type { Encoder, Frame } from './encoder.js'
import * as L from './layout.js'
import { ERROR_KEY } from './shapes.js'

/** Bytes of a Buffer that are shown in hexadecimal. */
const SHOWN_BYTES = 64
/** Elements of a typed array that are shown. */
const SHOWN_ELEMENTS = 100
/** Characters of a thrown message that are shown. */
const SHOWN_THROW = 200
/** Own properties of an Error that have a place of their own. */
const ERROR_FIELDS = new Set(['type', 'message', 'stack', 'cause', 'errors'])

/** The marker for a value whose reading threw. Never throws itself. */
export function describeThrow(thrown: unknown): string {
  try {
    const text =
      types.isNativeError(thrown) || thrown instanceof Error
        ? `${thrown.name}: ${thrown.message}`
        : String(thrown)
    return `[Throws: ${text.length > SHOWN_THROW ? `${text.slice(0, SHOWN_THROW)}…` : text}]`
  } catch {
    return '[Throws]'
  }
}

/** Whether a value is an Error of any realm. May throw on a hostile Proxy. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}

/** Writes an object that is not plain under a key token. */
export function writeExotic(
  encoder: Encoder,
  value: object,
  token: number,
  key: string | number,
  up: Frame | undefined,
): void {
  if (isPlain(value)) {
    encoder.plain(token, value, key, encoder.shapes.anonymous, up)
  } else if (isError(value)) {
    writeError(encoder, value, token, key, up)
  } else if (Array.isArray(value)) {
    encoder.array(token, value, key, encoder.shapes.anonymous, up)
  } else if (types.isDate(value)) {
    encoder.float(L.TAG_DATE, token, Date.prototype.getTime.call(value))
  } else if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    writeBinary(encoder, value as ArrayBufferView | ArrayBufferLike, token, key, up)
  } else if (types.isMap(value)) {
    writeMap(encoder, value, token, key, up)
  } else if (types.isSet(value)) {
    const frame = encoder.enter(token, L.TAG_ARRAY_START, value, key, up)
    if (frame === undefined) return
    let index = 0
    for (const item of Set.prototype.values.call(value)) {
      if (encoder.truncated) break
      encoder.element(item, index++, frame)
    }
    encoder.leave()
  } else if (types.isRegExp(value)) {
    encoder.value(token, RegExp.prototype.toString.call(value), key, encoder.shapes.anonymous, up)
  } else if (types.isBoxedPrimitive(value)) {
    encoder.value(token, unbox(value), key, encoder.shapes.anonymous, up)
  } else if (value instanceof URL || value instanceof URLSearchParams) {
    encoder.value(token, value.toString(), key, encoder.shapes.anonymous, up)
  } else if (types.isPromise(value)) {
    encoder.text(L.TAG_MARKER, token, '[Promise]')
  } else if (types.isWeakMap(value) || types.isWeakSet(value) || value instanceof WeakRef) {
    encoder.text(
      L.TAG_MARKER,
      token,
      `[${types.isWeakMap(value) ? 'WeakMap' : types.isWeakSet(value) ? 'WeakSet' : 'WeakRef'}]`,
    )
  } else {
    writeInstance(encoder, value, token, key, up)
  }
}

/** Whether an object is plain although its `constructor` does not say so: no prototype, or a field of that name. */
function isPlain(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value)
  return proto === null || proto === Object.prototype
}

/** Writes an object that was passed as the call's fields although it is not plain. */
export function writeExoticFields(encoder: Encoder, fields: object): void {
  const start = encoder.pos
  try {
    if (isError(fields)) {
      encoder.field(ERROR_KEY, fields)
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
      encoder.field('value', fields)
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
          encoder.fields(result)
          return
        }
        if (result !== fields) {
          encoder.field('value', result)
          return
        }
      }
      const frame = encoder.frame(fields)
      for (const key of Object.keys(fields)) {
        if (encoder.truncated) break
        writeProperty(encoder, fields, key, true, frame)
      }
    }
  } catch (thrown) {
    encoder.pos = start
    encoder.marker(encoder.shapes.key('fields'), describeThrow(thrown))
  }
}

/** An instance of a class, a Proxy, an object of another realm: toJSON if there is one, own properties if not. */
function writeInstance(
  encoder: Encoder,
  value: object,
  token: number,
  key: string | number,
  up: Frame | undefined,
): void {
  if (encoder.unwrapped !== value) {
    const toJson = (value as { toJSON?: unknown }).toJSON
    if (typeof toJson === 'function') {
      const result: unknown = toJson.call(value, String(key))
      if (result !== value) {
        encoder.instead(token, result, key, up)
        return
      }
    }
  }
  const frame = encoder.enter(token, L.TAG_OBJECT_START, value, key, up)
  if (frame === undefined) return
  for (const name of Object.keys(value)) {
    if (encoder.truncated) break
    writeProperty(encoder, value, name, false, frame)
  }
  encoder.leave()
}

/** Reads one own property and writes it; a throw becomes a marker. */
function writeProperty(
  encoder: Encoder,
  owner: object,
  name: string,
  top: boolean,
  frame: Frame,
): void {
  const info = encoder.shapes.key(name)
  if (top) encoder.flags |= info.flag
  if (info.withheld) {
    encoder.marker(info, '[REDACTED]')
    return
  }
  const start = encoder.pos
  try {
    const value = (owner as Record<string, unknown>)[name]
    if (value !== undefined) encoder.entry(info, value, frame)
  } catch (thrown) {
    encoder.pos = start
    encoder.marker(info, describeThrow(thrown))
  }
}

/** Writes one named part of a value; a throw while it is read or written becomes a marker. */
function writePart(encoder: Encoder, frame: Frame, name: string, read: () => unknown): void {
  if (encoder.truncated) return
  const start = encoder.pos
  try {
    const value = read()
    if (value !== undefined) encoder.keyed(name, value, frame)
  } catch (thrown) {
    encoder.pos = start
    encoder.marker(encoder.shapes.key(name), describeThrow(thrown))
  }
}

function writeMap(
  encoder: Encoder,
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
  const frame = encoder.enter(token, named ? L.TAG_OBJECT_START : L.TAG_ARRAY_START, map, key, up)
  if (frame === undefined) return
  let index = 0
  for (const [name, value] of Map.prototype.entries.call(map)) {
    if (encoder.truncated) break
    if (named) writePart(encoder, frame, name as string, () => value)
    else encoder.element([name, value], index++, frame)
  }
  encoder.leave()
}

/** Buffers as `Buffer(5) 68656c6c6f`, numeric arrays as arrays, both bounded. */
function writeBinary(
  encoder: Encoder,
  value: ArrayBufferView | ArrayBufferLike,
  token: number,
  key: string | number,
  up: Frame | undefined,
): void {
  if (ArrayBuffer.isView(value) && !types.isUint8Array(value) && !types.isDataView(value)) {
    const list = value as unknown as ArrayLike<number | bigint>
    const frame = encoder.enter(token, L.TAG_ARRAY_START, value, key, up)
    if (frame === undefined) return
    const shown = Math.min(list.length, SHOWN_ELEMENTS)
    for (let i = 0; i < shown; i++) encoder.element(list[i], i, frame)
    if (shown < list.length) encoder.text(L.TAG_MARKER, 0, `[${list.length - shown} more]`)
    encoder.leave()
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
  encoder.value(token, text, key, encoder.shapes.anonymous, up)
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
  encoder: Encoder,
  error: Error,
  token: number,
  key: string | number,
  up: Frame | undefined,
): void {
  const frame = encoder.enter(token, L.TAG_ERROR_START, error, key, up)
  if (frame === undefined) return
  const part = (name: string, read: () => unknown) => writePart(encoder, frame, name, read)
  part('type', () => {
    const made = error.constructor
    const name = typeof made === 'function' && made.name !== '' ? made.name : error.name
    return typeof name === 'string' ? name : 'Error'
  })
  part('message', () => {
    const message: unknown = error.message
    return typeof message === 'string' ? message : String(message)
  })
  part('stack', () => {
    const stack: unknown = error.stack
    return stack === undefined || typeof stack === 'string' ? stack : String(stack)
  })
  part('cause', () => error.cause)
  part('errors', () => {
    const errors = (error as { errors?: unknown }).errors
    return Array.isArray(errors) ? errors : undefined
  })
  try {
    for (const name of Object.keys(error)) {
      if (!ERROR_FIELDS.has(name))
        part(name, () => (error as unknown as Record<string, unknown>)[name])
    }
  } catch (thrown) {
    encoder.marker(encoder.shapes.key('properties'), describeThrow(thrown))
  }
  encoder.leave()
}
