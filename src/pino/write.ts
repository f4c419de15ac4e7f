// One call: what pino makes of its arguments, on its way to the encoder.

import { mapHttpRequest, mapHttpResponse } from 'pino-std-serializers'
import { printf } from '../wire/printf.js'
import { type Features, shaped, shown } from './features.js'
import type { Native } from './native.js'
import { type DestinationStream, deliver } from './output.js'
import { errorKeySym, hooksSym, messageKeySym, msgPrefixSym, writeSym } from './symbols.js'

export const nativeSym: unique symbol = Symbol('native')
export const featuresSym: unique symbol = Symbol('features')
/** The stream that lines go to in this thread, if they do. */
export const linesSym: unique symbol = Symbol('lines')

/** Logs an event whose arguments have been sorted out. */
export type Write = (
  this: Writing,
  fields: object | null | undefined,
  message: unknown,
  level: number,
  index: number,
) => void

/** What a call needs of its logger. */
export interface Writing {
  readonly [nativeSym]: Native
  readonly [featuresSym]: Features
  readonly [linesSym]: DestinationStream | undefined
  readonly [writeSym]: Write
  readonly [messageKeySym]: string
  readonly [errorKeySym]: string
  readonly [msgPrefixSym]: string | undefined
  readonly [hooksSym]: { readonly streamWrite?: ((line: string) => string) | undefined }
}

/** A method of a logger. */
export type Method = (this: Writing, ...args: unknown[]) => void

/**
 * The method that logs at a level: pino's number, and the place of the native level on the wire. Hooks see it, under the name
 * that it has in pino.
 */
export function method(level: number, index: number): Method {
  return function LOG(this: Writing, a?: unknown, b?: unknown): void {
    // biome-ignore lint/complexity/noArguments: rest parameters would allocate an array at every call
    const args = arguments
    let fields: object | null | undefined
    let message: unknown
    try {
      let used = 1
      if (typeof a === 'object') {
        fields = a !== null && isHttp(a) ? mapped(a) : a
        message = a === null && args.length === 1 ? null : b
        used = 2
      } else if (a === undefined) {
        message = b
        used = 2
      } else {
        message = a
      }
      const prefix = this[msgPrefixSym]
      if (prefix !== undefined && message !== undefined && message !== null)
        message = prefix + (message as string)
      if (args.length > used) message = formatted(message, args, used, this)
    } catch {
      // A getter or a conversion: the encoder leaves a marker in its place.
      if (typeof a === 'object') fields = a
    }
    this[writeSym](fields, message, level, index)
  }
}

interface Http {
  method?: unknown
  headers?: unknown
  socket?: unknown
  setHeader?: unknown
}

/** A request or a response of `node:http`, as pino tells them. */
const isHttp = (value: Http): boolean =>
  Boolean(value.method && value.headers && value.socket) || typeof value.setHeader === 'function'

const mapped = (value: object): object =>
  typeof (value as Http).setHeader === 'function' && !(value as Http).method
    ? mapHttpResponse(value as never)
    : mapHttpRequest(value as never)

/** The message with the arguments from `first` on in it; what has no place in it is left out. */
function formatted(
  message: unknown,
  args: ArrayLike<unknown>,
  first: number,
  logger: Writing,
): unknown {
  const { redaction } = logger[featuresSym]
  const isObject = typeof message === 'object' && message !== null
  if (!isObject && typeof message !== 'string') return message
  const values: unknown[] = isObject ? [message] : []
  for (let i = first; i < args.length; i++) values.push(args[i])
  if (redaction !== undefined) {
    for (const [at, value] of values.entries())
      if (typeof value === 'object' && value !== null) values[at] = redaction.object(value)
  }
  if (!isObject) return printf(message as string, values).text
  return values.map((value) => printf('%j', [value]).text).join(' ')
}

/** The message of a call that has none: that of its Error. */
function implied(fields: object, messageKey: string, errorKey: string): unknown {
  const { [messageKey]: own, [errorKey]: error } = fields as Record<string, { message?: unknown }>
  return own === undefined && error ? error.message : undefined
}

/** Logs what needs nothing done in this thread. */
export const writePlain: Write = function (fields, given, level, index) {
  let message = given
  try {
    if (message === undefined && fields)
      message = implied(fields, this[messageKeySym], this[errorKeySym])
  } catch {
    // A getter: the encoder leaves a marker in its place.
  }
  encode(this[nativeSym], index, fields, message)
  if (this[linesSym] !== undefined) tell(this, level, fields, message)
}

/** Logs what the functions of the application make of a call. */
export const writeShaped: Write = function (given, said, level, index) {
  const features = this[featuresSym]
  const { messageKey, errorKey } = features
  let fields: object = given ?? {}
  let line: object
  let message = said
  try {
    if (given instanceof Error) {
      fields = { [errorKey]: given }
      if (message === undefined) message = given.message
    } else if (message === undefined) message = implied(fields, messageKey, errorKey)
    line = shaped(features, fields, level, this)
    if (message !== undefined) message = shown(features, messageKey, message)
  } catch (thrown) {
    // A function of the application's has failed: a log call never throws, and what was to be redacted is withheld.
    line = { [errorKey]: thrown }
    message = typeof said === 'string' && features.redaction === undefined ? said : undefined
  }
  encode(this[nativeSym], index, line, message)
  if (this[linesSym] !== undefined) tell(this, level, fields, message)
}

/** Hands an event over to the encoder. What is no message is left out, an object is its JSON. */
function encode(
  native: Native,
  index: number,
  fields: object | null | undefined,
  given: unknown,
): void {
  let message = given
  if (typeof message === 'object' && message !== null) message = printf('%j', [message]).text
  else if (typeof message === 'function' || typeof message === 'symbol') message = undefined
  if (fields === undefined || fields === null) native.write(index, message, undefined, undefined)
  else native.write(index, fields, message, undefined)
}

/** Hands the line of the event over to the stream of the application's. */
function tell(logger: Writing, level: number, fields: unknown, message: unknown): void {
  const { [nativeSym]: native, [linesSym]: stream, [hooksSym]: hooks } = logger
  try {
    deliver(
      native,
      stream as DestinationStream,
      { level, fields, message, logger },
      hooks.streamWrite,
    )
  } catch (error) {
    // A log call never throws.
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}
