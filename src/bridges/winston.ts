// winston → log: a stream of objects, which is what winston takes for a transport.

import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import type { Logger } from 'fapilog'
import type { LevelMethod } from './levels.js'

/** winston's levels: those of npm, syslog and the command line. */
const LEVELS: Readonly<Record<string, LevelMethod>> = {
  silly: 'trace',
  input: 'trace',
  debug: 'debug',
  verbose: 'debug',
  prompt: 'debug',
  http: 'info',
  info: 'info',
  data: 'info',
  help: 'info',
  notice: 'info',
  warn: 'warning',
  warning: 'warning',
  error: 'error',
  crit: 'critical',
  alert: 'critical',
  emerg: 'critical',
}
const LEVEL = Symbol.for('level')
const SPLAT = Symbol.for('splat')

/** How winston's events become fapilog's. */
export interface WinstonTransportOptions {
  /** Levels of your own, by name; the names of winston's presets are known. Others are INFO. */
  readonly levels?: Readonly<Record<string, LevelMethod>>
}

/**
 * A transport for winston 3 that hands events over to a logger: `winston.createLogger({ transports: [winstonTransport(log)]
 * })`. Level and message are the event's, what else the object has is `data`; an Error (passed to the call, or after
 * `format.errors({ stack: true })`) is the exception. Formats of the logger hold; `format.json()` and others that make
 * text are not needed. winston's `level` of the logger holds, and then the threshold of fapilog's.
 *
 * Ending the stream does not close the logger.
 */
export function winstonTransport(
  log: Pick<Logger, LevelMethod>,
  { levels = {} }: WinstonTransportOptions = {},
): Writable {
  const known: Readonly<Record<string, LevelMethod>> = { ...LEVELS, ...levels }
  let parent: WinstonLogger | undefined
  const transport = new Writable({
    objectMode: true,
    write(info: Record<string | symbol, unknown>, _encoding, done) {
      const { level, message, stack, ...data } = info as Record<string, unknown>
      // `format.colorize()` paints the level; the one under the symbol stays as it was.
      const name = stripVTControlCharacters(String(info[LEVEL] ?? level))
      // winston leaves it to its transports to keep to the level.
      if (parent !== undefined && isBelow(parent, name)) {
        done()
        return
      }
      const method = Object.hasOwn(known, name) ? (known[name] as LevelMethod) : 'info'
      const error = errorOf(info)
      if (error !== undefined) data['error'] = error
      else if (stack !== undefined) data['stack'] = stack
      log[method](data, '%s', typeof message === 'string' ? message : textOf(message))
      done()
    },
  })
  transport.on('pipe', (source: unknown) => {
    parent = source as WinstonLogger
  })
  // winston tells its own kind of transports by the number of arguments of this.
  return Object.assign(transport, { log: () => undefined })
}

/** What a winston logger says about levels: the lower the number, the more important. */
interface WinstonLogger {
  readonly level?: string
  readonly levels?: Readonly<Record<string, number>>
}

function isBelow({ level, levels }: WinstonLogger, name: string): boolean {
  const [least, own] = [levels?.[level ?? ''], levels?.[name]]
  return least !== undefined && own !== undefined && own > least
}

/** The Error of a call: the object itself, its message, or an argument of the call. */
function errorOf(info: Record<string | symbol, unknown>): Error | undefined {
  if (info instanceof Error) return info
  const splat = info[SPLAT]
  const candidates = [
    info['message'],
    info['error'],
    info['err'],
    ...(Array.isArray(splat) ? splat : []),
  ]
  return candidates.find((value): value is Error => value instanceof Error)
}

function textOf(message: unknown): string {
  if (message instanceof Error) return message.message
  if (typeof message !== 'object' || message === null) return String(message ?? '')
  try {
    return JSON.stringify(message)
  } catch {
    return String(message)
  }
}
