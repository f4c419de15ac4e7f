// `--since` and `--until`: points in time as people write them.

import { parseDuration } from '../../settings/units.js'
import { UsageError } from '../command.js'

/**
 * Milliseconds since the epoch of `2026-01-02`, `2026-01-02T03:04[:05.678][Z|+01:00]`, `03:04[:05]` (today), or of so
 * long ago: `90s`, `15m`, `2h`, `7d`. Without a zone they are local, or UTC if asked for.
 */
export function moment(text: string, option: string, utc: boolean, now = Date.now()): number {
  const ago = parseDuration(text)
  if (ago !== undefined) return now - ago
  const zone = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || !utc ? '' : 'Z'
  const clock = /^\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)
  const day = /^\d{4}-\d\d-\d\d$/.test(text)
  const full = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)
  const today = utc ? new Date(now).toISOString().slice(0, 10) : localDay(new Date(now))
  const ms = clock
    ? Date.parse(`${today}T${text}${zone}`)
    : day
      ? Date.parse(`${text}T00:00${utc ? 'Z' : ''}`)
      : full
        ? Date.parse(`${text.replace(' ', 'T')}${zone}`)
        : Number.NaN
  if (Number.isNaN(ms)) {
    throw new UsageError(
      `--${option} '${text}': expected a time such as 2026-01-02T03:04, 03:04 or 15m (ago)`,
    )
  }
  return ms
}

function localDay(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
