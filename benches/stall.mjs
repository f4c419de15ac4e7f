// A reader of standard output that sleeps: what does the program notice? 200,000 events a second, some every millisecond,
// into a pipe that nobody reads, then the reader comes back and takes everything. The loop stalls for as long as a turn of
// it takes beyond the millisecond it waits for, the calls of the turn among it.
//
// node benches/stall.mjs [--seconds 10] [--rate 200000] [--subjects a,b] [--json out.json]

import { spawn } from 'node:child_process'
import { writeFileSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isBuilt, load, missing } from './lib/fapilog.mjs'
import { show, verdict } from './lib/targets.mjs'

/** Defaults of `queue.ringBytes`, with what is beside the data, and of a sink's `queueBytes`. */
const RING_AND_QUEUE = (9 + 2) << 20
const MOST_STALL_MS = 5

const subjects = {
  'no logger': async () => ({ log: (n) => Object.freeze({ n }), close: async () => {} }),
  fapilog: async () => {
    const { createLogger } = await load()
    const log = createLogger({ format: 'pino', sinks: ['stdout'], shutdownTimeoutMs: '1m' })
    return {
      log: (n) => log.info({ n }, 'stall'),
      close: () => log.close(),
      dropped: () => Object.values(log.metrics().dropped).reduce((a, b) => a + b, 0),
    }
  },
  'pino default': async () => {
    const { default: pino } = await import('pino')
    const log = pino()
    return { log: (n) => log.info({ n }, 'stall'), close: async () => {} }
  },
  'pino async': async () => {
    const { default: pino } = await import('pino')
    const stream = pino.destination({ dest: 1, sync: false, minLength: 4096 })
    const log = pino(stream)
    return {
      log: (n) => log.info({ n }, 'stall'),
      close: () =>
        new Promise((resolve) => {
          stream.once('close', resolve)
          stream.end()
        }),
    }
  },
  winston: async () => {
    const { default: winston } = await import('winston')
    const log = winston.createLogger({
      format: winston.format.json(),
      transports: [new winston.transports.Console({ forceConsole: false })],
    })
    return {
      log: (n) => log.info('stall', { n }),
      close: () => new Promise((resolve) => log.once('finish', resolve).end()),
    }
  },
  bunyan: async () => {
    const { default: bunyan } = await import('bunyan')
    const log = bunyan.createLogger({ name: 'stall' })
    return {
      log: (n) => log.info({ n }, 'stall'),
      close: () => new Promise((resolve) => process.stdout.write('', resolve)),
    }
  },
}

const [role, name, seconds, rate] = process.argv.slice(2)
if (role === '--child') await child()
else await parent()

async function child() {
  const { log, close, dropped } = await subjects[name]()
  const before = process.memoryUsage().rss
  const start = performance.now()
  const end = start + Number(seconds) * 1000
  let n = 0
  let stall = 0
  let peak = before
  // The parent knows from this when to start the clock, also of a program that stops in its first write.
  writeSync(2, 'started\n')
  let turns = 0
  for (let last = start; last < end; ) {
    // What is due by now, but no more after a stall than ten milliseconds' worth: that would be the next one.
    const due = Math.min(n + Number(rate) / 100, ((last - start) * Number(rate)) / 1000)
    while (n < due) log(n++)
    await new Promise((resolve) => setTimeout(resolve, 1))
    const now = performance.now()
    stall = Math.max(stall, now - last - 1)
    last = now
    if (turns++ % 10 === 0) peak = Math.max(peak, process.memoryUsage.rss())
  }
  const result = { n, stall, grown: peak - before }
  await close()
  writeSync(2, `${JSON.stringify({ ...result, dropped: dropped?.() ?? 0 })}\n`)
}

async function parent() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '10' },
      rate: { type: 'string', default: '200000' },
      subjects: { type: 'string' },
      json: { type: 'string' },
    },
  })
  if (!isBuilt()) console.log(missing)
  const results = {}
  for (const name of values.subjects?.split(',') ?? Object.keys(subjects)) {
    results[name] = await measure(name, values)
    process.stderr.write('.')
  }
  process.stderr.write('\n')
  console.log(
    `stdout unread for ${values.seconds} s under ${Number(values.rate).toLocaleString('en')} events/s\n`,
  )
  const rows = [
    [
      '',
      'events',
      'RSS growth',
      'longest stall of the loop',
      'dropped',
      'arrived + dropped - logged',
    ],
    ...Object.entries(results).map(([name, one]) =>
      one.failed
        ? [name, one.failed, '', '', '', '']
        : [
            name,
            one.n.toLocaleString('en'),
            `${(one.grown / 2 ** 20).toFixed(1)} MB`,
            `${one.stall.toFixed(1)} ms`,
            one.dropped.toLocaleString('en'),
            String(one.arrived + one.dropped - one.n),
          ],
    ),
  ]
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  for (const row of rows) {
    console.log(
      row
        .map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i])))
        .join('  '),
    )
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`)
  const own = results.fapilog
  if (own === undefined) return
  const exact = !own.failed && own.arrived + own.dropped === own.n
  const machine = results['no logger']?.stall ?? 0
  const grown = own.grown - (results['no logger']?.grown ?? 0)
  console.log('\nTargets')
  show([
    verdict('arrived + dropped = logged', exact, own.failed ?? 'exact'),
    verdict(
      'RSS grows by no more than ring and queue (11 MB) beyond what it does without a logger',
      grown <= RING_AND_QUEUE,
      `${(grown / 2 ** 20).toFixed(1)} MB`,
    ),
    verdict(
      `the loop never stalls more than ${MOST_STALL_MS} ms, or than without a logger`,
      own.stall <= Math.max(MOST_STALL_MS, machine),
      `${own.stall.toFixed(1)} ms, without a logger ${machine.toFixed(1)} ms`,
    ),
  ])
  if (!exact) process.exitCode = 1
}

async function measure(name, { seconds, rate }) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), '--child', name, seconds, rate],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const limit = setTimeout(() => child.kill('SIGKILL'), Number(seconds) * 1000 + 60_000)
  child.stdout.pause()
  let stderr = ''
  let arrived = 0
  let rest = ''
  child.stderr.on('data', (chunk) => {
    if (stderr === '') setTimeout(() => child.stdout.resume(), Number(seconds) * 1000)
    stderr += chunk
  })
  child.stdout.setEncoding('utf8')
  const count = (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const line of lines) if (line.includes('"n":')) arrived++
  }
  child.stdout.on('data', count)
  child.stdout.pause()
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(limit)
  const line = stderr.split('\n').find((text) => text.startsWith('{'))
  return line === undefined
    ? { failed: `ended with ${code}: ${stderr.split('\n')[1] ?? ''}`.slice(0, 60) }
    : { ...JSON.parse(line), arrived }
}
