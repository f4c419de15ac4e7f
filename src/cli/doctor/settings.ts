// The settings in force that are no defaults, and variables that mean nothing.

import { inForce } from '../settings.js'
import { type Finding, fail, ok, warn } from './finding.js'

/** Variables that are no settings and change what fapilog does. */
const OTHERS = ['FAPILOG_NATIVE_PATH', 'FAPILOG_ENCRYPTION_KEY', 'NO_COLOR', 'FORCE_COLOR']

export function settings(): Finding[] {
  const { env } = process
  const others = OTHERS.flatMap((name) =>
    env[name] === undefined ? [] : [ok(name, JSON.stringify(env[name]))],
  )
  const found = inForce({})
  if ('problems' in found) {
    const wrong = found.problems.map(({ path, value, expected, source = 'code' }) =>
      fail(path, `${JSON.stringify(value)} (${source}): expected ${expected}`),
    )
    return [...wrong, ...others]
  }
  const rows = found.rows.flatMap(({ path, value, source }) =>
    source === undefined ? [] : [ok(path, `${JSON.stringify(value)} (${source})`)],
  )
  const unknown = found.unknown.map(([name, near]) =>
    warn(name, `is no setting${near === undefined ? '' : `; did you mean ${near}?`}`),
  )
  const all = [...rows, ...unknown, ...others]
  return all.length > 0 ? all : [ok('settings', 'every one has its default')]
}
