// fapilog query

import { type Command, type Given, UsageError, unknown } from '../command.js'
import { print } from '../print.js'
import { FILTERS, LOOKS, outcome, type Report, readLogs, SOURCES } from '../reading/read.js'

const FORMATS = ['json', 'csv', 'table', 'pretty'] as const
type Format = (typeof FORMATS)[number]

export const query: Command = {
  name: 'query',
  summary: 'find events in log files, count them, take fields out',
  operands: '[file…]',
  details: `
Reads files, patterns ('logs/*.log') or standard input (also '-'), plain, gzip or encrypted. Prints the lines of the events that
match, unchanged; with --fields those fields only. A field is a dotted path from the line's root or, in fapilog's
lines, from \`data\`, \`context\` or \`diagnostics\`; \`err\` is the error. Lines that are no events are left out.`,
  options: {
    ...FILTERS,
    fields: { type: 'string', value: 'a,b.c', help: 'only these fields' },
    format: {
      type: 'string',
      value: 'format',
      help: `${FORMATS.join(', ')} (json, without --fields the lines as they are)`,
    },
    count: { type: 'boolean', short: 'c', help: 'print only how many there are' },
    stats: {
      type: 'boolean',
      help: 'print only how many there are of each level, and the time they span',
    },
    ...SOURCES,
    ...LOOKS,
  },
  examples: [
    [
      "npx fapilog query -w 'statusCode>=500' -r logs/app.log",
      'server errors, in rotated files too',
    ],
    [
      'npx fapilog query --fields time,user.id,err.message --format csv logs/app.log > errors.csv',
      'three fields as CSV',
    ],
    [
      'npx fapilog query --count --level error --since 1h logs/app.log',
      'how many errors in the last hour',
    ],
  ],
  exitCodes: ['everything was read, whatever was found', 'a file could not be read'],
  async run(given) {
    const format = formatOf(given)
    const fields = (given.text('fields') ?? '').split(',').filter((field) => field !== '')
    const summed = given.flag('count') || given.flag('stats')
    if (summed && given.flag('count') === given.flag('stats'))
      throw new UsageError('--count and --stats exclude each other')
    if (summed && fields.length > 0)
      throw new UsageError('--fields shows events, --count and --stats do not')
    if (format === 'pretty' && fields.length > 0)
      throw new UsageError('--format pretty shows whole events: leave --fields out')
    const report = await readLogs(given, { output: summed ? 'none' : format, fields })
    if (given.flag('count')) print(`${report.matched}\n`)
    if (given.flag('stats')) print(stats(report, given.text('format') === 'json'))
    return outcome(report)
  },
}

function formatOf(given: Given): Format {
  const name = given.text('format') ?? 'json'
  return FORMATS.find((format) => format === name) ?? unknown('format', name, FORMATS)
}

function stats(report: Report, json: boolean): string {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
  const { lines, events, matched, overlong } = report
  const [first, last] = [time(report.firstMs), time(report.lastMs)]
  const levels = Object.entries(report.levels).filter(([, count]) => count > 0)
  if (json) {
    const document = {
      lines,
      events,
      matched,
      overlong,
      levels: Object.fromEntries(levels),
      first,
      last,
    }
    return `${JSON.stringify(document)}\n`
  }
  const rows: [string, string | number][] = [
    ['lines', lines],
    ['events', events],
    ['matched', matched],
    ...levels.map(([level, count]): [string, number] => [`  ${level}`, count]),
    ...(first === null || last === null
      ? []
      : ([
          ['first', first],
          ['last', last],
        ] as [string, string][])),
  ]
  return rows.map(([name, value]) => `${name.padEnd(10)}  ${value}\n`).join('')
}
