// Options → checked settings. Without options there is nothing to check, and zod is not loaded.

import { ConfigurationError } from '../errors.js'
import { loadChecker } from '../load-checker.js'
import { defaultSettings } from './defaults.js'
import type { LoggerOptions } from './options.js'
import type { ResolvedSettings } from './schema.js'

/** Checks options. @throws {ConfigurationError} that lists every problem */
export function resolveSettings(options: LoggerOptions | undefined): ResolvedSettings {
  if (options === undefined) return defaultSettings()
  const checked = loadChecker().check(options)
  if ('problems' in checked) throw ConfigurationError.of(checked.problems)
  return checked.settings
}
