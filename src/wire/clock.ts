/** Events that share one reading of the clock, at most. */
const TIME_REUSE = 64

/** Not replaced by what fakes the timers of a test. */
const systemTime = Date.now

/**
 * The time of events. `Date.now()` costs as much as everything else of a short event, so its value is used again
 * for a few: as long as the drain thread, which counts ticks once a millisecond while it is awake, has not
 * counted one, and at most `TIME_REUSE` times.
 */
export class Clock {
  private lastTick = 0
  private uses = 0
  private readonly time = new Float64Array(1)
  private readonly words = new Int32Array(this.time.buffer)
  /** The two words of the time that was read last: a double, in milliseconds since the epoch. */
  low = 0
  high = 0

  /** @param now - milliseconds since the epoch */
  constructor(private readonly now: () => number = systemTime) {}

  /** Whether the clock must be read again, at this tick of the drain thread (0 when it sleeps). */
  isStale(tick: number): boolean {
    return tick === 0 || tick !== this.lastTick || ++this.uses > TIME_REUSE
  }

  /** Reads the clock. */
  refresh(tick: number): void {
    this.lastTick = tick
    this.uses = 0
    this.time[0] = this.now()
    this.low = this.words[0] as number
    this.high = this.words[1] as number
  }
}
