// Settings that change while a logger runs, and containers.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import test from 'ava'
import {
  ConfigurationError,
  createLogger,
  type FapilogError,
  type LiveOptions,
  LoggingContainer,
} from 'fapilog'
import { run } from './support/child.ts'

const folder = mkdtempSync(join(tmpdir(), 'fapilog-live-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

/** A folder of its own with a file of settings. */
function fileOf(content: unknown): string {
  const own = join(folder, String(files++))
  mkdirSync(own)
  const path = join(own, 'fapilog.json')
  write(path, content)
  return path
}

function write(path: string, content: unknown): void {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
}

/** Waits until something holds, at most 5 s. */
async function until(holds: () => boolean): Promise<boolean> {
  for (let i = 0; i < 250; i++) {
    if (holds()) return true
    await wait(20)
  }
  return false
}

const memory = [{ type: 'memory' }] as const

test('reconfigure changes the level of a logger and of the children that follow it', async (t) => {
  const log = createLogger({ sinks: memory })
  const child = log.child({ a: 1 })
  const own = log.child({ b: 1 }, { level: 'ERROR' })
  child.reconfigure({ level: 'DEBUG' })
  t.deepEqual([log.level, child.level, own.level], ['DEBUG', 'DEBUG', 'ERROR'])
  child.debug('seen')
  own.debug('unseen')
  t.is(log.takeLines().length, 1)
  log.reconfigure({ level: 'silent' })
  child.fatal('unseen')
  t.is(log.takeLines().length, 0)
  await log.close()
})

test('reconfigure replaces the levels by name, of the loggers that there are too', async (t) => {
  const log = createLogger({ name: 'app', sinks: memory, levels: { 'db.*': 'DEBUG' } })
  const pool = log.child({}, { name: 'db.pool' })
  const http = log.child({}, { name: 'http' })
  const own = log.child({}, { name: 'http', level: 'CRITICAL' })
  const levels = () => [log, pool, http, own].map(({ level }) => level)
  t.deepEqual(levels(), ['INFO', 'DEBUG', 'INFO', 'CRITICAL'])
  log.setLevels('http', 'TRACE')
  log.reconfigure({ levels: { http: 'ERROR', app: 'WARNING' } })
  t.deepEqual(levels(), ['WARNING', 'WARNING', 'ERROR', 'CRITICAL'])
  pool.info('unseen')
  http.warn('unseen')
  http.error('seen')
  t.is(log.takeLines().length, 1)
  t.throws(() => log.reconfigure({ levels: { 'db*': 'ERROR' } }), {
    instanceOf: ConfigurationError,
  })
  t.throws(() => log.reconfigure({ levels: { db: 'loud' as 'INFO' } }), {
    instanceOf: ConfigurationError,
  })
  t.deepEqual(levels(), ['WARNING', 'WARNING', 'ERROR', 'CRITICAL'])
  log.reconfigure({ levels: {} })
  t.deepEqual(levels(), ['INFO', 'INFO', 'INFO', 'CRITICAL'])
  await log.close()
})

test('reconfigure with undefined lets the other sources count again', async (t) => {
  const log = createLogger({
    sinks: memory,
    level: 'TRACE',
    configFile: fileOf({ level: 'ERROR' }),
  })
  log.reconfigure({ level: undefined } as unknown as LiveOptions)
  t.is(log.level, 'ERROR')
  await log.close()
})

test('reconfigure refuses what is wrong or cannot change, and changes nothing then', async (t) => {
  const log = createLogger({ sinks: memory })
  for (const [changes, path, near] of [
    [{ level: 'loud' }, 'level', undefined],
    [{ level: 'DEBUG', sync: 1 }, 'sync', undefined],
    [{ level: 'DEBUG', sinks: ['stdout'] }, 'sinks', undefined],
    [{ levle: 'DEBUG' }, 'levle', 'level'],
  ] as const) {
    const error = t.throws(() => log.reconfigure(changes as unknown as LiveOptions), {
      instanceOf: ConfigurationError,
    })
    t.deepEqual(
      error?.problems.map((one) => one.path),
      [path],
    )
    if (near !== undefined) t.true(error?.message.endsWith(`did you mean "${near}"?`))
    t.is(log.level, 'INFO')
  }
  await log.close()
})

test('sync can be switched on and off', async (t) => {
  const path = join(folder, 'sync.log')
  const log = createLogger({ sinks: [{ type: 'file', path }] })
  log.reconfigure({ sync: true })
  log.info('now')
  t.is(log.metrics().sinks['file']?.written, 1)
  log.reconfigure({ sync: false })
  t.is(log.level, 'INFO')
  await log.close()
})

test('filters and routing change in the order of the events', async (t) => {
  const log = createLogger({
    sinks: [
      { type: 'memory', name: 'a' },
      { type: 'memory', name: 'b' },
    ],
    filters: { minLevels: { '*': 'ERROR' } },
    routing: { rules: [{ level: 'ERROR', sinks: ['a'] }], otherwise: ['b'] },
  })
  const took = (sink: string) => log.takeLines(sink).length
  log.info('filtered')
  log.error('to a')
  t.deepEqual([took('a'), took('b')], [1, 0])
  log.info('still filtered')
  log.reconfigure({ filters: {} })
  log.info('to b')
  t.deepEqual([took('a'), took('b')], [0, 1])
  log.reconfigure({ routing: { rules: [{ level: 'ERROR', sinks: ['b'] }], otherwise: ['a'] } })
  log.info('to a')
  log.error('to b')
  log.error('to b')
  t.deepEqual([took('a'), took('b')], [1, 2])
  t.is(log.metrics().filtered.INFO, 2)
  const error = t.throws(() => log.reconfigure({ filters: { sampling: { rate: 2 } } }), {
    instanceOf: ConfigurationError,
  })
  t.is(error?.problems[0]?.path, 'filters.sampling.rate')
  await log.close()
})

test('stages that crash-safe mode cannot change are refused, with all that came along', async (t) => {
  const path = join(folder, 'crash-safe', 'app.log')
  const log = createLogger({ durability: 'crash-safe', sinks: [{ type: 'file', path }] })
  t.throws(() => log.reconfigure({ level: 'DEBUG', filters: { sampling: { rate: 0 } } }), {
    instanceOf: ConfigurationError,
    message: /crash-safe/,
  })
  t.is(log.level, 'INFO')
  log.reconfigure({ level: 'DEBUG' })
  t.is(log.level, 'DEBUG')
  await log.close()
})

for (const [how, replace] of [
  ['written', (path: string, content: unknown) => write(path, content)],
  [
    'replaced',
    (path: string, content: unknown) => {
      write(`${path}.new`, content)
      renameSync(`${path}.new`, path)
    },
  ],
] as const) {
  test(`a watched file that is ${how} changes the level`, async (t) => {
    const configFile = fileOf({ level: 'ERROR', sinks: memory })
    const log = createLogger({ configFile, watchConfig: true })
    t.is(log.level, 'ERROR')
    replace(configFile, { level: 'DEBUG', sinks: memory })
    t.true(await until(() => log.level === 'DEBUG'))
    // What was set in between stays until the file says something else.
    log.level = 'CRITICAL'
    replace(configFile, { level: 'DEBUG', sinks: memory, $schema: 'x' })
    await wait(400)
    t.is(log.level, 'CRITICAL')
    replace(configFile, { level: 'TRACE', sinks: memory })
    t.true(await until(() => log.level === 'TRACE'))
    await log.close()
  })
}

test('a watched file changes the levels by name', async (t) => {
  const configFile = fileOf({ levels: { db: 'ERROR' } })
  const log = createLogger({ configFile, watchConfig: true, sinks: ['null'] })
  const db = log.child({}, { name: 'db' })
  t.is(db.level, 'ERROR')
  write(configFile, { levels: { db: 'TRACE' } })
  t.true(await until(() => db.level === 'TRACE'))
  await log.close()
})

test('a folder that is switched by its link, as Kubernetes does, changes the level', async (t) => {
  const own = join(folder, 'mounted')
  for (const version of ['1', '2']) mkdirSync(join(own, version), { recursive: true })
  write(join(own, '1', 'fapilog.json'), { level: 'ERROR' })
  write(join(own, '2', 'fapilog.json'), { level: 'DEBUG' })
  symlinkSync('1', join(own, '..data'))
  symlinkSync('..data/fapilog.json', join(own, 'fapilog.json'))
  const configFile = join(own, 'fapilog.json')
  const log = createLogger({ configFile, watchConfig: true, sinks: ['null'] })
  t.is(log.level, 'ERROR')
  symlinkSync('2', join(own, '..new'))
  renameSync(join(own, '..new'), join(own, '..data'))
  t.true(await until(() => log.level === 'DEBUG'))
  await log.close()
})

test('a file that is not watched changes nothing', async (t) => {
  const configFile = fileOf({ level: 'ERROR' })
  const log = createLogger({ configFile, sinks: ['null'] })
  write(configFile, { level: 'DEBUG' })
  await wait(400)
  t.is(log.level, 'ERROR')
  await log.close()
})

test('a watched file that becomes wrong is reported, and the settings stay', async (t) => {
  const configFile = fileOf({ level: 'ERROR' })
  const errors: FapilogError[] = []
  const onError = (error: FapilogError): void => {
    errors.push(error)
  }
  const log = createLogger({ configFile, watchConfig: true, sinks: ['null'], onError })
  for (const [content, says] of [
    ['{ broken', /JSON/],
    [{ level: 'loud' }, /level is "loud" .*fapilog\.json/],
    [{ level: 'ERROR', name: 'other' }, /name .*no change at run time/],
  ] as const) {
    errors.length = 0
    write(configFile, content)
    t.true(await until(() => errors.length > 0), String(says))
    t.true(errors[0] instanceof ConfigurationError)
    t.regex(errors[0]?.message ?? '', says)
    t.is(log.level, 'ERROR')
  }
  errors.length = 0
  rmSync(configFile)
  t.true(await until(() => errors.length > 0))
  t.regex(errors[0]?.message ?? '', /ENOENT/)
  write(configFile, { level: 'DEBUG' })
  t.true(await until(() => log.level === 'DEBUG'))
  await log.close()
})

test('what an application throws when it is told of a wrong file is counted', async (t) => {
  const configFile = fileOf({ level: 'ERROR' })
  const onError = () => {
    throw new Error('not now')
  }
  const log = createLogger({ configFile, watchConfig: true, sinks: ['null'], onError })
  write(configFile, '{')
  t.true(await until(() => log.metrics().diagnostics.thrown === 1))
  await log.close()
})

test('watching a file keeps no process alive', async (t) => {
  const configFile = fileOf({ level: 'ERROR', sinks: ['null'] })
  const code = `import { createLogger } from 'fapilog'
    createLogger({ configFile: ${JSON.stringify(configFile)}, watchConfig: true })`
  const { code: exit } = await run(process.execPath, ['--input-type=module', '-e', code])
  t.is(exit, 0)
})

// --- containers

test('a container has settings, loggers and counters', async (t) => {
  await using container = new LoggingContainer({ name: 'app', sinks: memory, level: 'debug' })
  const log = container.logger()
  t.is(container.logger(), log)
  const db = container.logger('db')
  const loud = container.logger('loud', { level: 'ERROR' })
  log.debug('one')
  db.debug('two')
  loud.debug('unseen')
  t.deepEqual(
    log.takeLines().map((line) => (JSON.parse(line) as { logger: string }).logger),
    ['app', 'db'],
  )
  t.is(container.metrics().submitted, 2)
  t.like(container.settings, { name: 'app', level: 'debug', shutdownTimeoutMs: 5000 })
  container.reconfigure({ level: 'ERROR' })
  t.is(db.level, 'ERROR')
  t.is(container.settings.level, 'ERROR')
  t.true(container.flushSync().complete)
  t.true((await container.flush()).complete)
})

test('the settings of a container are a copy, and make another one like it', async (t) => {
  const container = new LoggingContainer({ sinks: memory, queue: { ringBytes: '1 MB' } })
  const { settings } = container
  t.like(settings.queue, { ringBytes: 1 << 20 })
  ;(settings.queue as { ringBytes: number }).ringBytes = 5
  t.like(container.settings.queue, { ringBytes: 1 << 20 })
  const other = new LoggingContainer(container.settings)
  t.deepEqual(other.settings, container.settings)
  await container.close()
  await other.close()
})

test('containers share nothing', async (t) => {
  const [a, b] = [
    new LoggingContainer({ sinks: memory, name: 'a' }),
    new LoggingContainer({ sinks: memory, name: 'b', level: 'ERROR' }),
  ] as const
  a.logger().info('one')
  b.logger().error('two')
  a.reconfigure({ level: 'TRACE' })
  t.is(b.logger().level, 'ERROR')
  t.is(a.logger().takeLines().length, 1)
  t.is(b.logger().takeLines().length, 1)
  t.is(a.metrics().submitted, 1)
  t.true((await a.close()).complete)
  b.logger().error('three')
  t.is(b.logger().takeLines().length, 1)
  a.logger().error('late')
  t.deepEqual([a.metrics().submitted, b.metrics().submitted], [2, 2])
  t.is(a.metrics().dropped.ERROR, 1)
  await b.close()
})
