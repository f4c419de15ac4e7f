// A logger whose events a test can ask for.

import { createLogger, type Logger, type LoggerOptions, type PluginEvent } from 'fapilog'
import { setTime, type TimeSource } from './fake-clock.js'
import { type LogMatcher, mismatches } from './matching.js'

/** Options of a test logger: those of `createLogger`; the sinks are in addition to the memory. */
export interface TestLoggerOptions extends Omit<LoggerOptions, 'format'> {
  /** What tells the time of its events, such as a `FakeClock`. @default the system's clock, whatever fake timers do */
  readonly clock?: TimeSource
}

/** Questions about what was logged, by the logger and its children. Each waits until all of it is there. */
export interface LogQueries {
  /** All events since the logger was made or cleared, in order. What is returned is a copy. */
  events(): PluginEvent[]
  /** The first event that matches, if one does. */
  find(matcher: LogMatcher): PluginEvent | undefined
  /** All events that match. */
  filter(matcher: LogMatcher): PluginEvent[]
  /** The latest event, or the latest that matches. */
  last(matcher?: LogMatcher): PluginEvent | undefined
  /** Forgets the events. */
  clear(): void
}

/** A logger that can be asked what it has logged. */
export type TestLogger = Logger & LogQueries

const SINK = 'captured'

/**
 * Makes a logger at TRACE whose events stay in memory. Nothing of it keeps a process or a test runner from ending, so
 * it need not be closed. A call waits when the ring is full rather than drop the event, and signals are left alone.
 *
 * Questions do not wait for plugins that work asynchronously: `await log.flush()` before.
 *
 * @throws {ConfigurationError} listing every problem of the options
 */
export function createTestLogger(options: TestLoggerOptions = {}): TestLogger {
  const { sinks = [], queue, clock, ...rest } = options
  const log = createLogger({
    level: 'TRACE',
    handleSignals: false,
    ...rest,
    queue: { overflow: 'block', ...queue },
    sinks: [{ type: 'memory', name: SINK, format: 'json' }, ...sinks],
  })
  if (clock !== undefined) setTime(log, clock)
  const seen: PluginEvent[] = []
  const take = (): readonly PluginEvent[] => {
    for (const line of log.takeLines(SINK)) seen.push(JSON.parse(line) as PluginEvent)
    return seen
  }
  const matches = (matcher: LogMatcher) => (event: PluginEvent) =>
    mismatches(event, matcher).length === 0
  const queries: LogQueries = {
    events: () => structuredClone([...take()]),
    find: (matcher) => structuredClone(take().find(matches(matcher))),
    filter: (matcher) => structuredClone(take().filter(matches(matcher))),
    last: (matcher = () => true) => structuredClone(take().findLast(matches(matcher))),
    clear() {
      take()
      seen.length = 0
    },
  }
  return Object.assign(log, queries)
}
