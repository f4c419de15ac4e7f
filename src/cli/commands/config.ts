// fapilog config print | validate | schema

import { readFileSync } from 'node:fs'
import { type Command, type Given, UsageError, unknown } from '../command.js'
import { complain, print } from '../print.js'
import { type InForce, inForce } from '../settings.js'

const ACTIONS = ['print', 'validate', 'schema'] as const

export const config: Command = {
  name: 'config',
  summary: 'print, check or describe the settings',
  operands: 'print|validate|schema [file]',
  details: `
  print     every setting that a logger made here without options has, and where it comes from: an environment
            variable, the configuration file, a preset, or the default
  validate  say what is wrong with environment and file
  schema    the JSON schema of a configuration file, for editors

The file is the one named here, else FAPILOG_CONFIG. Values that look secret are not printed.`,
  options: {
    preset: { type: 'string', value: 'name', help: 'as if this preset were given in code' },
    all: { type: 'boolean', short: 'a', help: 'print: the defaults, too' },
    json: { type: 'boolean', help: 'print and validate: one JSON document' },
  },
  examples: [
    ['npx fapilog config print --all', 'what holds here'],
    ['npx fapilog config validate fapilog.json', 'check a file before it is deployed'],
    ['npx fapilog config schema > fapilog.schema.json', 'for the editor'],
  ],
  exitCodes: ['the settings are right', 'they are not'],
  run(given) {
    const [action = '', file, ...more] = given.positionals
    if (more.length > 0) throw new UsageError('config takes one action and one file')
    switch (ACTIONS.find((known) => known === action)) {
      case 'schema':
        print(readFileSync(new URL('../../schemas/settings.schema.json', import.meta.url), 'utf8'))
        return 0
      case 'print':
        return show(given, settings(given, file))
      case 'validate':
        return validate(given, settings(given, file))
      default:
        return action === '' ? unknownAction() : unknown('action', action, ACTIONS)
    }
  },
}

function unknownAction(): never {
  throw new UsageError(`config takes an action: ${ACTIONS.join(', ')}`)
}

function settings(given: Given, file: string | undefined): InForce {
  const preset = given.text('preset')
  return inForce({
    ...(file === undefined ? {} : { configFile: file }),
    ...(preset === undefined ? {} : { preset }),
  })
}

function show(given: Given, found: InForce): number {
  if ('problems' in found) return validate(given, found)
  complainOf(found.unknown)
  const rows = found.rows.filter(({ source }) => source !== undefined || given.flag('all'))
  if (given.flag('json')) {
    print(`${JSON.stringify(rows.map((row) => ({ ...row, source: row.source ?? 'default' })))}\n`)
    return 0
  }
  if (rows.length === 0) print('every setting has its default (see them with --all)\n')
  const width = Math.max(...rows.map(({ path }) => path.length))
  const lines = rows.map(
    ({ path, value, source = 'default' }) =>
      `${path.padEnd(width)}  ${JSON.stringify(value)}  (${source})\n`,
  )
  print(lines.join(''))
  return 0
}

function validate(given: Given, found: InForce): number {
  const problems = 'problems' in found ? found.problems : []
  const strange = 'problems' in found ? [] : found.unknown
  if (given.flag('json')) {
    const unknown = strange.map(([name, nearest]) => ({ name, nearest }))
    print(`${JSON.stringify({ valid: problems.length === 0, problems, unknown })}\n`)
    return problems.length === 0 ? 0 : 1
  }
  for (const { path, value, expected, source } of problems) {
    const where = source === undefined ? '' : ` (${source})`
    const is = value === undefined ? '' : ` is ${JSON.stringify(value)}`
    complain(`${path}${is}${where}: expected ${expected}`)
  }
  complainOf(strange)
  if (problems.length > 0) return 1
  const file = 'file' in found ? found.file : undefined
  print(`the settings are right${file === undefined ? '' : `: ${file}`}\n`)
  return 0
}

/** Variables that mean nothing are no mistake of the settings: other versions may know them. */
function complainOf(unknown: readonly (readonly [name: string, near: string | undefined])[]): void {
  for (const [name, near] of unknown)
    complain(`${name} is no setting${near === undefined ? '' : `; did you mean ${near}?`}`)
}
