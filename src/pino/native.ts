// What the drop-in uses of fapilog's logger: its public API, and the place where a call has been sorted out.

import type { Logger } from 'fapilog'

/** A logger of fapilog's, as src/logger.ts makes it. */
export interface Native extends Logger {
  /** Logs an event at a level, given by its place on the wire: fields and message, or message alone. */
  write(level: number, a: unknown, b: unknown, c: undefined): void
  child(bindings: object): Native & never
}
