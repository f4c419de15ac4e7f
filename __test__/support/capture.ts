// A logger whose lines stay in memory, and the parsed view of what it wrote.

import { createLogger, type Logger, type LoggerOptions } from 'fapilog'

export type Json = Record<string, unknown>
export type LineFormat = 'json' | 'pino'

/** A line of the `json` format, parsed. */
export interface Envelope {
  timestamp: string
  level: string
  message: string
  logger?: string
  context: Json
  diagnostics: Json & { exception?: Json; truncated?: boolean }
  data: Json
}

/** A logger at TRACE that writes into memory. `flush` and `close` have a minute: many tests share a thread, and a machine. */
export function memoryLogger(options: LoggerOptions = {}): Logger {
  return createLogger({
    level: 'TRACE',
    format: 'json',
    sinks: [{ type: 'memory' }],
    shutdownTimeoutMs: 60_000,
    ...options,
  })
}

/** What was logged since the last call, one envelope a line. */
export function takeEvents(log: Logger, sink?: string): Envelope[] {
  return log.takeLines(sink).map((line) => JSON.parse(line) as Envelope)
}

/** What was logged since the last call, without the logger's own reports of lost events. */
export function takeOwnEvents(log: Logger): Envelope[] {
  return takeEvents(log).filter(({ message }) => !isReport(message))
}

/** Whether a message is the logger's own report of lost events. */
export function isReport(message: unknown): boolean {
  return typeof message === 'string' && /^fapilog dropped \d+ events?$/.test(message)
}

/** The one event that was logged since the last call. */
export function takeEvent(log: Logger): Envelope {
  const events = takeEvents(log)
  if (events.length !== 1) throw new Error(`${events.length} lines instead of one`)
  return events[0] as Envelope
}

/** Sum of the counts of a metrics entry. */
export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
