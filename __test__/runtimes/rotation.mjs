// Logs numbered events into a file that is rotated and compressed, then prints receipts and counters. rotation.mjs PATH COUNT
import { setImmediate as turn } from 'node:timers/promises'
import { createLogger } from 'fapilog'

const [, , path, count] = process.argv
const log = createLogger({
  format: 'pino',
  queue: { overflow: 'block' },
  sinks: [{ type: 'file', path, rotate: { maxBytes: '500 KB', compress: 'gzip' } }],
})
const text = 'x'.repeat(200)
for (let n = 0; n < Number(count); n++) {
  log.info({ n, text: text.slice(0, n % 200) }, 'numbered')
  if (n % 1000 === 0) await turn()
}
const flushed = await log.flush()
const { submitted, written, inFlight } = log.metrics()
const closed = await log.close()
console.log(
  JSON.stringify({
    flushed: flushed.complete,
    closed: closed.complete,
    submitted,
    written,
    inFlight,
  }),
)
