// What a command of the command line is, and how its arguments are read.

import { parseArgs } from 'node:util'
import { nearestName } from '../nearest-name.js'

/** An option of a command. */
export interface OptionSpec {
  readonly type: 'boolean' | 'string'
  /** One letter, for `-x`. */
  readonly short?: string
  /** May be given several times. */
  readonly multiple?: boolean
  /** What stands for the value in the help. */
  readonly value?: string
  readonly help: string
}

/** What was given on the command line. */
export interface Given {
  readonly positionals: readonly string[]
  flag(name: string): boolean
  text(name: string): string | undefined
  list(name: string): readonly string[]
}

/** A command: one file in commands/, and one line in commands.ts. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** What stands behind the options in the usage line. */
  readonly operands: string
  /** A few sentences for the help. */
  readonly details?: string
  readonly options: Readonly<Record<string, OptionSpec>>
  /** Command lines, without `fapilog`, and what they do. */
  readonly examples: readonly (readonly [command: string, does: string])[]
  /** What the exit codes 0 and 1 mean; 2 always means that the call was wrong. */
  readonly exitCodes: readonly [zero: string, one: string]
  /** @returns the exit code */
  run(given: Given): number | Promise<number>
}

/** The call was wrong: exit code 2. */
export class UsageError extends Error {}

/** Throws a {@link UsageError} that names the nearest of the known names. */
export function unknown(what: string, name: string, known: readonly string[], dashes = ''): never {
  const nearest = nearestName(name, known)
  const hint = nearest === undefined ? '' : `; did you mean '${dashes}${nearest}'?`
  throw new UsageError(`no ${what} '${dashes}${name}'${hint}`)
}

const HELP: OptionSpec = { type: 'boolean', short: 'h', help: 'show this help' }

/** The options of a command, `--help` included. */
export function optionsOf(command: Command): Readonly<Record<string, OptionSpec>> {
  return { ...command.options, help: HELP }
}

/** Reads the arguments of a command. @throws {UsageError} */
export function parse(command: Command, args: readonly string[]): Given {
  const specs = optionsOf(command)
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), multiple: multiple === true },
    ]),
  )
  const config = { args: [...args], options, allowPositionals: true } as const
  const { tokens } = parseArgs({ ...config, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind === 'option' && specs[token.name] === undefined) {
      const dashes = token.rawName.startsWith('--') ? '--' : '-'
      unknown('option', token.name, dashes === '--' ? Object.keys(specs) : [], dashes)
    }
  }
  const { values, positionals } = checked(() => parseArgs({ ...config, strict: true }))
  return {
    positionals,
    flag: (name) => values[name] === true,
    text: (name) => values[name] as string | undefined,
    list: (name) => (values[name] as string[] | undefined) ?? [],
  }
}

function checked<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify .*$/s, ''))
  }
}
