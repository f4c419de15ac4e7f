#!/usr/bin/env node
// The command line: `fapilog recover <dir> [--dry-run]`.
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

const USAGE = `usage: fapilog recover <dir> [--dry-run]

Writes what killed processes left in the crash-safe rings of <dir> into their log files.
Exit code: 0 all is written, 1 something was left behind, 2 the call was wrong.
`

function wrong(why) {
  process.stderr.write(`fapilog: ${why}\n${USAGE}`)
  process.exit(2)
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { 'dry-run': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    return wrong(error.message)
  }
}

function describe({ path, outcome, pid, recovered, damagedBytes, droppedBeforeCrash, error }) {
  const found =
    outcome === 'recovered'
      ? ` events=${recovered} damagedBytes=${damagedBytes} droppedBeforeCrash=${droppedBeforeCrash} pid=${pid}`
      : ''
  return `${path}: ${outcome}${found}${error === null ? '' : ` (${error})`}\n`
}

const { values, positionals } = parse()
const [command, directory, ...more] = positionals
if (values.help) {
  process.stdout.write(USAGE)
} else if (command !== 'recover') {
  wrong(command === undefined ? 'no command' : `no command '${command}'`)
} else if (directory === undefined || more.length > 0) {
  wrong('recover takes one folder')
} else {
  const binding = createRequire(import.meta.url)('../native/binding.cjs')
  try {
    const reports = JSON.parse(binding.recover(directory, values['dry-run'] === true))
    for (const report of reports) process.stdout.write(describe(report))
    if (reports.length === 0) process.stdout.write(`${directory}: no rings\n`)
    const left = ['failed', 'quarantined', 'foreign']
    if (reports.some(({ outcome }) => left.includes(outcome))) process.exitCode = 1
  } catch (error) {
    process.stderr.write(`fapilog: ${error.message}\n`)
    process.exitCode = 1
  }
}
