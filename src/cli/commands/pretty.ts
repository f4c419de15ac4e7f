// fapilog pretty

import type { Command } from '../command.js'
import { count, FILTERS, LOOKS, outcome, readLogs, SOURCES } from '../reading/read.js'

export const pretty: Command = {
  name: 'pretty',
  summary: 'show log lines as people read them',
  operands: '[file…]',
  details: `
Reads files, patterns ('logs/*.log') or standard input (also '-'), plain, gzip or encrypted. Understands the JSON lines of
fapilog, pino, bunyan and winston. Lines that are no events are passed on as they are, whatever the filters:
they may be the last words of a crash.`,
  options: {
    follow: {
      type: 'boolean',
      short: 'f',
      help: 'wait for more; goes on with the next file after a rotation',
    },
    lines: {
      type: 'string',
      short: 'n',
      value: 'count',
      help: 'start so many lines before the end',
    },
    ...FILTERS,
    'events-only': { type: 'boolean', help: 'leave out lines that are no events' },
    ...SOURCES,
    ...LOOKS,
  },
  examples: [
    ['node app.js | npx fapilog', 'an application that logs JSON to standard output'],
    ['npx fapilog pretty --level warn logs/app.log', 'warnings and above of a file'],
    [
      "npx fapilog pretty -r -w 'user.id=42' --since 2h logs/app.log",
      'one user, the last two hours, rotated files too',
    ],
  ],
  exitCodes: ['everything was read', 'a file could not be read'],
  async run(given) {
    const last = count(given, 'lines')
    return outcome(
      await readLogs(given, {
        output: 'pretty',
        others: !given.flag('events-only'),
        follow: given.flag('follow'),
        ...(last === undefined ? {} : { last }),
      }),
    )
  },
}
