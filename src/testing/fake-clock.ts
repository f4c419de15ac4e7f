// Time as a test wants it.

import type { Logger } from 'fapilog'
import { Clock } from '../wire/clock.js'

/** What tells the time: a `FakeClock`, or `Date` where fake timers have replaced it. */
export interface TimeSource {
  /** Milliseconds since the epoch. */
  now(): number
}

/** A clock that stands still until it is moved. */
export class FakeClock implements TimeSource {
  private time: number

  /** @param start - where it stands; a text as `Date` reads it. @default the epoch */
  constructor(start: Date | number | string = 0) {
    this.time = instant(start)
  }

  now(): number {
    return this.time
  }

  /** Moves it forwards, or back with a negative number, by so many milliseconds. */
  advance(ms: number): void {
    this.time = instant(this.time + ms)
  }

  /** Moves it to another time. */
  set(time: Date | number | string): void {
    this.time = instant(time)
  }
}

/** Lets the events of a logger and its children, in this thread, have the time of a source. */
export function setTime(log: Logger, source: TimeSource): void {
  const { encoder } = (log as unknown as { container: { encoder: { clock: Clock } } }).container
  encoder.clock = new GivenClock(() => source.now())
}

/** Reads its source for every event: a fake clock may be moved between any two. */
class GivenClock extends Clock {
  override isStale(): boolean {
    return true
  }
}

function instant(time: Date | number | string): number {
  const ms = new Date(time).getTime()
  if (Number.isNaN(ms)) throw new RangeError(`no time: ${String(time)}`)
  return ms
}
