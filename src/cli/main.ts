// Finds the command, runs it, and ends with its exit code.

import { isatty } from 'node:tty'
import { parse, UsageError, unknown } from './command.js'
import { COMMANDS } from './commands.js'
import { helpOf, overview } from './help.js'
import { complain, print } from './print.js'
import { ownVersion } from './version.js'

/** Runs the command line. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const [first] = args
  if (first === '--version' || first === '-v') {
    print(`${ownVersion()}\n`)
    return 0
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    const named = COMMANDS.find(({ name }) => name === args[1])
    print(named === undefined ? overview(COMMANDS, ownVersion()) : helpOf(named))
    return 0
  }
  if (first === undefined && isatty(0)) {
    complain(`no command\n\n${overview(COMMANDS, ownVersion())}`)
    return 2
  }
  const piped = first === undefined || (!isatty(0) && first.startsWith('-'))
  const [name, rest] = piped ? ['pretty', args] : [first, args.slice(1)]
  try {
    return await runCommand(name, rest)
  } catch (error) {
    const help = COMMANDS.some((one) => one.name === name) ? ` ${name}` : ''
    if (error instanceof UsageError) {
      complain(`${error.message}\nSee \`fapilog${help} --help\`.`)
      return 2
    }
    complain((error as Error).message)
    return 1
  }
}

async function runCommand(name: string, args: readonly string[]): Promise<number> {
  const command = COMMANDS.find((one) => one.name === name)
  if (command === undefined) {
    unknown(
      name.startsWith('-') ? 'option' : 'command',
      name,
      COMMANDS.map((one) => one.name),
    )
  }
  const given = parse(command, args)
  if (given.flag('help')) {
    print(helpOf(command))
    return 0
  }
  return command.run(given)
}
