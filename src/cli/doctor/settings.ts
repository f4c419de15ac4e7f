// Which settings the environment makes.

import { type Finding, ok } from './finding.js'

export function environment(): Finding[] {
  const { env } = process
  const names = Object.keys(env).filter(
    (name) => name.startsWith('FAPILOG_') || name === 'NO_COLOR' || name === 'FORCE_COLOR',
  )
  if (names.length === 0) return [ok('environment', 'no FAPILOG_… variables')]
  return names.sort().map((name) => ok(name, JSON.stringify(env[name])))
}
