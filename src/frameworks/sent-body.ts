// The body of a response as it is sent, where the framework does not show it.

import type { ServerResponse } from 'node:http'
import { isLoggedType, STREAMED, sizeAlone } from './bodies.js'
import type { ActiveRequest } from './request-log.js'

/**
 * Keeps the body that is sent for the event of the request. What is not in one piece, and not of a length that the headers
 * say, is a stream.
 *
 * @param maxBytes - of longer bodies there is only the size
 */
export function keepSentBody(
  response: ServerResponse,
  active: ActiveRequest,
  maxBytes: number,
): void {
  const { write, end } = response
  let parts: Buffer[] = []
  let bytes = 0
  let pieces = 0
  let ending = false

  const keep = (chunk: unknown, encoding: unknown): void => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return
    const code = encoding as BufferEncoding
    bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk, code) : chunk.byteLength
    if (bytes > maxBytes) parts = []
    // A copy: who streams may write over what was sent.
    else parts.push(Buffer.from(chunk as string, code))
  }
  const body = (): unknown => {
    if (bytes === 0) return undefined
    if (pieces > 0 && response.getHeader('content-length') === undefined) return STREAMED
    const coding = response.getHeader('content-encoding') ?? 'identity'
    const shown =
      bytes <= maxBytes && coding === 'identity' && isLoggedType(response.getHeader('content-type'))
    return shown ? Buffer.concat(parts).toString() : sizeAlone(bytes)
  }

  response.write = function (this: ServerResponse, ...args: unknown[]): boolean {
    // HTTP/2 ends with a write.
    if (!ending) {
      pieces++
      keep(args[0], args[1])
    }
    return Reflect.apply(write, this, args)
  } as typeof write
  response.end = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
    if (!ending) {
      ending = true
      keep(args[0], args[1])
      active.responseBody = body()
    }
    return Reflect.apply(end, this, args)
  } as typeof end
}
