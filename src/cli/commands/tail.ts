// fapilog tail

import type { Command } from '../command.js'
import { count, FILTERS, KEY, LOOKS, outcome, readLogs } from '../reading/read.js'

const LINES = 10

export const tail: Command = {
  name: 'tail',
  summary: 'follow log files, through rotations',
  operands: 'file…',
  details: `
As \`pretty --follow --lines ${LINES}\`. A file is followed by its name: when it is renamed, truncated or made anew, the
rest of the old one and the whole of the new one are shown. A file that is not there is waited for.`,
  options: {
    lines: {
      type: 'string',
      short: 'n',
      value: 'count',
      help: `start so many lines before the end (${LINES})`,
    },
    ...FILTERS,
    'events-only': { type: 'boolean', help: 'leave out lines that are no events' },
    ...KEY,
    ...LOOKS,
  },
  examples: [
    ['npx fapilog tail logs/app.log', 'the last ten lines, and what comes'],
    ["npx fapilog tail -n 0 --level error 'logs/*.log'", 'errors of several files from now on'],
  ],
  exitCodes: ['the reader of the output is gone', 'a file could not be read'],
  async run(given) {
    return outcome(
      await readLogs(given, {
        output: 'pretty',
        others: !given.flag('events-only'),
        follow: true,
        last: count(given, 'lines') ?? LINES,
      }),
    )
  },
}
