// pino → log: a destination that reads pino's lines.

import type { Logger } from 'fapilog'
import type { LevelMethod } from './levels.js'

/** What pino takes for a destination. */
export interface PinoDestination {
  /** Tells pino that this is a stream, also when it is the only argument. */
  readonly writable: true
  /** Logs one line, or several. Never throws; what is no line of pino is logged as a text. */
  write(lines: string): void
}

/** Names of levels, for `formatters.level`. */
const NAMES: Readonly<Record<string, LevelMethod>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  error: 'error',
  fatal: 'critical',
}

/**
 * A destination for pino that hands events over to a logger: `pino(options, pinoDestination(log))`. `msg` is the message,
 * `err` the exception, `name` and what else the line has is `data`, without `pid` and `hostname`. Levels by number: below
 * 20 TRACE, below 30 DEBUG, below 40 INFO, below 50 WARNING, below 60 ERROR, else CRITICAL. The time of the event is that
 * of this call, which pino makes in the log call itself; a `time` that differs by a second or more is kept in `data.time`.
 */
export function pinoDestination(log: Pick<Logger, LevelMethod>): PinoDestination {
  return {
    writable: true,
    write(lines) {
      for (const line of lines.split('\n')) if (line.trim() !== '') write(log, line)
    },
  }
}

/** Two readings of a clock that are this far apart are not of the same call, in milliseconds. */
const SAME_CALL_MS = 1000

function write(log: Pick<Logger, LevelMethod>, line: string): void {
  const event = parse(line)
  if (event === undefined) {
    log.info('%s', line)
    return
  }
  const { level, time, pid: _pid, hostname: _hostname, msg, err, ...data } = event
  if (time !== undefined && !isNow(time)) data['time'] = time
  if (err !== undefined) data['err'] = revive(err)
  log[methodOf(level)](data, '%s', typeof msg === 'string' ? msg : '')
}

function isNow(time: unknown): boolean {
  const at = typeof time === 'number' ? time : Date.parse(String(time))
  return Math.abs(Date.now() - at) < SAME_CALL_MS
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const event: unknown = JSON.parse(line)
    const isEvent = typeof event === 'object' && event !== null && !Array.isArray(event)
    return isEvent ? (event as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function methodOf(level: unknown): LevelMethod {
  if (typeof level === 'string' && Object.hasOwn(NAMES, level)) return NAMES[level] as LevelMethod
  if (typeof level !== 'number') return 'info'
  if (level < 20) return 'trace'
  if (level < 30) return 'debug'
  if (level < 40) return 'info'
  if (level < 50) return 'warning'
  return level < 60 ? 'error' : 'critical'
}

/** An Error from what pino's serializer made of one; anything else as it is. */
function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const {
    type,
    message,
    stack,
    cause,
    aggregateErrors: _errors,
    ...rest
  } = value as Record<string, unknown>
  if (typeof message !== 'string' || typeof stack !== 'string') return value
  const error = new Error(message)
  if (cause !== undefined) error.cause = revive(cause)
  // What the event's exception has for a type.
  const made = Object.defineProperty(() => undefined, 'name', { value: type ?? 'Error' })
  // Not assigned: fields of the line may have any name.
  for (const [key, given] of Object.entries({
    ...rest,
    name: type ?? 'Error',
    stack,
    constructor: made,
  }))
    Object.defineProperty(error, key, {
      value: given,
      configurable: true,
      writable: true,
      enumerable: key !== 'name' && key !== 'stack' && key !== 'constructor',
    })
  return error
}
