// What is on file when a process ends: 10,000 events in one synchronous burst, no turn of the event loop between
// the last of them and the end. Each cell: events found with the logger just created / created 400 ms before.
//
// node benches/exits.mjs [--subjects a,b] [--endings x,y] [--events N] [--json out.json]

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isBuilt, load, missing, settings } from './lib/fapilog.mjs'
import { subjects as peers } from './lib/subjects.mjs'

const EVENTS = 10_000

const fapilog = (options) => ({
  style: 'pino',
  async open(file) {
    const { createLogger } = await load()
    return { log: createLogger(settings(file, { queue: { ringBytes: '16 MB' }, ...options })) }
  },
})

/** pino as its documentation shows it first: no wait for 'ready'. */
const pino = (make) => ({
  style: 'pino',
  async open(file) {
    const { default: pino } = await import('pino')
    return { log: pino({ name: 'bench' }, make(pino, file)) }
  },
})

const subjects = {
  'fapilog memory': fapilog({}),
  'fapilog crash-safe': fapilog({ durability: 'crash-safe' }),
  'pino default': pino((pino, file) => pino.destination({ dest: file, sync: false })),
  'pino sync': pino((pino, file) => pino.destination({ dest: file, sync: true })),
  'pino worker': pino((pino, file) =>
    pino.transport({ target: 'pino/file', options: { destination: file } }),
  ),
  winston: peers.winston,
  bunyan: peers.bunyan,
  log4js: peers.log4js,
  logtape: {
    style: 'logtape',
    // The sink of its documentation.
    async open(file) {
      const { configure, getLogger, jsonLinesFormatter } = await import('@logtape/logtape')
      const { getFileSink } = await import('@logtape/file')
      await configure({
        sinks: { file: getFileSink(file, { formatter: jsonLinesFormatter }) },
        loggers: [{ category: 'bench', lowestLevel: 'info', sinks: ['file'] }],
      })
      return { log: getLogger('bench') }
    },
  },
}

const calls = {
  pino: (log, n) => log.info({ n }, 'burst'),
  winston: (log, n) => log.info('burst', { n }),
  bunyan: (log, n) => log.info({ n }, 'burst'),
  log4js: (log, n) => log.info('burst', { n }),
  logtape: (log, n) => log.info('burst', { n }),
}

const endings = {
  normal: () => {},
  'process.exit': () => process.exit(0),
  throw: () => {
    throw new Error('thrown by the benchmark')
  },
  rejection: () => {
    Promise.reject(new Error('rejected by the benchmark'))
  },
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
  SIGINT: () => process.kill(process.pid, 'SIGINT'),
  SIGHUP: () => process.kill(process.pid, 'SIGHUP'),
  SIGKILL: () => process.kill(process.pid, 'SIGKILL'),
  abort: () => process.abort(),
}

const [role, name, ending, age, file, count] = process.argv.slice(2)
if (role === '--child') {
  const { style, open } = subjects[name]
  const { log } = await open(file)
  const call = calls[style]
  const run = () => {
    for (let n = 0; n < Number(count); n++) call(log, n)
    endings[ending]()
  }
  if (age === '0') run()
  else setTimeout(run, Number(age))
} else {
  await parent()
}

async function parent() {
  const { values } = parseArgs({
    options: {
      subjects: { type: 'string' },
      endings: { type: 'string' },
      events: { type: 'string' },
      json: { type: 'string' },
    },
  })
  const events = Number(values.events ?? EVENTS)
  const wanted = values.subjects?.split(',') ?? Object.keys(subjects)
  const ends = values.endings?.split(',') ?? Object.keys(endings)
  const folder = mkdtempSync(join(tmpdir(), 'fapilog-exits-'))
  if (!isBuilt()) console.log(missing)
  const cells = {}
  try {
    for (const name of wanted) {
      cells[name] = {}
      for (const ending of ends) {
        const found = []
        for (const age of [0, 400]) found.push(await measure(name, ending, age, events, folder))
        cells[name][ending] = found
        process.stderr.write('.')
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  process.stderr.write('\n')
  console.log(
    `${events.toLocaleString('en')} events in one burst, then the end: events on file, logger just created / 400 ms old\n`,
  )
  const rows = [
    ['', ...ends],
    ...wanted.map((name) => [name, ...ends.map((ending) => cell(cells[name][ending], events))]),
  ]
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  for (const row of rows) {
    console.log(
      row
        .map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i])))
        .join('  '),
    )
  }
  console.log('\n– : the option does not exist here. ! : a line is torn, repeated or out of order.')
  if (values.json) writeFileSync(values.json, `${JSON.stringify(cells, null, 2)}\n`)
  // What fapilog promises of memory mode; SIGKILL and abort are what crash-safe mode is for.
  const bound = ends.filter((ending) => ending !== 'SIGKILL' && ending !== 'abort')
  const broken = ['fapilog memory'].flatMap((name) =>
    bound.filter((ending) => cells[name]?.[ending].some((one) => one.lines !== events || one.odd)),
  )
  if (broken.length > 0) {
    console.log(`FAIL: fapilog memory lost events at ${broken.join(', ')}`)
    process.exitCode = 1
  }
}

function cell(found, events) {
  return found
    .map(({ lines, odd, missing }) =>
      missing ? '–' : `${lines === events ? 'all' : lines}${odd ? '!' : ''}`,
    )
    .join(' / ')
}

async function measure(name, ending, age, events, folder) {
  const file = join(folder, `${name}-${ending}-${age}.log`)
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), '--child', name, ending, String(age), file, String(events)],
    { stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000, killSignal: 'SIGKILL' },
  )
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  await new Promise((resolve) => child.once('close', resolve))
  if (/ConfigurationError/.test(stderr)) return { missing: true }
  // A crash-safe ring is written out by the next start.
  if (name === 'fapilog crash-safe') await recover(file)
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {}
  const found = text
    .split('\n')
    .slice(0, -1)
    .map(numberOf)
    .filter((n) => n !== null)
  return { lines: new Set(found).size, odd: found.some((n, i) => n !== i) || !/(^|\n)$/.test(text) }
}

async function recover(file) {
  const { createLogger } = await load()
  try {
    await createLogger(settings(file, { durability: 'crash-safe' })).close()
  } catch {}
}

/** The number of an event, null for a line of the logger's own, -1 for a line that is none. */
function numberOf(line) {
  try {
    const event = JSON.parse(line)
    return event.n ?? event.properties?.n ?? null
  } catch {
    return -1
  }
}
