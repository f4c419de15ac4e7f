// Options, environment and file → checked settings. When there is nothing to check, zod is not loaded.

import { ConfigurationError } from '../errors.js'
import { loadChecker } from '../load-checker.js'
import { defaultSettings } from './defaults.js'
import { settingVariables, UNCHECKED } from './environment.js'
import type { LoggerOptions } from './options.js'
import type { ResolvedSettings } from './schema.js'

/** Settings and the file they may have come from. */
export interface Resolved {
  readonly settings: ResolvedSettings
  /** Absolute path of the configuration file, if there is one. */
  readonly file: string | undefined
}

/** Merges and checks every source. @throws {ConfigurationError} that lists every problem */
export function resolveSources(options: LoggerOptions | undefined): Resolved {
  const variables = settingVariables()
  const settings = withoutOptions(options, variables)
  if (settings !== undefined) return { settings, file: undefined }
  const checked = loadChecker().check(options === undefined ? {} : options, variables)
  if ('problems' in checked) throw ConfigurationError.of(checked.problems)
  for (const [name, near] of checked.unknown) warnOnce(name, near)
  return checked
}

/** The settings of every source. @throws {ConfigurationError} that lists every problem */
export function resolveSettings(options: LoggerOptions | undefined): ResolvedSettings {
  return resolveSources(options).settings
}

/** The defaults, when no source says anything that has to be checked. */
function withoutOptions(
  options: LoggerOptions | undefined,
  variables: Readonly<Record<string, string>> | undefined,
): ResolvedSettings | undefined {
  if (options !== undefined) return undefined
  const settings = defaultSettings()
  for (const [name, value] of Object.entries(variables ?? {})) {
    const setting = UNCHECKED[name]
    if (setting === undefined) return undefined
    settings[setting] = value
  }
  return settings
}

const warned = new Set<string>()

/** A variable of a later version, or of something else, must not keep the application from starting. */
function warnOnce(name: string, near: string | undefined): void {
  if (warned.has(name)) return
  warned.add(name)
  const hint = near === undefined ? '' : `; did you mean ${near}?`
  process.emitWarning(`the environment variable ${name} is no setting of fapilog${hint}`, {
    type: 'FapilogWarning',
    code: 'FAPILOG_ENVIRONMENT',
  })
}
