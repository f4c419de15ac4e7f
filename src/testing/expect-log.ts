// Assertions that every test runner understands: they throw the AssertionError of node:assert.

import { AssertionError } from 'node:assert'
import type { PluginEvent } from 'fapilog'
import { describeMatcher, type LogMatcher, mismatches, show } from './matching.js'
import type { LogQueries } from './test-logger.js'

/** Events that a failure names. */
const SHOWN = 5

/**
 * Fails unless an event was logged that matches.
 *
 * @param log - a test logger
 * @param matcher - which events are meant
 * @param expected - `times`: how many events must match, 1 or more. @default at least one
 * @returns the first event that matches
 * @throws {AssertionError} naming the events that come nearest and what keeps each from matching
 * @throws {RangeError} when `times` is below 1: that is `expectNoLog`
 */
export function expectLog(
  log: Pick<LogQueries, 'events'>,
  matcher: LogMatcher,
  expected: { readonly times?: number } = {},
): PluginEvent {
  const { times } = expected
  if (times !== undefined && !(times >= 1))
    throw new RangeError(`times is ${times}: for no event at all there is expectNoLog`)
  const events = log.events()
  const judged = events.map((event) => ({ event, reasons: mismatches(event, matcher) }))
  const found = judged.filter(({ reasons }) => reasons.length === 0)
  if (times === undefined ? found.length > 0 : found.length === times)
    return found[0]?.event as PluginEvent
  const wanted = times === undefined ? 'an event matches' : `${count(times)} matches`
  const head = `expected that ${wanted} ${describeMatcher(matcher)}, but ${count(found.length)} of ${events.length} did`
  const lines =
    found.length > 0
      ? found.map(({ event }) => line(event))
      : judged
          .toSorted((a, b) => a.reasons.length - b.reasons.length)
          .map(({ event, reasons }) => `${line(event)}\n    ${reasons.join('\n    ')}`)
  fail(head, lines, events, matcher, expectLog)
}

/**
 * Fails when an event was logged that matches.
 *
 * @param log - a test logger
 * @param matcher - without one, any event fails
 * @throws {AssertionError} naming the events
 */
export function expectNoLog(log: Pick<LogQueries, 'events'>, matcher?: LogMatcher): void {
  const found = log
    .events()
    .filter((event) => matcher === undefined || mismatches(event, matcher).length === 0)
  if (found.length === 0) return
  const head =
    matcher === undefined
      ? `expected that nothing was logged, but ${found.length === 1 ? '1 event was' : `${found.length} events were`}`
      : `expected that no event matches ${describeMatcher(matcher)}, but ${count(found.length)} did`
  fail(head, found.map(line), found, matcher, expectNoLog)
}

function fail(
  head: string,
  lines: readonly string[],
  actual: readonly PluginEvent[],
  expected: unknown,
  caller: (...given: never[]) => unknown,
): never {
  const shown = lines.slice(0, SHOWN)
  if (lines.length > SHOWN) shown.push(`… and ${lines.length - SHOWN} more`)
  const message = shown.length === 0 ? head : `${head}:\n  ${shown.join('\n  ')}`
  throw new AssertionError({
    message,
    actual,
    expected,
    operator: caller.name,
    stackStartFn: caller,
  })
}

function count(events: number): string {
  return events === 0 ? 'none' : events === 1 ? '1 event' : `${events} events`
}

function line({ level, message, data }: PluginEvent): string {
  return `${level} ${show(message)} ${show(data)}`
}
