// npm run demo: a Fastify service in this process, its load in another one, its logs in rotating files and,
// sampled, on the terminal. Ends with a summary, and with status 1 unless the files hold exactly the lines
// that the metrics say were written.
//
// Usage: npm run demo [-- seconds [connections]]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { relative } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { createLogger } from 'fapilog'
import { painter } from './paint.mjs'
import { startProgress } from './progress.mjs'
import { SampledLog, Sampler, Stopwatch } from './sampled-log.mjs'
import { buildService } from './service.mjs'
import { summarise } from './summary.mjs'
import { countWritten } from './written-lines.mjs'

const seconds = wholeNumber(process.argv[2] ?? 8, 'seconds', 3600)
const connections = wholeNumber(process.argv[3] ?? 50, 'connections', 1000)
const directory = fileURLToPath(new URL('../logs/demo', import.meta.url))

/** A request is shown on the terminal this often, each kind in turn. */
const SHOW_EVERY_MS = 700
const KINDS = [/^\/products\?/, /^\/orders/, /^\/reports/, /^\/invoices/, /^\/products\//]

// A reader that has seen enough (`npm run demo | head`) is no error.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error
})

// Instead of V8's ten frames, so that an error does not fill the terminal.
Error.stackTraceLimit = 5

await rm(directory, { recursive: true, force: true })

const file = createLogger({
  name: 'shop',
  service: 'shop',
  env: 'demo',
  sinks: [
    {
      type: 'file',
      path: `${directory}/shop.log`,
      format: 'json',
      // Small, so that a few seconds show several rotations. Enough files are kept that retention deletes
      // none of the lines that are counted at the end.
      rotate: { maxBytes: '8 MB', compress: 'gzip', keepFiles: 50 + 10 * seconds },
    },
  ],
})
const screen = createLogger({ name: 'shop', sinks: [{ type: 'stdout', format: 'pretty' }] })

const stopwatch = new Stopwatch()
const app = buildService(
  new SampledLog(file, screen, false, new Sampler(SHOW_EVERY_MS, KINDS), stopwatch),
)
let served = 0
app.addHook('onResponse', async () => {
  served++
})
const url = await app.listen({ host: '127.0.0.1', port: 0 })

const { bold, dim } = painter(process.stderr)
process.stderr.write(
  `${bold('fapilog demo')}: Fastify on ${url}, ${connections} connections from a second process, ${seconds} s\n` +
    dim(
      `Every event goes to ${relative('', directory)}/shop.log as JSON, a few requests to this terminal.\n\n`,
    ),
)

const started = performance.now()
const load = fork(new URL('./load.mjs', import.meta.url), [url, `${seconds}`, `${connections}`])
const progress = startProgress(file, () => served)
const requests = await Promise.race([
  once(load, 'message').then(([counts]) => counts),
  once(load, 'exit').then(([code, signal]) => Promise.reject(new Error(`load: ${signal ?? code}`))),
])
progress.stop()
const elapsedMs = performance.now() - started
await app.close()

const closing = performance.now()
await screen.close()
await file.close(30_000)
const closeMs = performance.now() - closing

const ok = summarise({
  requests,
  elapsedMs,
  closeMs,
  logs: { file: file.metrics(), stdout: screen.metrics() },
  stopwatch,
  directory: relative('', directory),
  found: await countWritten(directory),
})
process.exitCode = ok ? 0 : 1

function wholeNumber(text, name, max) {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0 && number <= max) return number
  process.stderr.write(`${name}: a whole number from 1 to ${max}, not ${text}\n`)
  process.exit(2)
}
