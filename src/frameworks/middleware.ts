// What the adapters that are middleware return beside the middleware itself.

import type { Logger } from 'fapilog'

/** The rest of a middleware: the application's logger, and its end. */
export interface RequestLogHandle {
  /** The logger of the application. */
  readonly logger: Logger
  /** Writes everything; closes the logger if the adapter made it. To be called when the server has closed. */
  end(): Promise<void>
}
