// console.* → log.

import { format } from 'node:util'
import type { Logger } from 'fapilog'
import { type Capture, capture } from './restoring.js'

const METHODS = {
  trace: 'trace',
  debug: 'debug',
  log: 'info',
  info: 'info',
  warn: 'warning',
  error: 'error',
} as const
/** Methods of `console` that are captured. */
export type ConsoleMethod = keyof typeof METHODS

/**
 * Sends `console.trace`, `debug`, `log`, `info`, `warn` and `error` to a logger, as TRACE, DEBUG, INFO, INFO, WARNING and
 * ERROR: the message is what Node.js would have printed (`util.format`), the first Error among the arguments is the
 * event's exception, and `data.source` is `console`. Other methods, `console.table` for example, print through these.
 *
 * Sinks of the logger do not print through `console`, nor do its diagnostics; what a plugin prints is logged without being
 * shown to plugins again. The exception is a sink in JavaScript: it must not print while it writes.
 *
 * @returns what puts the methods back; a method that somebody else has replaced meanwhile stays theirs
 */
export function captureConsole(log: Pick<Logger, (typeof METHODS)[ConsoleMethod]>): Capture {
  let inside = false
  const restores = (Object.keys(METHODS) as ConsoleMethod[]).map((method) => {
    const original = console[method]
    const replacement = (...args: unknown[]): void => {
      if (inside) {
        original.apply(console, args)
        return
      }
      inside = true
      try {
        const error = args.find((value) => value instanceof Error)
        const fields = error === undefined ? { source: 'console' } : { source: 'console', error }
        log[METHODS[method]](fields, '%s', format(...args))
      } finally {
        inside = false
      }
    }
    console[method] = replacement
    return () => {
      if (console[method] === replacement) console[method] = original
    }
  })
  return capture(() => {
    for (const restore of restores) restore()
  })
}
