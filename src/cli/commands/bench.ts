// fapilog bench

import { measure } from '../bench/measure.js'
import { report } from '../bench/report.js'
import { type Command, UsageError } from '../command.js'
import { print } from '../print.js'

const SECONDS = 60

export const bench: Command = {
  name: 'bench',
  summary: 'measure fapilog on this machine, beside pino if the project here has it',
  operands: '',
  details: `
Logs to files in a temporary folder, all subjects in turns in one process, and counts the lines. A call is the time
until the log call returns, the best round of many; "until on file" ends when everything is written. pino is taken in its
fastest configuration (sync, minLength 4096). Other load on the machine makes every figure worse.`,
  options: {
    seconds: {
      type: 'string',
      short: 's',
      value: 'seconds',
      help: `how long it may take (${SECONDS})`,
    },
    json: { type: 'boolean', help: 'one JSON document' },
  },
  examples: [['npx fapilog bench', 'one minute, one table']],
  exitCodes: ['every line was written', 'lines are missing'],
  async run(given) {
    const text = given.text('seconds') ?? String(SECONDS)
    const seconds = Number(text)
    if (!(seconds > 0 && seconds <= 600))
      throw new UsageError(`--seconds '${text}': expected a number from 1 to 600`)
    const results = await measure(seconds * 1000)
    print(given.flag('json') ? `${JSON.stringify(results, undefined, 2)}\n` : report(results))
    return results.every(({ missing }) => missing === 0) ? 0 : 1
  },
}
