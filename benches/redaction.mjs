/**
 * What redaction costs on the request record, in nanoseconds of the calling thread and until everything is in the
 * file:
 *
 *   node benches/redaction.mjs [--rounds 15]
 *
 * Rows are interleaved, the least of all rounds is printed: what a busy machine adds is not the logger's. pino
 * gets the paths at which its record may hold what the presets CREDENTIALS and PCI-DSS name. In `with secrets`
 * the record has a header and a card that have to be masked. Ends with the targets.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { nativeThread } from './lib/cpu.mjs'
import { load, settings } from './lib/fapilog.mjs'
import { show, verdict } from './lib/targets.mjs'
import { workloads } from './lib/workloads.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } })
const CALLS = 10_000
const folder = mkdtempSync(join(tmpdir(), 'fapilog-redaction-'))

const { createLogger } = await load()
const presets = { redact: { presets: ['CREDENTIALS', 'PCI-DSS'] } }
const paths = ['authorization', 'cookie', 'password', 'token', 'cardNumber', 'cvv'].flatMap(
  (name) => [name, `*.${name}`, `req.headers.${name}`],
)

const fapilog = (title, options, call) => {
  const log = createLogger(settings(join(folder, `${title}.log`), options))
  return { title, log, call, end: () => log.flush(), close: () => log.close() }
}
const rival = (title, options, call) => {
  const stream = pino.destination({
    dest: join(folder, `${title}.log`),
    sync: true,
    minLength: 4096,
  })
  const log = pino({ name: 'bench', ...options }, stream)
  const end = async () => stream.flushSync()
  return { title, log, call, end, close: end }
}

const request = (log) => workloads.request.prepare('pino', log)
const withSecrets = () => {
  const records = Array.from({ length: 256 }, (_, i) => ({
    req: {
      id: `req-${i}`,
      method: 'POST',
      url: `/api/v1/orders/${i}/pay`,
      headers: { host: 'example.org', authorization: `Bearer ${'x'.repeat(40)}${i}` },
    },
    cardNumber: `41111111111${10_000 + i}`,
    status: 200,
    responseTime: i + 0.25,
  }))
  return (log, i) => log.info(records[i & 255], 'request completed')
}

const rows = [
  fapilog('fapilog', {}, request()),
  fapilog('fapilog redacted', presets, request()),
  rival('pino', {}, request()),
  rival('pino redacted', { redact: paths }, request()),
  fapilog('fapilog with secrets', presets, withSecrets()),
  rival('pino with secrets', { redact: paths }, withSecrets()),
]

const best = new Map(rows.map(({ title }) => [title, { call: Infinity, file: Infinity }]))
for (let round = -3; round < Number(values.rounds); round++) {
  for (const { title, log, call, end } of rows) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < CALLS; i++) call(log, i)
    const called = process.hrtime.bigint()
    await end()
    const ended = process.hrtime.bigint()
    if (round < 0) continue
    const least = best.get(title)
    least.call = Math.min(least.call, Number(called - start) / CALLS)
    least.file = Math.min(least.file, Number(ended - start) / CALLS)
  }
}
for (const { close } of rows) await close()
rmSync(folder, { recursive: true })

console.log(`${'request record'.padEnd(24)} ns/call   ns until on file`)
for (const [title, { call, file }] of best)
  console.log(`${title.padEnd(24)} ${call.toFixed(0).padStart(7)} ${file.toFixed(0).padStart(18)}`)
const of = (title) => best.get(title)
for (const [ours, theirs] of [
  ['fapilog redacted', 'pino redacted'],
  ['fapilog with secrets', 'pino with secrets'],
])
  console.log(
    `${ours}: ${(of(theirs).call / of(ours).call).toFixed(1)} x a call of ${theirs}, ${(of(theirs).file / of(ours).file).toFixed(1)} x until on file`,
  )

/** Events that the drain thread decodes, redacts and formats in a second of its time, with the production preset. */
const perCore = async () => {
  const log = createLogger({ preset: 'production', sinks: ['null'] })
  const call = request()
  const events = 40 * CALLS
  const before = nativeThread('fapilog:drain').cpu
  for (let i = 0; i < events; i++) call(log, i)
  await log.flush()
  const cpu = nativeThread('fapilog:drain').cpu - before
  await log.close()
  return events / (cpu / 1e9)
}

const added = of('fapilog redacted').call / of('fapilog').call - 1
const times = of('pino redacted').file / of('fapilog redacted').file
const rate = await perCore()
console.log()
show([
  verdict('redaction adds <= 5 % to a call', added <= 0.05, `${(added * 100).toFixed(1)} %`),
  verdict(
    'until on file, redacted: >= 8x pino with the same paths',
    times >= 8,
    `${times.toFixed(1)}x`,
  ),
  verdict(
    'stages and format, production preset: >= 2 M request records a second of one core',
    Number.isNaN(rate) ? null : rate >= 2e6,
    `${(rate / 1e6).toFixed(1)} M/s`,
  ),
])
