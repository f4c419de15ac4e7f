/**
 * What a request log costs in Fastify:
 *
 *   node benches/http.mjs [--rounds 5] [--seconds 3] [--connections 32] [--json out.json]
 *
 * A hello-world server in a process of its own, asked by this one over keep-alive connections, one request after the
 * other on each. Every subject writes to a file and has its server for all rounds. Rounds are interleaved, and each rate is
 * compared with that of the server without a logger in the same round; the median of these ratios counts. Requests a second
 * and the 99th percentile of the latency are the best round of each: what a busy machine adds is not the logger's. CPU is
 * that of the server's process, native threads with it, for a request. Then what it costs to set up the logger and the
 * scope of one request, on the thread itself.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { load, root, settings } from './lib/fapilog.mjs'
import { median } from './lib/stats.mjs'
import { show, verdict } from './lib/targets.mjs'

const SUBJECTS = ['off', 'fapilog', 'fapilog, no context', 'pino', 'pino-http', 'winston']
const OF_OFF = 0.97
const SETUP_NS = 2000

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    json: { type: 'string' },
    serve: { type: 'string' },
    file: { type: 'string', default: '' },
  },
})

if (values.serve === undefined) {
  await measure()
} else {
  await serve(values.serve)
}

/** The server of one subject; prints its port. */
async function serve(subject) {
  const { default: fastify } = await import('fastify')
  const { file } = values
  const logger = subject === 'pino' ? { level: 'info', file } : false
  const app = fastify({ logger })
  if (subject.startsWith('fapilog')) {
    const { fapilog } = await import(pathToFileURL(`${root}dist/frameworks/fastify.mjs`).href)
    const context = subject === 'fapilog'
    await app.register(fapilog, { settings: settings(file), context })
  }
  if (subject === 'pino-http') await usePinoHttp(app, file)
  if (subject === 'winston') await useWinston(app, file)
  app.get('/', async () => ({ hello: 'world' }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  console.log(app.server.address().port)
  process.on('message', () => process.send(process.cpuUsage()))
  process.once('disconnect', () => process.exit())
}

/** As its users do, with the destination that Fastify gives its own pino. */
async function usePinoHttp(app, file) {
  const { pino } = await import('pino')
  const { pinoHttp } = await import('pino-http')
  const log = pinoHttp({ level: 'info' }, pino.destination(file))
  app.addHook('onRequest', (request, reply, done) => {
    log(request.raw, reply.raw)
    request.log = request.raw.log
    done()
  })
}

/** As its users do: a child for every request, and a line when it is over. */
async function useWinston(app, file) {
  const { default: winston } = await import('winston')
  const format = winston.format.combine(winston.format.timestamp(), winston.format.json())
  const transports = [new winston.transports.File({ filename: file })]
  const log = winston.createLogger({ format, transports })
  app.addHook('onRequest', (request, _reply, done) => {
    request.log = log.child({ reqId: request.id })
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url } = request
    request.log.info('request completed', {
      req: { method, url, remoteAddress: request.ip },
      res: { statusCode: reply.statusCode },
      responseTime: reply.elapsedTime,
    })
    done()
  })
}

async function measure() {
  const servers = []
  const folder = mkdtempSync(join(tmpdir(), 'fapilog-http-'))
  try {
    for (const subject of SUBJECTS) {
      const child = spawn(
        process.execPath,
        [
          fileURLToPath(import.meta.url),
          '--serve',
          subject,
          '--file',
          join(folder, `${servers.length}.log`),
        ],
        {
          stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        },
      )
      const died = once(child, 'exit').then(() => {
        throw new Error(`the server of '${subject}' has ended`)
      })
      died.catch(() => undefined)
      const [port] = await Promise.race([once(child.stdout, 'data'), died])
      servers.push({ subject, child, port: Number(String(port)), rates: [], p99s: [], cpus: [] })
    }
    for (const server of servers) await press(server.port, 1)
    for (let round = 0; round < Number(values.rounds); round++) {
      // Another one is first each time: what a round does to the client must not be one server's.
      const order = servers.map((_, at) => servers[(at + round) % servers.length])
      for (const { child, port, rates, p99s, cpus } of order) {
        const before = await cpuOf(child)
        const { rate, p99, requests } = await press(port, Number(values.seconds))
        rates.push(rate)
        p99s.push(p99)
        cpus.push(((await cpuOf(child)) - before) / requests)
      }
    }
  } finally {
    for (const { child } of servers) if (child.connected) child.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
  const [off] = servers
  const rows = servers.map(({ subject, rates, p99s, cpus }) => ({
    subject,
    rate: Math.max(...rates),
    ofOff: median(rates.map((rate, round) => rate / off.rates[round])),
    p99: Math.min(...p99s),
    cpuUs: median(cpus),
  }))
  console.log(
    `Fastify hello world, ${values.connections} connections, ${values.rounds} rounds of ${values.seconds} s, Node.js ${process.versions.node}`,
  )
  for (const { subject, rate, ofOff, p99, cpuUs } of rows) {
    const part = `${(100 * ofOff).toFixed(1)} %`
    console.log(
      `${subject.padEnd(22)}${rate.toFixed(0).padStart(8)} requests/s${part.padStart(9)}   p99 ${p99.toFixed(2)} ms   CPU ${cpuUs.toFixed(1)} us a request`,
    )
  }
  const setup = await setUp()
  for (const [title, ns] of Object.entries(setup)) {
    console.log(`${title.padEnd(40)}${ns.toFixed(0).padStart(6)} ns a request`)
  }
  const own = rows.find(({ subject }) => subject === 'fapilog')
  const [whole] = Object.values(setup)
  const verdicts = [
    verdict(
      `request log: >= ${100 * OF_OFF} % of the requests/s without a logger`,
      own.ofOff >= OF_OFF,
      `${(100 * own.ofOff).toFixed(1)} %`,
    ),
    verdict(
      `set-up of a request's logger: < ${SETUP_NS / 1000} us`,
      whole < SETUP_NS,
      `${(whole / 1000).toFixed(2)} us`,
    ),
  ]
  show(verdicts)
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ rows, setup }, null, 2)}\n`)
}

/** CPU time of a server so far, in microseconds. */
async function cpuOf(child) {
  child.send('cpu')
  const [{ user, system }] = await once(child, 'message')
  return user + system
}

/** Keeps every connection busy for some seconds. */
async function press(port, seconds) {
  const connections = Number(values.connections)
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const latencies = []
  const started = performance.now()
  const end = started + seconds * 1000
  const one = () =>
    new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', agent }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`))
        response.resume().on('end', resolve)
      })
      sent.on('error', reject).end()
    })
  const connection = async () => {
    for (let now = performance.now(); now < end; ) {
      await one()
      const after = performance.now()
      latencies.push(after - now)
      now = after
    }
  }
  await Promise.all(Array.from({ length: connections }, connection))
  const rate = (latencies.length / (performance.now() - started)) * 1000
  agent.destroy()
  latencies.sort((a, b) => a - b)
  return { rate, p99: latencies[Math.floor(latencies.length * 0.99)], requests: latencies.length }
}

