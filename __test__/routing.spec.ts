// Routing: who gets an event, and what becomes of the lines of a sink that fails.

import { spawn } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  ConfigurationError,
  createLogger,
  type Logger,
  type LoggerOptions,
  type Metrics,
  type Receipt,
} from 'fapilog'
import { total } from './support/capture.js'

interface Message {
  readonly receipt: Receipt
  readonly metrics: Metrics
}

const NAMES = ['errors', 'database', 'audit', 'rest', 'all'] as const

function routed(routing: LoggerOptions['routing']): Logger {
  return createLogger({
    name: 'app',
    level: 'TRACE',
    format: 'minimal',
    sinks: NAMES.map((name) => ({ type: 'memory', name })),
    ...(routing === undefined ? {} : { routing }),
  })
}

/** What each sink got, and that every event is accounted for at each. */
async function split(t: import('ava').ExecutionContext, log: Logger) {
  await log.flush()
  const metrics = log.metrics()
  const found: Record<string, string[]> = {}
  for (const name of NAMES) {
    found[name] = log.takeLines(name)
    const sink = metrics.sinks[name]
    if (sink === undefined) throw new Error(name)
    t.is(sink.written + total(sink.skipped), metrics.submitted, name)
  }
  t.is(metrics.written, metrics.submitted)
  return found
}

test('rules send events by level, logger and field; a sink that none names gets all', async (t) => {
  const log = routed({
    rules: [
      { level: 'error', sinks: ['errors'] },
      { loggers: 'app.db.*', maxLevel: 'WARN', sinks: ['database'] },
      { where: { 'user.plan': ['pro', 7], kind: null }, sinks: ['audit'] },
      { has: ['audit_id'], sinks: ['audit', 'errors'] },
    ],
    otherwise: ['rest'],
  })
  const db = log.child({}, { name: 'app.db.pool' })
  log.info('plain')
  log.error('error')
  db.info('query')
  db.error('db error')
  log.info({ user: { plan: 'pro' }, kind: null }, 'pro')
  log.info({ user: { plan: 7 }, kind: null }, 'seven')
  log.info({ user: { plan: 7 } }, 'one of two')
  log.child({ audit_id: 1 }).debug('audited')
  const found = await split(t, log)
  t.deepEqual(found['errors'], ['ERROR error', 'ERROR db error', 'DEBUG audited'])
  t.deepEqual(found['database'], ['INFO query'])
  t.deepEqual(found['audit'], ['INFO pro', 'INFO seven', 'DEBUG audited'])
  t.deepEqual(found['rest'], ['INFO plain', 'INFO one of two'])
  t.is(found['all']?.length, 8)
  await log.close()
})

test('without overlap the first rule that matches decides', async (t) => {
  const log = routed({
    overlap: false,
    rules: [
      { level: 'ERROR', sinks: ['errors'] },
      { has: ['audit_id'], sinks: ['audit'] },
      { sinks: ['rest'] },
    ],
  })
  log.error({ audit_id: 1 }, 'both')
  log.info({ audit_id: 1 }, 'audited')
  log.info('plain')
  const found = await split(t, log)
  t.deepEqual(found['errors'], ['ERROR both'])
  t.deepEqual(found['audit'], ['INFO audited'])
  t.deepEqual(found['rest'], ['INFO plain'])
  await log.close()
})

test('names that are no sinks, and fallbacks that cannot be, are told with their paths', (t) => {
  const problems = (options: LoggerOptions) => {
    const error = t.throws(() => createLogger(options), { instanceOf: ConfigurationError })
    return error?.problems.map(({ path }) => path)
  }
  t.deepEqual(
    problems({
      sinks: ['stdout', 'stderr'],
      routing: { rules: [{ sinks: ['stdout', 'stdoot'] }], otherwise: ['x'] },
    }),
    ['routing.rules[0].sinks[1]', 'routing.otherwise[0]'],
  )
  t.deepEqual(
    problems({
      sinks: [
        { type: 'stdout', fallback: 'stdout' },
        { type: 'stderr', fallback: 'file' },
        { type: 'memory', fallback: 'stdout' },
      ],
    }),
    ['sinks[0].fallback', 'sinks[1].fallback', 'sinks[2].fallback'],
  )
  t.deepEqual(
    problems({
      durability: 'crash-safe',
      sinks: ['stdout', { type: 'file', path: 'x.log', fallback: 'stdout' }],
    }),
    ['sinks[1].fallback'],
  )
})

const unix = process.platform === 'win32' ? test.skip : test

unix(
  'the fallback writes what a full device does not take, and a flush waits for it',
  async (t) => {
    if (!existsSync('/dev/full')) return void t.pass('no such device here')
    const dir = mkdtempSync(join(tmpdir(), 'fapilog-routing-'))
    t.teardown(() => rmSync(dir, { recursive: true, force: true }))
    const path = join(dir, 'app.log')
    const program = `
    import { createLogger } from 'fapilog'
    const log = createLogger({
      format: 'minimal',
      sinks: [
        { type: 'stdout', fallback: 'spare', breaker: { failures: 2, probeMs: '1h' } },
        { type: 'file', name: 'spare', path: ${JSON.stringify(path)}, level: 'ERROR' },
      ],
    })
    for (let n = 0; n < 5000; n++) log.info(String(n))
    log.error('both')
    const receipt = await log.flush()
    process.send({ receipt, metrics: log.metrics() })
    await log.close()
  `
    const full = openSync('/dev/full', constants.O_WRONLY)
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', full, 'ignore', 'ipc'],
    })
    closeSync(full)
    const { receipt, metrics } = await new Promise<Message>((resolve) =>
      child.once('message', (message) => resolve(message as Message)),
    )
    await new Promise((resolve) => child.once('exit', resolve))
    t.true(receipt.complete)
    const { stdout, spare } = metrics.sinks
    if (stdout === undefined || spare === undefined) return t.fail()
    t.is(stdout.state, 'open')
    t.is(stdout.opened, 1)
    t.is(stdout.errors, 2)
    t.is(total(stdout.diverted), 5001)
    t.is(spare.takenOver, 5001)
    t.is(spare.written, 1)
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    t.is(lines.length, 5002)
    t.deepEqual(
      lines.filter((line) => line.startsWith('INFO')),
      Array.from({ length: 5000 }, (_, n) => `INFO ${n}`),
    )
  },
)
