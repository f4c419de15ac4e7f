// The package debug → log.

import { format } from 'node:util'
import type { Logger } from 'fapilog'
import { type Capture, capture } from './restoring.js'

/** The package `debug`, of which only this is used. */
export interface DebugModule {
  /** Where all of its loggers write to. */
  log: (...args: never[]) => unknown
  /** Puts time and namespace, or colours, into the arguments, in place. */
  formatArgs: (this: never, args: never[]) => void
}

/** One logger of the package. */
interface DebugLogger {
  readonly namespace: string
}

/**
 * Sends what the package `debug` prints to a logger, as DEBUG: the message without time, colour and namespace, which is in
 * `data.namespace`; the first Error among the arguments is the event's exception. `DEBUG` says which namespaces are on,
 * as before. A namespace that was given a `log` of its own keeps it.
 *
 * @param debug - what the package exports
 */
export function captureDebug(log: Pick<Logger, 'debug'>, debug: DebugModule): Capture {
  const original = { log: debug.log, formatArgs: debug.formatArgs }
  function write(this: DebugLogger, ...args: unknown[]): void {
    const { namespace } = this
    const error = args.find((value) => value instanceof Error)
    const fields = error === undefined ? { namespace } : { namespace, error }
    log.debug(fields, '%s', format(...args))
  }
  const formatArgs = (): void => undefined
  debug.log = write
  debug.formatArgs = formatArgs
  return capture(() => {
    if (debug.log === write) debug.log = original.log
    if (debug.formatArgs === formatArgs) debug.formatArgs = original.formatArgs
  })
}
