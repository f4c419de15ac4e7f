// fapilog doctor

import type { Command } from '../command.js'
import type { Finding, State } from '../doctor/finding.js'
import { folder } from '../doctor/folders.js'
import { installation } from '../doctor/installation.js'
import { machine } from '../doctor/machine.js'
import { settings } from '../doctor/settings.js'
import { print } from '../print.js'

const MARKS: Readonly<Record<State, string>> = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' }

export const doctor: Command = {
  name: 'doctor',
  summary: 'say what is installed, whether it works, and what stands in its way',
  operands: '[log folder or file…]',
  details: `
Looks at the package, its native binary and the machine's limits, at the settings in the environment, and at each named
folder: permissions, room, file system, crash-safe rings. Without a name at \`logs\`, if it is there. Changes nothing.`,
  options: { json: { type: 'boolean', help: 'one JSON document' } },
  examples: [
    ['npx fapilog doctor', 'the installation'],
    ['npx fapilog doctor /var/log/app', 'and a log folder'],
  ],
  exitCodes: ['nothing fails', 'something does'],
  async run(given) {
    const folders = given.positionals.length > 0 ? given.positionals : ['logs']
    const sections: Readonly<Record<string, readonly Finding[]>> = {
      installation: await installation(),
      settings: settings(),
      folders: folders.flatMap(folder),
      machine: machine(),
    }
    if (given.flag('json')) print(`${JSON.stringify(sections, undefined, 2)}\n`)
    else
      print(
        Object.entries(sections)
          .map(([title, found]) => section(title, found))
          .join('\n'),
      )
    const failed = Object.values(sections).some((found) =>
      found.some(({ state }) => state === 'fail'),
    )
    return failed ? 1 : 0
  },
}

function section(title: string, findings: readonly Finding[]): string {
  const rows = findings.map(
    ({ about, state, text }) =>
      `  ${MARKS[state]}  ${about}: ${text.replaceAll('\n', '\n        ')}\n`,
  )
  return `${title}\n${rows.join('')}`
}
