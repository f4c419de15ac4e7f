// What of a body may be in a log line: all of it, taken apart so that credentials are found by their names, or its size.

import { isCredentialName } from 'fapilog'
import { SECRET_MASK } from './headers.js'

/** What is said in the place of a body. */
export class InPlaceOfBody {
  constructor(readonly text: string) {}
}

/** Of a body that nobody has in one piece. */
export const STREAMED = new InPlaceOfBody('[stream]')
const UNREADABLE = new InPlaceOfBody('[unreadable]')

/** Of a body that is too long, or not text. */
export const sizeAlone = (bytes: number): InPlaceOfBody => new InPlaceOfBody(`[${bytes} bytes]`)

/**
 * The body as it is logged. JSON and forms become objects without credentials, in which the logger's redaction finds what
 * else is secret by its name; so a body is never cut: beyond the limit, and for what is neither JSON, form nor text,
 * there is only its size.
 *
 * @param body - parsed by the framework, or text
 * @param type - its `content-type`
 */
export function loggedBody(body: unknown, type: unknown, maxBytes: number): unknown {
  if (body === undefined || body === null) return undefined
  let logged: unknown
  try {
    logged = taken(body, type, maxBytes)
  } catch {
    logged = UNREADABLE
  }
  return logged instanceof InPlaceOfBody ? logged.text : logged
}

/** Whether a body of this `content-type` is logged as more than its size. */
export function isLoggedType(type: unknown): boolean {
  return /\bjson\b|\bx-www-form-urlencoded\b|^text\//i.test(String(type ?? ''))
}

function taken(body: unknown, type: unknown, maxBytes: number): unknown {
  if (body instanceof InPlaceOfBody) return body
  if (typeof body === 'string') return textBody(body, String(type ?? ''), maxBytes)
  if (typeof body !== 'object' || body === null) return body
  if (ArrayBuffer.isView(body)) return sizeAlone(body.byteLength)
  if (isStream(body)) return STREAMED
  const json = JSON.stringify(body)
  if (json === undefined) return undefined
  const bytes = Buffer.byteLength(json)
  return bytes > maxBytes ? sizeAlone(bytes) : JSON.parse(json, withoutCredential)
}

function textBody(text: string, type: string, maxBytes: number): unknown {
  const bytes = Buffer.byteLength(text)
  if (bytes > maxBytes || !isLoggedType(type)) return sizeAlone(bytes)
  if (/\bjson\b/i.test(type)) {
    try {
      return JSON.parse(text, withoutCredential)
    } catch {
      return sizeAlone(bytes)
    }
  }
  if (!/\bx-www-form-urlencoded\b/i.test(type)) return text
  const fields = [...new URLSearchParams(text)]
  return Object.fromEntries(fields.map(([name, value]) => [name, withoutCredential(name, value)]))
}

/** For `JSON.parse`. */
function withoutCredential(name: string, value: unknown): unknown {
  return value !== null && isCredentialName(name) ? SECRET_MASK : value
}

function isStream(body: object): boolean {
  return 'pipe' in body || 'getReader' in body
}
