// process.on('warning') → log.

import type { Logger } from 'fapilog'
import { type Capture, capture } from './restoring.js'

/**
 * Logs the warnings of the process, deprecations among them, as WARNING: with the warning as the event's exception, its
 * code and detail in `data`, `data.source` is `process`. Node.js prints them as before, unless it is started with
 * `--no-warnings`.
 */
export function captureWarnings(log: Pick<Logger, 'warning'>): Capture {
  const listener = (warning: Error & { code?: string; detail?: string }): void => {
    const { code, detail } = warning
    log.warning(
      {
        source: 'process',
        ...(code !== undefined && { code }),
        ...(detail !== undefined && { detail }),
        error: warning,
      },
      '%s',
      `${warning.name}: ${warning.message}`,
    )
  }
  process.on('warning', listener)
  return capture(() => {
    process.off('warning', listener)
  })
}
