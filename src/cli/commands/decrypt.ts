// fapilog decrypt

import type { Command } from '../command.js'
import { KEY, outcome, ROTATED, readLogs } from '../reading/read.js'

export const decrypt: Command = {
  name: 'decrypt',
  summary: 'print the lines of encrypted log files',
  operands: '[file…]',
  details: `
Reads files that a sink with \`encrypt\` has written, patterns ('logs/*.log') or standard input (also '-'), gzip in them
or not, and prints their lines as they were logged. What was changed, moved, left out or cut off is an error; so is a
file without the mark that nothing is missing at its end: it is still written to, or its process did not close the
logger.`,
  options: {
    ...KEY,
    'allow-open': { type: 'boolean', help: 'a file may lack the mark at its end' },
    ...ROTATED,
  },
  examples: [
    ['npx fapilog decrypt logs/app-20260102-030405.log.gz > app.log', 'a rotated file'],
    ['npx fapilog decrypt --allow-open logs/app.log', 'the file that is written to'],
  ],
  exitCodes: ['everything was decrypted', 'a file could not be read, is not whole or has no end'],
  async run(given) {
    const wanted = given.flag('allow-open') ? 'encrypted' : 'complete'
    return outcome(await readLogs(given, { output: 'json', others: true, wanted }))
  },
}
