// When a plugin fails too often it is left alone for a while (a circuit breaker: closed, open, half-open).

/** State of a breaker. `half-open`: one call is tried. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** Counts failures in a row. */
export class Breaker {
  private failures = 0
  private until = 0
  private current: BreakerState = 'closed'

  constructor(
    private readonly maxFailures: number,
    private readonly cooldownMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  get state(): BreakerState {
    if (this.current === 'open' && this.now() >= this.until) this.current = 'half-open'
    return this.current
  }

  /** Whether a call may be made. */
  allows(): boolean {
    return this.current === 'closed' || this.state !== 'open'
  }

  /** A call has worked; whether that closed the breaker. */
  succeeded(): boolean {
    if (this.failures === 0 && this.current === 'closed') return false
    const wasOpen = this.current !== 'closed'
    this.failures = 0
    this.current = 'closed'
    return wasOpen
  }

  /** A call has failed; whether that opened the breaker. */
  failed(): boolean {
    this.failures++
    if (this.current === 'closed' && this.failures < this.maxFailures) return false
    const opened = this.current === 'closed'
    this.current = 'open'
    this.until = this.now() + this.cooldownMs
    return opened
  }
}
