// The help texts: of the whole, and of one command.

import { type Command, type OptionSpec, optionsOf } from './command.js'

/** `fapilog --help` */
export function overview(commands: readonly Command[], version: string): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const)
  return `fapilog ${version}

Usage: fapilog <command> [options]

Commands:
${table(rows)}

\`fapilog <command> --help\` tells more. Without a command, standard input is pretty-printed:
  node app.js | npx fapilog

Exit codes: 0 done, 1 something failed, 2 the call was wrong.
`
}

/** `fapilog <command> --help` */
export function helpOf(command: Command): string {
  const { name, summary, operands, details, examples, exitCodes } = command
  const options = Object.entries(optionsOf(command)).map(
    ([option, spec]) => [spelling(option, spec), spec.help] as const,
  )
  return `${summary[0]?.toUpperCase()}${summary.slice(1)}.

Usage: fapilog ${name} [options]${operands === '' ? '' : ` ${operands}`}
${details === undefined ? '' : `\n${details.trim()}\n`}
Options:
${table(options)}

Examples:
${examples.map(([line, does]) => `  # ${does}\n  ${line}`).join('\n')}

Exit codes: 0 ${exitCodes[0]}, 1 ${exitCodes[1]}, 2 the call was wrong.
`
}

function spelling(name: string, { short, value, type }: OptionSpec): string {
  const letter = short === undefined ? '    ' : `-${short}, `
  return `${letter}--${name}${type === 'string' ? ` <${value ?? 'value'}>` : ''}`
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
