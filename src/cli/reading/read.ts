// What `pretty`, `tail` and `query` have in common: options, the document for the native reader, the outcome.

import { isatty } from 'node:tty'
import { wantsColor } from '../../color.js'
import { BUILT_IN_LEVELS, LEVEL_NAMES } from '../../levels.js'
import { KEY_VARIABLE } from '../../settings/key-variable.js'
import { type Given, type OptionSpec, UsageError, unknown } from '../command.js'
import { native } from '../native.js'
import { complain } from '../print.js'
import { inputs } from './inputs.js'
import { moment } from './moment.js'

/** Which events. */
export const FILTERS: Readonly<Record<string, OptionSpec>> = {
  level: {
    type: 'string',
    short: 'l',
    value: 'name',
    help: 'only events of this level and above: trace, debug, info, warn, error, fatal, audit, security',
  },
  where: {
    type: 'string',
    short: 'w',
    value: 'condition',
    multiple: true,
    help: "only events whose field is so: 'a.b=1' != > >= < <= ~regex !~regex 'a' '!a'; all of several",
  },
  since: {
    type: 'string',
    value: 'time',
    help: 'only from then on: 2026-01-02T03:04, 03:04, or 15m (ago)',
  },
  until: { type: 'string', value: 'time', help: 'only before that time' },
}

/** How encrypted files are read. */
export const KEY: Readonly<Record<string, OptionSpec>> = {
  'key-variable': {
    type: 'string',
    value: 'name',
    help: `the variable that holds the key of encrypted files (${KEY_VARIABLE})`,
  },
}

/** Where from. */
export const ROTATED: Readonly<Record<string, OptionSpec>> = {
  rotated: {
    type: 'boolean',
    short: 'r',
    help: 'also the files that each file was rotated into, the oldest first',
  },
}

export const SOURCES: Readonly<Record<string, OptionSpec>> = { ...ROTATED, ...KEY }

/** How it looks. */
export const LOOKS: Readonly<Record<string, OptionSpec>> = {
  color: { type: 'boolean', help: 'colours, also when the output is no terminal' },
  'no-color': { type: 'boolean', help: 'no colours (as NO_COLOR=1 does)' },
  utc: { type: 'boolean', help: 'UTC instead of local time' },
}

/** A document of `ReadSettings` (crates/core/src/reading/settings.rs). */
export interface ReadSettings {
  readonly output: 'pretty' | 'json' | 'csv' | 'table' | 'none'
  readonly fields?: readonly string[]
  /** Pass on lines that are no events. */
  readonly others?: boolean
  readonly follow?: boolean
  readonly last?: number
  /** What the inputs have to be; `complete` is encrypted and with its end. */
  readonly wanted?: 'any' | 'encrypted' | 'complete'
}

/** The native reader's report. */
export interface Report {
  readonly lines: number
  readonly events: number
  readonly matched: number
  readonly overlong: number
  readonly levels: Readonly<Record<string, number>>
  readonly firstMs: number | null
  readonly lastMs: number | null
  readonly errors: readonly { readonly path: string; readonly error: string }[]
  readonly outputError: string | null
  readonly closed: boolean
}

/** Reads what the options and operands say. Standard output belongs to the native reader meanwhile. */
export async function readLogs(given: Given, settings: ReadSettings): Promise<Report> {
  const { readLogs } = native()
  const utc = given.flag('utc')
  const time = (option: string) => {
    const text = given.text(option)
    return text === undefined ? null : moment(text, option, utc)
  }
  const document = {
    ...settings,
    inputs: inputs(given.positionals, given.flag('rotated')),
    color: !given.flag('no-color') && (given.flag('color') || wantsColor(isatty(1))),
    utc,
    level: level(given.text('level')),
    where: given.list('where'),
    keyVariable: given.text('key-variable') ?? KEY_VARIABLE,
    sinceMs: time('since'),
    untilMs: time('until'),
  }
  let reading: Promise<string>
  try {
    reading = readLogs(JSON.stringify(document))
  } catch (error) {
    // What TypeScript did not check are the conditions.
    throw new UsageError(`--where ${(error as Error).message.replace(/^FAPILOG_\w+: /, '')}`)
  }
  return JSON.parse(await reading) as Report
}

/** Says what went wrong. @returns the exit code */
export function outcome({ errors, outputError, closed }: Report): number {
  for (const { path, error } of errors) complain(`${path}: ${error}`)
  if (outputError !== null && !closed) complain(`standard output: ${outputError}`)
  return errors.length > 0 || (outputError !== null && !closed) ? 1 : 0
}

/** A number of lines. */
export function count(given: Given, option: string): number | undefined {
  const text = given.text(option)
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text))
    throw new UsageError(`--${option} '${text}': expected a number of lines`)
  return Number(text)
}

function level(name: string | undefined): string | null {
  if (name === undefined) return null
  const found = BUILT_IN_LEVELS.find(name)
  if (found === undefined || found.index < 0) {
    const known = [...LEVEL_NAMES, 'WARN', 'FATAL'].map((one) => one.toLowerCase())
    unknown('level', name, known)
  }
  return found.name
}