/**
 * Nanoseconds to begin a request in Express' middleware, whose own part is the smallest: id, logger, scope, header,
 * listener. The least of many short
 * rounds, so that it is not the collection of what the rounds themselves hold.
 */
async function setUp() {
  const { createLogger } = await load()
  const { fapilog } = await import(pathToFileURL(`${root}dist/frameworks/express.mjs`).href)
  const log = createLogger({ ...settings(''), sinks: ['null'] })
  const subjects = {
    'set-up: id, logger and scope': fapilog({ logger: log }),
    'set-up without context': fapilog({ logger: log, context: false }),
  }
  const headers = { host: 'localhost', 'user-agent': 'bench' }
  const least = {}
  const calls = 500
  for (let round = 0; round < 400; round++) {
    for (const [title, begin] of Object.entries(subjects)) {
      const requests = Array.from({ length: calls }, () => ({
        url: '/orders/7',
        ip: '127.0.0.1',
        method: 'GET',
        headers,
      }))
      const responses = requests.map(() => new ServerResponse({ method: 'GET' }))
      const start = process.hrtime.bigint()
      for (let i = 0; i < calls; i++) begin(requests[i], responses[i], nothing)
      const ns = Number(process.hrtime.bigint() - start) / calls
      least[title] = Math.min(least[title] ?? Infinity, ns)
    }
  }
  await log.close()
  return least
}

function nothing() {}
