// Which environment variables hold settings. Looking costs microseconds, so that it can be done for every logger.

import { PREFIX } from './prefix.js'

/** Variables of the prefix that hold no setting. */
const OTHERS = new Set(['FAPILOG_NATIVE_PATH', 'FAPILOG_ENCRYPTION_KEY'])

/** The variables of the prefix that may hold settings, names in upper case; undefined when there are none. */
export function settingVariables(): Record<string, string> | undefined {
  let found: Record<string, string> | undefined
  for (const name of Object.keys(process.env)) {
    // Windows keeps the case in which a name was set.
    if (name.slice(0, PREFIX.length).toUpperCase() !== PREFIX) continue
    const value = process.env[name]
    const upper = name.toUpperCase()
    // Orchestrators set what is meant to be unset to nothing.
    if (value === undefined || value === '' || OTHERS.has(upper)) continue
    found ??= {}
    found[upper] = value
  }
  return found
}

/** Settings that take any text, so that nothing has to be checked when only these are set. */
export const UNCHECKED: Readonly<Record<string, 'service' | 'env' | 'version'>> = {
  FAPILOG_SERVICE: 'service',
  FAPILOG_ENV: 'env',
  FAPILOG_VERSION: 'version',
}
