// What crash-safe mode costs a log call: two loggers of one process, one with its ring in anonymous memory and one
// with its ring in a file, take turns in short blocks. Prints the medians, and the median of the ratios of
// neighbours, which other load on the machine moves least.
// node benches/crash-safe.mjs [rounds=400] [dir]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../dist/index.mjs'

const rounds = Number(process.argv[2] ?? 400)
const dir = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'fapilog-bench-'))
const CALLS = 5_000

const logger = (durability) =>
  createLogger({
    format: 'json',
    durability,
    sinks: [
      {
        type: 'file',
        path: join(dir, `${durability}.log`),
        rotate: { maxBytes: '64 MB', keepFiles: 1 },
      },
    ],
    queue: { ringBytes: '8 MB' },
  })
const loggers = { memory: logger('memory'), 'crash-safe': logger('crash-safe') }

const calls = {
  message: (log) => log.info('request completed'),
  fields: (log, n) =>
    log.info({ id: n, path: '/orders/42', ok: true, ms: 12.5 }, 'request completed'),
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]
const results = {}
for (const [name, call] of Object.entries(calls)) {
  const times = { memory: [], 'crash-safe': [] }
  for (let round = -100; round < rounds; round++) {
    // Who goes first changes from round to round.
    const order = round % 2 === 0 ? ['memory', 'crash-safe'] : ['crash-safe', 'memory']
    for (const durability of order) {
      const log = loggers[durability]
      const started = process.hrtime.bigint()
      for (let n = 0; n < CALLS; n++) call(log, n)
      const spent = Number(process.hrtime.bigint() - started) / CALLS
      if (round >= 0) times[durability].push(spent)
      await log.flush()
    }
  }
  const ratio = median(times.memory.map((one, round) => times['crash-safe'][round] / one))
  const memory = median(times.memory)
  const crashSafe = median(times['crash-safe'])
  results[name] = {
    memoryNs: Number(memory.toFixed(1)),
    crashSafeNs: Number(crashSafe.toFixed(1)),
    ratio: Number(ratio.toFixed(3)),
  }
}
for (const [durability, log] of Object.entries(loggers)) {
  const dropped = log.metrics().droppedByReason.full
  if (dropped > 0) console.log(`${durability}: ${dropped} events dropped`)
  await log.close()
}
rmSync(dir, { recursive: true })
console.log(JSON.stringify(results, null, 2))
