// fapilog recover

import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Command, UsageError } from '../command.js'
import { native } from '../native.js'
import { complain, print } from '../print.js'

/** What the native side says of one ring (crates/core/src/recovery). */
export interface RingReport {
  readonly path: string
  readonly outcome: string
  readonly pid: number | null
  readonly recovered: number
  readonly damagedBytes: number
  readonly droppedBeforeCrash: number
  readonly error: string | null
}

/** Outcomes that leave something behind. */
const LEFT = ['failed', 'quarantined', 'foreign']

export const recover: Command = {
  name: 'recover',
  summary: 'write what killed processes left in crash-safe rings',
  operands: '<dir>',
  details: `
Looks for rings in <dir>, or in \`.fapilog\` inside it (where they are beside the log files, unless \`crashSafeDir\` says
otherwise), writes what their processes could not write any more into their log files, and removes them. Rings of living
processes are left alone.`,
  options: { 'dry-run': { type: 'boolean', help: 'change nothing, only say what there is' } },
  examples: [
    ['npx fapilog recover logs --dry-run', 'see what is there'],
    ['npx fapilog recover logs', 'write it'],
  ],
  exitCodes: ['all is written', 'something was left behind'],
  run(given) {
    const [named, ...more] = given.positionals
    if (named === undefined || more.length > 0) throw new UsageError('recover takes one folder')
    const inside = besideLogs(named)
    const directory = existsSync(inside) ? inside : named
    let reports: RingReport[]
    try {
      reports = rings(directory, given.flag('dry-run'))
    } catch (error) {
      complain((error as Error).message)
      return 1
    }
    for (const report of reports) print(`${describe(report)}\n`)
    if (reports.length === 0) print(`${directory}: no rings\n`)
    return reports.some(({ outcome }) => LEFT.includes(outcome)) ? 1 : 0
  },
}

/** Where the rings of a folder of log files are; itself for a folder of rings. */
export function besideLogs(directory: string): string {
  return basename(directory) === '.fapilog' ? directory : join(directory, '.fapilog')
}

/** Recovers the rings of a folder, or only says what it would do. */
export function rings(directory: string, dryRun: boolean): RingReport[] {
  return JSON.parse(native().recover(directory, dryRun)) as RingReport[]
}

/** One line about a ring. */
export function describe(report: RingReport): string {
  const { path, outcome, pid, recovered, damagedBytes, droppedBeforeCrash, error } = report
  const found =
    outcome === 'recovered'
      ? ` events=${recovered} damagedBytes=${damagedBytes} droppedBeforeCrash=${droppedBeforeCrash} pid=${pid}`
      : ''
  return `${path}: ${outcome}${found}${error === null ? '' : ` (${error})`}`
}
