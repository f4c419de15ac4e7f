// What of a body may be in a log line: all of it, taken apart so that redaction finds names in it, or its size.

/**
 * The body as it is logged. JSON and forms become objects, in which the logger's redaction finds secrets by name; so a
 * body is never cut: beyond the limit, and for what is neither JSON, form nor text, there is only its size.
 *
 * @param body - parsed by the framework, or text
 * @param type - its `content-type`
 */
export function loggedBody(body: unknown, type: unknown, maxBytes: number): unknown {
  if (body === undefined || body === null) return undefined
  try {
    if (typeof body === 'string') return textBody(body, String(type ?? ''), maxBytes)
    if (typeof body !== 'object') return body
    if (ArrayBuffer.isView(body)) return size(body.byteLength)
    if (isStream(body)) return '[stream]'
    const bytes = Buffer.byteLength(JSON.stringify(body) ?? '')
    return bytes > maxBytes ? size(bytes) : body
  } catch {
    return '[unreadable]'
  }
}

function textBody(text: string, type: string, maxBytes: number): unknown {
  const bytes = Buffer.byteLength(text)
  if (bytes > maxBytes) return size(bytes)
  if (/\bjson\b/i.test(type)) {
    try {
      return JSON.parse(text)
    } catch {
      return size(bytes)
    }
  }
  if (/\bx-www-form-urlencoded\b/i.test(type)) return Object.fromEntries(new URLSearchParams(text))
  return /^text\//i.test(type) ? text : size(bytes)
}

const size = (bytes: number) => `[${bytes} bytes]`

function isStream(body: object): boolean {
  return 'pipe' in body || 'getReader' in body
}
