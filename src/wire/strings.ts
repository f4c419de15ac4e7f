// How strings get into a record. Every function writes at `pos` and returns the word behind what it wrote, so
// that positions stay in registers.

import { charCodeAt } from './characters.js'
import * as L from './layout.js'
import { KEY_SHIFT, type Shape } from './shapes.js'
import type { Writer } from './writer.js'

/** Since Node 22 V8 calls the function that copies a string directly: 6 ns instead of 36 ns. */
const HAS_FAST_COPY = Number.parseInt(process.versions.node, 10) >= 22
/** Strings up to this length are written character by character; longer ones by one native copy. */
export const SHORT_STRING = HAS_FAST_COPY ? 16 : 32
/**
 * Without that, strings up to this length take a way that costs two thirds of the other: `encodeInto` beside the
 * ring, and a copy from there word by word.
 */
const STAGED_STRING = HAS_FAST_COPY ? 0 : 96
/** Words kept back in every record for markers and closing tokens. */
export const MARGIN_WORDS = 1024
/** Markers, digits and names are cut at this many characters. */
const MAX_TEXT = 4096
/** Words of the margin that stay free behind a text. */
const TEXT_MARGIN_WORDS = 512

const staged = new Uint8Array(4 * STAGED_STRING)
const stagedWords = new Int32Array(staged.buffer)
const utf8 = new TextEncoder()

/** Writes a string value. */
export function writeString(
  writer: Writer,
  token: number,
  text: string,
  node: Shape,
  pos: number,
): number {
  const { length } = text
  return length > SHORT_STRING
    ? writeLongString(writer, token, text, length, node, pos)
    : writeShortString(writer, token, text, length, pos)
}

/** Writes one character after the other, four to a word; what does not fit in a byte each is written again. */
export function writeShortString(
  writer: Writer,
  token: number,
  text: string,
  length: number,
  start: number,
): number {
  const { words } = writer
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
  if (seen > 0xff) return writeWideString(words, token, text, length, start)
  words[start] = L.TAG_STRING_LATIN1 | token
  words[start + 1] = length
  return pos
}

function writeWideString(
  words: Int32Array,
  token: number,
  text: string,
  length: number,
  start: number,
): number {
  let pos = start + 2
  let i = 0
  for (const whole = length - 1; i < whole; i += 2) {
    words[pos++] = charCodeAt(text, i) | (charCodeAt(text, i + 1) << 16)
  }
  if (i < length) words[pos++] = charCodeAt(text, i)
  words[start] = L.TAG_STRING_UTF16 | token
  words[start + 1] = length * 2
  return pos
}

/** Refers to a long string that was interned, or copies it. */
export function writeLongString(
  writer: Writer,
  token: number,
  text: string,
  length: number,
  node: Shape,
  pos: number,
): number {
  const id = writer.repeats.value(node, text, length)
  if (id === 0) return copyString(writer, token, text, length, pos)
  const { words } = writer
  words[pos] = L.TAG_STRING_REF | token
  words[pos + 1] = id
  return pos + 2
}

/** Copies a string natively, in part if there is no room for all of it. */
export function copyString(
  writer: Writer,
  token: number,
  text: string,
  length: number,
  pos: number,
): number {
  const room = (writer.end - pos - 2) * 4
  if (length * 3 > room) return writeTightString(writer, token, text, pos, room)
  return length <= STAGED_STRING
    ? writeStaged(writer.words, token, text, pos)
    : writeUtf8(writer, token, text, pos, room)
}

function writeStaged(words: Int32Array, token: number, text: string, start: number): number {
  const { written } = utf8.encodeInto(text, staged)
  words[start] = L.TAG_STRING_UTF8 | token
  words[start + 1] = written
  let pos = start + 2
  const count = (written + 3) >> 2
  for (let i = 0; i < count; i++) words[pos++] = stagedWords[i] as number
  return pos
}

function writeUtf8(writer: Writer, token: number, text: string, pos: number, room: number): number {
  const written = writer.bytes.utf8Write(text, (pos + 2) * 4, room)
  const { words } = writer
  words[pos] = L.TAG_STRING_UTF8 | token
  words[pos + 1] = written
  return pos + 2 + ((written + 3) >> 2)
}

/** A string that may not fit: cut, with a marker at its end that says how much is missing. */
function writeTightString(
  writer: Writer,
  token: number,
  text: string,
  pos: number,
  room: number,
): number {
  // A code unit takes a byte at least, so counting stops early for what cannot fit anyway.
  if (text.length <= room && Buffer.byteLength(text) <= room)
    return writeUtf8(writer, token, text, pos, room)
  // Half of what is left, so that the fields after a giant one still have a place.
  const keep = Math.max(0, Math.floor((room / 2 - 128) / 3))
  let head = text.slice(0, keep)
  const last = head.charCodeAt(keep - 1)
  if (last >= 0xd800 && last <= 0xdbff) head = head.slice(0, -1)
  writer.flags |= L.FLAG_TRUNCATED
  return writeUtf8(
    writer,
    token,
    `${head}…[truncated ${text.length - head.length} of ${text.length} characters]`,
    pos,
    Math.max(room, 0) + 512,
  )
}

/** Writes a text under a tag that carries its encoding: markers, digits, names. Cut at 4,096 characters. */
export function writeText(
  writer: Writer,
  tag: number,
  token: number,
  text: string,
  pos: number,
): number {
  const room = (writer.end + MARGIN_WORDS - TEXT_MARGIN_WORDS - pos) * 4
  const limit = Math.min(MAX_TEXT, Math.max(64, Math.floor(room / 3)))
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text
  const written = writer.bytes.utf8Write(cut, (pos + 2) * 4)
  writer.words[pos] = tag | token
  writer.words[pos + 1] = (written << 2) | L.TEXT_UTF8
  return pos + 2 + ((written + 3) >> 2)
}

/** Puts the name of a key between the token at `start` and its payload, which ends at `pos`. */
export function insertKey(writer: Writer, name: string, start: number, pos: number): number {
  const bytes = Buffer.byteLength(name)
  const shift = 1 + ((bytes + 3) >> 2)
  const { words } = writer
  words.copyWithin(start + 1 + shift, start + 1, pos)
  words[start] = (words[start] as number) | (L.KEY_INLINE << KEY_SHIFT)
  words[start + 1] = (bytes << 2) | L.TEXT_UTF8
  writer.bytes.utf8Write(name, (start + 2) * 4)
  return pos + shift
}
