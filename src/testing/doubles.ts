// Plugins that behave as a test needs them to: sinks that remember, fail, take long or never end.

import { setTimeout as delay } from 'node:timers/promises'
import {
  defineProcessor,
  defineRedactor,
  defineSink,
  type PluginEvent,
  type Processor,
  type Redactor,
  type Sink,
} from 'fapilog'

/** A sink that keeps what it was given. */
export interface RecordingSink extends Sink {
  /** What was written, in order. */
  readonly events: PluginEvent[]
  /** Calls of `write`, those that failed among them. */
  readonly calls: number
}

/** A sink that keeps what it is given. @param name - @default 'recording' */
export function recordingSink(name = 'recording'): RecordingSink {
  return recording(name, () => undefined)
}

/**
 * A sink whose first `failures` writes fail; then it is a recording one.
 *
 * @param failures - 0 or more, or `Infinity` for one that never works
 */
export function failingSink(failures: number, name = 'failing'): RecordingSink {
  let left = failures
  return recording(name, () => {
    if (left-- > 0) throw new Error('the destination is away')
  })
}

/** A recording sink that needs `ms` milliseconds for every write. */
export function slowSink(ms: number, name = 'slow'): RecordingSink {
  return recording(name, () => delay(ms))
}

/** A sink whose writes never end. @param timeoutMs - after which each is a failure. @default 50 */
export function hangingSink(timeoutMs = 50, name = 'hanging-sink'): Sink {
  return defineSink({ name, timeoutMs, write: never })
}

/** A processor that never comes back. @param timeoutMs - after which each call is a failure. @default 50 */
export function hangingProcessor(timeoutMs = 50, name = 'hanging'): Processor {
  return defineProcessor({ name, timeoutMs, process: never })
}

/** A redactor that throws at every event, all of which are withheld. */
export function throwingRedactor(name = 'throwing'): Redactor {
  return defineRedactor({
    name,
    redact() {
      throw new Error('cannot redact')
    },
  })
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}

function recording(name: string, before: () => undefined | Promise<unknown>): RecordingSink {
  const events: PluginEvent[] = []
  let calls = 0
  const write = (batch: PluginEvent[]): void | Promise<void> => {
    calls++
    const pending = before()
    if (pending === undefined) events.push(...batch)
    else
      return pending.then(() => {
        events.push(...batch)
      })
  }
  return {
    kind: 'sink',
    name,
    write,
    events,
    get calls() {
      return calls
    },
  }
}
