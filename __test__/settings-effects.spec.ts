// No setting is inert: each is given two values in turn, and something outside differs. The settings are found by
// walking the schema, so one that is added and has no observer here fails.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import test from 'ava'
import { createLogger, type FapilogError, type Logger, type LoggerOptions } from 'fapilog'
import { COMMON_SINK_SETTINGS } from '../src/settings/sink.ts'
import { total } from './support/capture.ts'
import {
  child,
  type Experiment,
  events,
  HERE,
  inFolder,
  lines,
  logger,
  merged,
  type Options,
  placed,
  type Surroundings,
} from './support/experiments.ts'
import { allSettings, type Setting } from './support/settings.ts'

/** Two values of a setting, each with what is seen under it; other settings that the experiment needs. */
interface Observer {
  readonly see: Experiment
  readonly values: readonly (readonly [value: unknown, seen: unknown])[]
  readonly beside?: Options
}

const observe = (
  see: Experiment,
  first: readonly [unknown, unknown],
  second: readonly [unknown, unknown],
  beside: Options = MEMORY,
): Observer => ({ see, values: [first, second], beside })

const MEMORY: Options = { level: 'TRACE', format: 'json', sinks: [{ type: 'memory' }] }
const INFO: Options = { ...MEMORY, level: 'INFO' }
/** Rungs that no pressure reaches here. */
const CALM: Options = { ...MEMORY, pressure: { batchAt: 1, sampleAt: 1, dropAt: 1 } }
const FILE: Options = { format: 'minimal', sinks: [{ type: 'file', path: 'FOLDER/logs/app.log' }] }

/** Values of a field for which nothing is lost, that is, how many events there are of each kind. */
const times = (count: number, use: (n: number) => unknown) => {
  for (let n = 0; n < count; n++) use(n)
}

const countOf =
  (see: Experiment): Experiment =>
  async (options) =>
    ((await see(options)) as unknown[]).length

const enough =
  (see: Experiment, least: number): Experiment =>
  async (options) =>
    ((await see(options)) as number) >= least

const data = (fields: object) =>
  events(
    (log) => log.info('m', fields),
    (event) => event.data,
  )

const rung = logger(async (log) => {
  log.info('m')
  await log.flush()
  return log.metrics().pressure.rung
})

// --- sinks

const STREAMS: Readonly<Record<string, Surroundings>> = {
  stdout: 'full stdout',
  stderr: 'full stderr',
  file: 'full disk',
}

/** A sink of every type, with a file that is nowhere else. */
const sinkOf = (type: string, more: Options = {}): Options => ({
  level: 'TRACE',
  format: 'json',
  sinks: [{ type, ...(type === 'file' ? { path: 'FOLDER/logs/app.log' } : {}) }],
  ...more,
})

/** What a process tells whose only sink of this type cannot write. */
const broken = (type: string, program: string) =>
  inFolder(() => child(program, STREAMS[type] as Surroundings))

const LOSSES = `
  for (let n = 0; n < 5000; n++) { log.info(String(n).padEnd(300)); if (n % 100 === 0) await wait(2) }
  const [sink] = Object.values(log.metrics().sinks)
  tell(sink.droppedByReason.overflow > 0)
  process.kill(process.pid, 'SIGKILL')`

/** Metrics of the first sink after one event of each of two levels, however it is called. */
const inProcess = (type: string, pick: string) =>
  inFolder(() =>
    child(`
      log.info('m'); log.error('m'); await log.flush()
      const [name, sink] = Object.entries(log.metrics().sinks)[0]
      const lines = ${type === 'memory' ? 'log.takeLines(name)' : '[]'}
      tell(${pick}); await log.close()`),
  )

/** What a setting that every sink has does to a sink of a type. */
function observersOfSink(type: string): Readonly<Record<string, Observer>> {
  const at = (name: string) => `sinks[${type}].${name}`
  const beside = sinkOf(type)
  const pretty = { ...beside, format: 'pretty' }
  const all: Record<string, Observer> = {
    [at('name')]: observe(inProcess(type, 'name'), [undefined, type], ['own', 'own'], beside),
    [at('level')]: observe(inProcess(type, 'sink.written'), [undefined, 2], ['ERROR', 1], beside),
    // The same two events: 12 and 13 bytes, and two envelopes.
    [at('format')]: observe(
      inProcess(type, 'sink.bytes > 100'),
      ['minimal', false],
      ['json', true],
      beside,
    ),
    [at('color')]: observe(
      inProcess(type, 'sink.bytes > 60'),
      [false, false],
      [true, true],
      pretty,
    ),
  }
  const surroundings = STREAMS[type]
  if (surroundings === undefined) return all
  const spare = merged(beside, {
    shutdownTimeoutMs: 300,
    sinks: [{ breaker: { failures: 1, probeMs: '1h' } }, { type: 'memory', name: 'spare' }],
  }) as Options
  return {
    ...all,
    [at('queueBytes')]: observe(
      broken(type, LOSSES),
      ['64 KB', true],
      ['64 MB', false],
      merged(beside, { sinks: [{ whenFull: 'drop-newest' }] }) as Options,
    ),
    [at('whenFull')]: observe(
      broken(type, LOSSES),
      ['block', false],
      ['drop-oldest', true],
      merged(beside, {
        queue: { ringBytes: '256 KB' },
        sinks: [{ queueBytes: '64 KB' }],
      }) as Options,
    ),
    [at('fallback')]: observe(
      broken(
        type,
        `log.info('m'); await log.flush(2000); tell(log.takeLines('spare').length); process.kill(process.pid, 'SIGKILL')`,
      ),
      [undefined, 1],
      ['spare', 2],
      // With a spare that takes no event itself but what it takes over.
      merged(spare, {}) as Options,
    ),
    [at('breaker.failures')]: observe(
      broken(
        type,
        `log.info('m'); await log.flush(2000); tell(log.metrics().sinks.${type}.errors); process.kill(process.pid, 'SIGKILL')`,
      ),
      [1, 1],
      [3, 3],
      merged(spare, { sinks: [{ fallback: 'spare' }] }) as Options,
    ),
    [at('breaker.probeMs')]: observe(
      broken(
        type,
        `for (let n = 0; n < 20; n++) { log.info('m'); await wait(20) }
        tell(log.metrics().sinks.${type}.errors > 3); process.kill(process.pid, 'SIGKILL')`,
      ),
      ['1h', false],
      [1, true],
      merged(spare, { sinks: [{ fallback: 'spare' }] }) as Options,
    ),
  }
}

/** These take everything at once and never fail: nothing waits in their queue, and nothing has to be taken over. */
const NEVER_BEHIND = ['null', 'memory'].flatMap((type) =>
  ['queueBytes', 'whenFull', 'fallback', 'breaker.failures', 'breaker.probeMs'].map(
    (name) => `sinks[${type}].${name}`,
  ),
)

// --- files

const folderAfter = (
  use: (log: Logger, folder: string) => unknown,
  see: (folder: string) => unknown,
) =>
  inFolder((folder) => async (options) => {
    await logger(async (log) => {
      await use(log, folder)
      await log.flush()
    })(options)
    return see(folder)
  })

/** One event a rotated file. */
const rotating = (see: (names: string[]) => unknown, pauseMs = 5) =>
  folderAfter(
    async (log) => {
      for (let n = 0; n < 5; n++) {
        log.info('x'.repeat(50))
        await log.flush()
        await sleep(pauseMs)
      }
    },
    (folder) => see(readdirSync(join(folder, 'logs')).filter((name) => /^app/.test(name))),
  )

const EVERY_LINE = merged(FILE, { sinks: [{ rotate: { maxBytes: 60 } }] }) as Options
const rotated = rotating((names) => names.length - 1)
const modeOf = (name: string) =>
  folderAfter(
    (log) => log.info('m'),
    (folder) => statSync(join(folder, name)).mode & 0o777,
  )

// --- filters

const filter = (
  name: string,
  use: (log: Logger) => unknown,
  first: readonly [unknown, unknown],
  second: readonly [unknown, unknown],
  of: Options = {},
) => observe(countOf(own(use)), first, second, { ...MEMORY, name: 'app', filters: { [name]: of } })

/** Without the notices of filters, which have a message of their own. */
const own =
  (use: (log: Logger) => unknown): Experiment =>
  async (options) =>
    ((await events(use)(options)) as string[]).filter((message) => /^[a-z]$/.test(message))

const hundred = (log: Logger) => times(100, () => log.info('m'))
const hundredErrors = (log: Logger) => times(100, () => log.error('m'))
const twoCodes = (log: Logger) => times(10, (n) => log.info('m', { code: n % 2 }))
/** The first key comes back after another one. */
const comingBack = (log: Logger) => times(3, (n) => log.info('m', { code: n % 2 }))
const apart = async (log: Logger) => {
  for (let n = 0; n < 3; n++) {
    log.info('m')
    await sleep(30)
  }
}
const protectedLevel = (name: string, of: Options, kept: number) =>
  filter(name, hundredErrors, ['SILENT', kept], ['ERROR', 100], of)

// --- routing

const ROUTED: Options = {
  ...MEMORY,
  name: 'app',
  sinks: [{ type: 'memory' }, { type: 'memory', name: 'other' }],
  routing: { rules: [{ sinks: ['other'] }] },
}
const twoLevels = (log: Logger) => {
  log.info('i', { plan: 'pro' })
  log.error('e', { plan: null })
}
const routedTo = (sink: string) => events(twoLevels, undefined, sink)
const both = ['i', 'e']

// --- redaction

const secret = { email: 'ada@example.com', password: 'V', body: 'B', url: 'http://a:b@c/', n: 1 }
const redacted = (
  fields: object,
  of: Options,
  first: readonly [unknown, unknown],
  second: readonly [unknown, unknown],
) =>
  observe(
    async (options) => JSON.stringify(await data(fields)(options)),
    [first[0], JSON.stringify([first[1]])],
    [second[0], JSON.stringify([second[1]])],
    { ...MEMORY, redact: of },
  )
const CARD = '4111111111111111'
const hashes: Experiment = async (options) => {
  const [one] = (await data({ email: 'ada@example.com' })(options)) as [{ email: string }]
  return one.email === '***'
}

// --- processors

const processed = (
  fields: object,
  of: Options,
  first: readonly [unknown, unknown],
  second: readonly [unknown, unknown],
) =>
  observe(data(fields), [first[0], [first[1]]], [second[0], [second[1]]], {
    ...MEMORY,
    processors: of,
  })
const isPlain: Experiment = async (options) => {
  const [one] = (await data({ a: 'V' })(options)) as [{ a: unknown }]
  return one.a === 'V'
}

// --- everything else

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const tracer = new BasicTracerProvider().getTracer('test')
const inContext = (name: string) =>
  events(
    (log) => log.info('m'),
    (event) => event.context[name],
  )
const UNREAD: Options = {
  format: 'minimal',
  sinks: [{ type: 'stdout', queueBytes: '64 KB' }],
  queue: { ringBytes: '64 KB' },
}
/** A program that goes on once the ring is full, and stays full. */
const filling = (then: string) =>
  child(
    `while (sum(log.metrics().dropped) < 5) { log.info('x'.repeat(200)); if (Math.random() < 0.01) await wait(1) }
    ${then}; process.kill(process.pid, 'SIGKILL')`,
    'deaf stdout',
  )
const exists = (name: string) =>
  inFolder((folder) =>
    logger((log) => {
      log.info('m')
      return existsSync(join(folder, name))
    }),
  )
const told: FapilogError[] = []
const cut = 'x'.repeat(100_000)
const CUT: Options = { ...MEMORY, queue: { maxEventBytes: '16 KB' } }

/** Lines of the format `pino`, as they are and as they parse. */
const pinoLine =
  (pick: (line: Record<string, unknown>, text: string) => unknown): Experiment =>
  async (options) => {
    const [text = ''] = (await lines((log) => log.info({ err: new Error('e') }))(
      options,
    )) as string[]
    return pick(JSON.parse(text) as Record<string, unknown>, text)
  }
const PINO: Options = { ...MEMORY, format: 'pino' }
const pinoObservers: Readonly<Record<string, Observer>> = {
  'pino.messageKey': observe(
    pinoLine((line) => [line['msg'], line['message']]),
    ['msg', ['e', undefined]],
    ['message', [undefined, 'e']],
    PINO,
  ),
  'pino.errorKey': observe(
    pinoLine((line) => line['msg']),
    ['err', 'e'],
    ['error', undefined],
    PINO,
  ),
  'pino.timestamp': observe(
    pinoLine((line) => typeof line['time']),
    ['unix', 'number'],
    ['iso', 'string'],
    PINO,
  ),
  'pino.origin': observe(
    pinoLine((line) => 'pid' in line || 'hostname' in line),
    [true, true],
    [false, false],
    PINO,
  ),
  'pino.levels': observe(
    pinoLine((line) => [line['level'], line['severity']]),
    [{}, [30, undefined]],
    [{ info: { severity: 'INFO' } }, [undefined, 'INFO']],
    PINO,
  ),
  'pino.crlf': observe(
    pinoLine((_line, text) => text.endsWith('}\r')),
    [false, false],
    [true, true],
    PINO,
  ),
}

const observers: Readonly<Record<string, Observer>> = {
  ...pinoObservers,
  name: observe(
    events(
      (log) => log.info('m'),
      (event) => event.logger,
    ),
    [undefined, [undefined]],
    ['app', ['app']],
  ),
  level: observe(
    events((log) => log.debug('d')),
    ['INFO', []],
    ['DEBUG', ['d']],
  ),
  levels: observe(
    events((log) => log.debug('d')),
    [{}, []],
    [{ app: 'DEBUG' }, ['d']],
    { ...INFO, name: 'app' },
  ),
  customLevels: observe(
    events((log) =>
      (log as unknown as Record<string, ((m: string) => void) | undefined>)['notice']?.('n'),
    ),
    [{}, []],
    [{ notice: 25 }, ['n']],
  ),
  'retroactive.level': observe(
    events((log) => {
      log.trace('t')
      log.debug('d')
      log.error('e')
    }),
    ['TRACE', ['t', 'd', 'e']],
    ['DEBUG', ['d', 'e']],
    INFO,
  ),
  'retroactive.trigger': observe(
    events((log) => {
      log.debug('d')
      log.warn('w')
    }),
    ['WARNING', ['d', 'w']],
    ['ERROR', ['w']],
    INFO,
  ),
  'retroactive.maxBytes': observe(kept(20), ['1 KB', false], ['64 KB', true], INFO),
  'retroactive.maxEvents': observe(kept(20), [1, false], [1000, true], INFO),
  'retroactive.maxAge': observe(
    events(async (log) => {
      log.debug('d')
      await sleep(50)
      log.error('e')
    }),
    [1, ['e']],
    ['1h', ['d', 'e']],
    INFO,
  ),
  'retroactive.memory': observe(kept(1000), ['64 KB', false], ['4 MB', true], {
    ...INFO,
    retroactive: { maxEvents: 10_000, maxBytes: '4 MB' },
  }),
  'pressure.batchAt': observe(rung, [0, 'batching'], [1, 'normal'], CALM),
  'pressure.sampleAt': observe(rung, [0, 'sampling'], [1, 'normal'], CALM),
  'pressure.dropAt': observe(rung, [0, 'dropping'], [1, 'normal'], CALM),
  'pressure.sampleBelow': observe(
    events((log) => log.info('m')),
    ['INFO', ['m']],
    ['ERROR', []],
    merged(CALM, { pressure: { sampleAt: 0, rate: 0 } }) as Options,
  ),
  'pressure.rate': observe(
    events((log) => log.info('m')),
    [1, ['m']],
    [0, []],
    merged(CALM, { pressure: { sampleAt: 0 } }) as Options,
  ),
  'pressure.holdMs': observe(
    logger(async (log) => {
      log.info('m')
      await log.flush()
      await sleep(300)
      return log.metrics().pressure.rung
    }),
    [1, 'normal'],
    ['1h', 'batching'],
    merged(CALM, { pressure: { batchAt: 1e-6 } }) as Options,
  ),
  format: observe(
    lines((log) => log.info('m', { a: 1 })),
    ['minimal', [/^INFO m/]],
    ['logfmt', [/^ts=.* msg=m a=1/]],
  ),
  timestamp: observe(
    lines((log) => log.info('m')),
    ['iso-us', [/^\{"timestamp":"[-\dT:]+\.\d{3}000Z",/]],
    ['epoch-ns', [/^\{"timestamp":\d{13}000000,/]],
  ),
  preset: observe(
    lines((log) => log.info('m')),
    ['minimal', ['INFO m']],
    ['fastify', [/^\{"level":30,/]],
    {
      sinks: [{ type: 'memory' }],
    },
  ),
  configFile: observe(
    inFolder((folder) => (options) => {
      writeFileSync(join(folder, 'fapilog.json'), '{ "name": "of-file" }')
      return logger((log) => log.name)(options)
    }),
    [undefined, undefined],
    ['FOLDER/fapilog.json', 'of-file'],
  ),
  watchConfig: observe(
    inFolder((folder) => (options) => {
      const path = join(folder, 'fapilog.json')
      writeFileSync(path, '{ "level": "INFO" }')
      return logger(async (log) => {
        writeFileSync(path, '{ "level": "DEBUG" }')
        for (let n = 0; n < 40 && log.level === 'INFO'; n++) await sleep(50)
        return log.level
      })(options)
    }),
    [false, 'INFO'],
    [true, 'DEBUG'],
    { configFile: 'FOLDER/fapilog.json', sinks: ['null'] },
  ),
  sinks: observe(
    logger((log) => Object.keys(log.metrics().sinks)),
    [['null'], ['null']],
    [['stderr'], ['stderr']],
    {},
  ),
  ...Object.assign({}, ...['stdout', 'stderr', 'file', 'null', 'memory'].map(observersOfSink)),
  'sinks[file].path': observe(
    folderAfter(
      (log) => log.info('m'),
      (folder) => readdirSync(folder),
    ),
    ['FOLDER/a.log', ['a.log']],
    ['FOLDER/b.log', ['b.log']],
    FILE,
  ),
  'sinks[file].mode': observe(modeOf('logs/app.log'), [0o600, 0o600], [0o640, 0o640], FILE),
  'sinks[file].dirMode': observe(
    modeOf('logs'),
    [0o700, 0o700],
    [0o500 | 0o200 | 0o050, 0o750],
    FILE,
  ),
  'sinks[file].mkdir': observe(
    inFolder(() => async (options) => {
      try {
        await createLogger(options as LoggerOptions).close()
        return undefined
      } catch (error) {
        return (error as FapilogError).code
      }
    }),
    [true, undefined],
    [false, 'FAPILOG_SINK_OPEN'],
    FILE,
  ),
  'sinks[file].rotate.maxBytes': observe(rotated, ['1 KB', 0], [60, 4], FILE),
  'sinks[file].rotate.interval': observe(enough(rotated, 2), ['1h', false], [1, true], FILE),
  'sinks[file].rotate.utc': observe(
    inFolder((folder) => async (options) => {
      const rotate = `
        for (let n = 0; n < 3; n++) { log.info('x'.repeat(50)); await log.flush() }
        await log.close(); tell(1)`
      await child(rotate, 'plain', { TZ: 'Etc/GMT+12' })(options)
      const names = readdirSync(join(folder, 'logs')).join()
      const hours = [0, 1].map((ago) =>
        new Date(Date.now() - ago * 60_000).toISOString().slice(0, 13),
      )
      return hours.some((hour) => names.replace(/\D/g, '').includes(hour.replace(/\D/g, '')))
    }),
    [false, false],
    [true, true],
    EVERY_LINE,
  ),
  'sinks[file].rotate.compress': observe(
    rotating((names) => names.some((name) => name.endsWith('.gz'))),
    ['none', false],
    ['gzip', true],
    EVERY_LINE,
  ),
  'sinks[file].rotate.keepFiles': observe(rotated, [1, 1], [3, 3], EVERY_LINE),
  'sinks[file].rotate.keepBytes': observe(rotated, [0, 0], ['1 MB', 4], EVERY_LINE),
  // The files are young still when an hour is kept.
  'sinks[file].rotate.keepFor': observe(
    enough(
      rotating((names) => names.length - 1, 30),
      4,
    ),
    [1, false],
    ['1h', true],
    EVERY_LINE,
  ),
  'sinks[memory].maxBytes': observe(
    countOf(lines(hundred)),
    ['1 KB', expectLess(100)],
    ['64 MB', 100],
  ),
  'queue.ringBytes': observe(
    logger((log) => log.metrics().ring.capacityBytes),
    ['64 KB', 65_536],
    ['1 MB', 1 << 20],
  ),
  'queue.overflow': observe(
    filling(
      'const { full, timeout } = log.metrics().droppedByReason; tell([full > 0, timeout > 0])',
    ),
    ['drop-newest', [true, false]],
    ['block', [false, true]],
    { ...UNREAD, queue: { ringBytes: '64 KB', blockTimeoutMs: 0 } },
  ),
  'queue.blockTimeoutMs': observe(
    filling(
      `const start = performance.now(); log.info('m'); tell(performance.now() - start > 100)`,
    ),
    [0, false],
    [200, true],
    { ...UNREAD, queue: { ringBytes: '64 KB', overflow: 'block' } },
  ),
  'queue.protectedLevel': observe(
    filling(`log.error('e'); tell(log.metrics().dropped.ERROR ?? 0)`),
    ['SILENT', 1],
    ['ERROR', 0],
    UNREAD,
  ),
  'queue.maxEventBytes': observe(
    events(
      (log) => log.info(cut),
      (event) => event.message.length > 50_000,
    ),
    ['16 KB', [false]],
    ['256 KB', [true]],
  ),
  'queue.pluginBytes': observe(
    async (options) => {
      const stuck = {
        kind: 'processor',
        name: 'stuck',
        process: () => new Promise(() => undefined),
      }
      const log = createLogger({ ...options, plugins: [stuck] } as unknown as LoggerOptions)
      for (let n = 0; n < 3000 && total(log.metrics().dropped) === 0; n++)
        log.info(String(n).padEnd(500))
      const dropped = total(log.metrics().dropped)
      await log.close()
      return dropped > 0
    },
    ['64 KB', true],
    ['64 MB', false],
    {
      ...MEMORY,
      shutdownTimeoutMs: 100,
      queue: { ringBytes: '128 KB', overflow: 'block', blockTimeoutMs: '3s' },
    },
  ),
  'filters.minLevels': observe(events(twoLevels), [{}, both], [{ app: 'ERROR' }, ['e']], {
    ...MEMORY,
    name: 'app',
  }),
  'filters.traceSampling.rate': filter(
    'traceSampling',
    (log) => log.info('m', { trace_id: 'x' }),
    [0, 0],
    [1, 1],
  ),
  'filters.traceSampling.field': filter(
    'traceSampling',
    (log) => log.info('m', { own: 'x' }),
    ['trace_id', 1],
    ['own', 0],
    { rate: 0 },
  ),
  'filters.traceSampling.protectedLevel': filter(
    'traceSampling',
    (log) => log.error('m', { trace_id: 'x' }),
    ['SILENT', 0],
    ['ERROR', 1],
    { rate: 0 },
  ),
  'filters.sampling.rate': filter('sampling', hundred, [0, 0], [1, 100]),
  'filters.sampling.levels': filter('sampling', hundred, [{}, 100], [{ INFO: 0 }, 0]),
  'filters.sampling.by': filter(
    'sampling',
    hundred,
    [['message'], expectIn(0, 100)],
    [[], expectNotIn(0, 100)],
    { rate: 0.5 },
  ),
  'filters.sampling.protectedLevel': protectedLevel('sampling', { rate: 0 }, 0),
  'filters.adaptiveSampling.targetPerSecond': observe(
    enough(countOf(burst), 2500),
    [10, false],
    [1e9, true],
    { ...MEMORY, filters: { adaptiveSampling: { minRate: 0 } } },
  ),
  'filters.adaptiveSampling.minRate': observe(enough(countOf(burst), 2500), [0, false], [1, true], {
    ...MEMORY,
    filters: { adaptiveSampling: { targetPerSecond: 10 } },
  }),
  'filters.adaptiveSampling.maxRate': observe(enough(countOf(burst), 2500), [0, false], [1, true], {
    ...MEMORY,
    filters: { adaptiveSampling: { targetPerSecond: 1e9, minRate: 0 } },
  }),
  'filters.adaptiveSampling.protectedLevel': protectedLevel(
    'adaptiveSampling',
    { maxRate: 0, minRate: 0 },
    0,
  ),
  'filters.firstOccurrence.by': filter(
    'firstOccurrence',
    twoCodes,
    [['message'], 1],
    [['code'], 2],
  ),
  'filters.firstOccurrence.windowMs': filter('firstOccurrence', apart, [1, 3], ['1h', 1]),
  'filters.firstOccurrence.rate': filter('firstOccurrence', hundred, [0, 1], [1, 100]),
  'filters.firstOccurrence.maxKeys': filter('firstOccurrence', comingBack, [1, 3], [100, 2], {
    by: ['code'],
  }),
  'filters.firstOccurrence.protectedLevel': protectedLevel('firstOccurrence', {}, 1),
  'filters.dedupe.by': filter('dedupe', twoCodes, [['message'], 1], [['code'], 2]),
  'filters.dedupe.windowMs': filter('dedupe', apart, [1, 3], ['1h', 1]),
  'filters.dedupe.maxKeys': filter('dedupe', comingBack, [1, 3], [100, 2], { by: ['code'] }),
  'filters.dedupe.protectedLevel': protectedLevel('dedupe', {}, 1),
  'filters.throttle.by': filter('throttle', twoCodes, [['message'], 1], [['code'], 2], {
    limit: 1,
    windowMs: '1h',
  }),
  'filters.throttle.limit': filter('throttle', hundred, [7, 7], [70, 70], { windowMs: '1h' }),
  'filters.throttle.windowMs': filter('throttle', apart, [1, 3], ['1h', 1], { limit: 1 }),
  'filters.throttle.maxKeys': filter('throttle', comingBack, [1, 3], [100, 2], {
    by: ['code'],
    limit: 1,
    windowMs: '1h',
  }),
  'filters.throttle.protectedLevel': protectedLevel('throttle', { limit: 1, windowMs: '1h' }, 1),
  'filters.rateLimit.by': filter('rateLimit', twoCodes, [['message'], 1], [['code'], 2], {
    burst: 1,
    perSecond: 0,
  }),
  'filters.rateLimit.perSecond': filter('rateLimit', apart, [0, 1], [1000, 3], { burst: 1 }),
  'filters.rateLimit.burst': filter('rateLimit', hundred, [7, 7], [70, 70], { perSecond: 0 }),
  'filters.rateLimit.maxKeys': filter('rateLimit', comingBack, [1, 3], [100, 2], {
    by: ['code'],
    burst: 1,
    perSecond: 0,
  }),
  'filters.rateLimit.protectedLevel': protectedLevel('rateLimit', { burst: 1, perSecond: 0 }, 1),
  'routing.rules.level': observe(routedTo('other'), ['INFO', both], ['ERROR', ['e']], ROUTED),
  'routing.rules.maxLevel': observe(routedTo('other'), ['ERROR', both], ['INFO', ['i']], ROUTED),
  'routing.rules.loggers': observe(routedTo('other'), ['app', both], ['db', []], ROUTED),
  'routing.rules.where': observe(routedTo('other'), [{}, both], [{ plan: 'pro' }, ['i']], ROUTED),
  'routing.rules.has': observe(routedTo('other'), [[], both], [['plan'], ['i']], ROUTED),
  'routing.rules.sinks': observe(routedTo('memory'), [['memory'], both], [['other'], []], {
    ...ROUTED,
    routing: { rules: [{}], otherwise: ['memory'] },
  }),
  'routing.overlap': observe(routedTo('memory'), [true, both], [false, []], {
    ...ROUTED,
    routing: { rules: [{ sinks: ['other'] }, { sinks: ['memory'] }] },
  }),
  'routing.otherwise': observe(routedTo('memory'), [['memory'], ['i']], [['other'], both], {
    ...ROUTED,
    routing: { rules: [{ level: 'ERROR', sinks: ['other'] }] },
  }),
  'redact.presets': redacted(
    { password: 'V' },
    {},
    [[], { password: 'V' }],
    [['CREDENTIALS'], { password: '***' }],
  ),
  'redact.fields': redacted(secret, {}, [[], secret], [['email'], { ...secret, email: '***' }]),
  'redact.fields.name': redacted(
    { a: 'V', b: 'W' },
    {},
    ['a', { a: '***', b: 'W' }],
    ['b', { a: 'V', b: '***' }],
  ),
  'redact.fields.strategy': redacted(
    { a: 'V', b: 1 },
    { fields: [{ name: 'a' }] },
    ['mask', { a: '***', b: 1 }],
    ['remove', { b: 1 }],
  ),
  'redact.paths': redacted({ a: 'V' }, {}, [[], { a: 'V' }], [['a'], { a: '***' }]),
  'redact.paths.path': redacted(
    { a: 'V', b: 'W' },
    {},
    ['a', { a: '***', b: 'W' }],
    ['b', { a: 'V', b: '***' }],
  ),
  'redact.paths.strategy': redacted(
    { a: 'V', b: 1 },
    { paths: [{ path: 'a' }] },
    ['mask', { a: '***', b: 1 }],
    ['remove', { b: 1 }],
  ),
  'redact.block': observe(
    events(
      (log) => log.info('m', { body: 'B' }),
      (event) => event.data['body'] === 'B',
    ),
    [false, [true]],
    [true, [false]],
  ),
  'redact.allow': observe(
    events(
      (log) => log.info('m', { a: 'V', b: 'W' }),
      ({ data: of }) => [of['a'] === 'V', of['b'] === 'W'],
    ),
    [['a'], [[true, false]]],
    [['b'], [[false, true]]],
  ),
  'redact.patterns': redacted(
    { a: 'ORD-1' },
    {},
    [[], { a: 'ORD-1' }],
    [['ORD-\\d'], { a: '***' }],
  ),
  'redact.patterns.regex': redacted(
    { a: 'ORD-1' },
    {},
    ['INV-\\d', { a: 'ORD-1' }],
    ['ORD-\\d', { a: '***' }],
  ),
  'redact.patterns.name': observe(
    async (options) => {
      try {
        await createLogger(options as LoggerOptions).close()
        return undefined
      } catch (error) {
        return /order number/.test(String(error))
      }
    },
    [undefined, false],
    ['order number', true],
    { ...MEMORY, redact: { patterns: [{ regex: '(' }] } },
  ),
  'redact.patterns.strategy': redacted(
    { a: 'ORD-1' },
    { patterns: [{ regex: 'RD-\\d' }] },
    ['mask', { a: 'O***' }],
    ['remove', { a: 'O' }],
  ),
  'redact.detectors': redacted({ a: CARD }, {}, [false, { a: CARD }], [true, { a: '***' }]),
  'redact.detectors.name': redacted(
    { a: CARD },
    {},
    ['email', { a: CARD }],
    ['card', { a: '***' }],
  ),
  'redact.detectors.strategy': redacted(
    { a: CARD },
    { detectors: [{ name: 'card' }] },
    ['mask', { a: '***' }],
    ['keep-last-4', { a: '***1111' }],
  ),
  'redact.urls': redacted(
    { u: 'http://a:b@c/' },
    {},
    [false, { u: 'http://a:b@c/' }],
    [true, { u: 'http://***@c/' }],
  ),
  'redact.strategy': redacted(
    { a: 'V', b: 1 },
    { fields: ['a'] },
    ['mask', { a: '***', b: 1 }],
    ['remove', { b: 1 }],
  ),
  'redact.mask': redacted(
    { a: 'V' },
    { fields: ['a'] },
    ['***', { a: '***' }],
    ['[X]', { a: '[X]' }],
  ),
  'redact.hashKey': observe(hashes, [undefined, true], ['k'.repeat(16), false], {
    ...MEMORY,
    redact: { fields: ['email'], strategy: 'hash' },
  }),
  'redact.hashKeyEnv': observe(
    (options) => {
      process.env['EFFECT_HASH_KEY'] = 'k'.repeat(16)
      return hashes(options)
    },
    [undefined, true],
    ['EFFECT_HASH_KEY', false],
    { ...MEMORY, redact: { fields: ['email'], strategy: 'hash' } },
  ),
  'redact.maxStringLength': redacted(
    { a: 'abcdef' },
    {},
    [6, { a: 'abcdef' }],
    [3, { a: 'abc…[truncated 3 of 6 characters]' }],
  ),
  'redact.jsonStrings': redacted(
    { a: '{"token":"V"}' },
    { fields: ['token'] },
    [false, { a: '{"token":"V"}' }],
    [true, { a: '{"token":"***"}' }],
  ),
  'redact.maxScanBytes': observe(
    logger(async (log) => {
      log.info('m', { a: 'x'.repeat(1000), b: 'y'.repeat(100) })
      await log.flush()
      return log.metrics().stages['redact']?.withheld
    }),
    ['1 KB', 1],
    ['1 MB', 0],
    { ...MEMORY, redact: { detectors: ['card'] } },
  ),
  'enrich.fields': observe(data({}), [{}, [{}]], [{ region: 'eu' }, [{ region: 'eu' }]]),
  'enrich.correlation': observe(
    events(
      (log) => log.withContext({ request_id: 'r-1' }, () => log.info('m')),
      (event) => event.context['correlation_id'],
    ),
    [false, [null]],
    [true, ['r-1']],
  ),
  'enrich.runtime': observe(
    events(
      (log) => log.info('m'),
      (event) => 'runtime' in event.data,
    ),
    [false, [false]],
    [true, [true]],
  ),
  'enrich.kubernetes': observe(
    (options) =>
      child(
        `log.info('m'); await log.flush()
        tell('k8s' in JSON.parse(log.takeLines()[0]).data); await log.close()`,
        'plain',
        { KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAME: 'app-1', POD_NAMESPACE: 'shop' },
      )(options),
    [false, false],
    [true, true],
  ),
  'processors.rename': processed({ a: 'V' }, {}, [{}, { a: 'V' }], [{ a: 'b' }, { b: 'V' }]),
  'processors.drop': processed({ a: 1, b: 2 }, {}, [['a'], { b: 2 }], [['b'], { a: 1 }]),
  'processors.encrypt.fields': observe(
    (options) => {
      process.env['FAPILOG_ENCRYPTION_KEY'] = '01'.repeat(32)
      return isPlain(options)
    },
    [['b'], true],
    [['a'], false],
  ),
  'sinks[file].encrypt.keyVariable': observe(
    async (options) => {
      process.env['EFFECT_FILE_KEY'] = '03'.repeat(32)
      try {
        return await folderAfter(
          (log) => log.info('m'),
          (folder) => readFileSync(join(folder, 'logs/app.log')).includes('FAPLOG'),
        )(options)
      } catch (error) {
        return (error as FapilogError).code
      }
    },
    ['EFFECT_NO_SUCH_KEY', 'FAPILOG_CONFIGURATION'],
    ['EFFECT_FILE_KEY', true],
    FILE,
  ),
  'processors.encrypt.keyVariable': observe(
    async (options) => {
      process.env['EFFECT_KEY'] = '02'.repeat(32)
      try {
        return await isPlain(options)
      } catch (error) {
        return (error as FapilogError).code
      }
    },
    ['EFFECT_NO_SUCH_KEY', 'FAPILOG_CONFIGURATION'],
    ['EFFECT_KEY', false],
    { ...MEMORY, processors: { encrypt: { fields: ['a'] } } },
  ),
  'processors.sizeGuard.maxBytes': observe(
    events(
      (log) => log.info('m', { a: 'x'.repeat(5000) }),
      (event) => String(event.data['a']).length >= 5000,
    ),
    ['1 KB', [false]],
    ['64 KB', [true]],
  ),
  'processors.sizeGuard.action': observe(
    countOf(data({ a: 'x'.repeat(5000) })),
    ['truncate', 1],
    ['drop', 0],
    { ...MEMORY, processors: { sizeGuard: { maxBytes: '1 KB' } } },
  ),
  durability: observe(exists('logs/.fapilog'), ['memory', false], ['crash-safe', true], FILE),
  crashSafeDir: observe(exists('rings'), [undefined, false], ['FOLDER/rings', true], {
    ...FILE,
    durability: 'crash-safe',
  }),
  sync: observe(
    logger((log) => {
      let pending = 0
      times(2000, (n) => {
        log.info('m', { n })
        pending += log.metrics().inFlight
      })
      return pending > 0
    }),
    [false, true],
    [true, false],
  ),
  shutdownTimeoutMs: observe(
    filling(
      'const start = performance.now(); await log.close(); tell(performance.now() - start > 900)',
    ),
    [10, false],
    [1000, true],
    UNREAD,
  ),
  handleSignals: observe(
    signalled,
    // No more than the pipe holds, which nobody reads before the process is gone.
    [false, expectLess(30_000)],
    [true, 30_000],
    { format: 'minimal', sinks: ['stdout'], shutdownTimeoutMs: '20s' },
  ),
  diagnostics: observe(
    async (options) => {
      const program = `log.info('x'.repeat(100000)); await log.close()`
      return /values cut/.test(((await child(program)(options)) as { error: string }).error)
    },
    [false, false],
    [true, true],
    CUT,
  ),
  onError: observe(
    async (options) => {
      told.length = 0
      await events((log) => log.info(cut))(options)
      return told.length
    },
    [undefined, 0],
    [(error: FapilogError) => told.push(error), 1],
    CUT,
  ),
  otel: observe(
    events(
      (log) => tracer.startActiveSpan('span', () => log.info('m')),
      (event) => typeof event.context['trace_id'],
    ),
    [false, ['undefined']],
    [true, ['string']],
  ),
  plugins: observe(
    events(twoLevels),
    [[], both],
    [
      [
        {
          kind: 'filter',
          name: 'f',
          filter: ({ message }: { message: string }) => message !== 'i',
        },
      ],
      ['e'],
    ],
  ),
  service: observe(inContext('service'), [undefined, [undefined]], ['checkout', ['checkout']]),
  env: observe(inContext('env'), [undefined, [undefined]], ['production', ['production']]),
  version: observe(inContext('version'), [undefined, [undefined]], ['1.4.2', ['1.4.2']]),
  utc: observe(
    async (options) => {
      // Local time is twelve hours behind.
      const program = `log.info('m'); await log.flush(); tell(log.takeLines()[0]); await log.close()`
      const line = (await child(program, 'plain', { TZ: 'Etc/GMT+12' })(options)) as string
      const hour = Number(/(\d\d):\d\d:\d\d/.exec(line)?.[1])
      return [0, 1].some((ago) => new Date(Date.now() - ago * 60_000).getUTCHours() === hour)
    },
    [false, false],
    [true, true],
    { format: 'pretty', sinks: [{ type: 'memory', color: false }] },
  ),
}

/** Whether all of so many events before a trigger are written with it. */
function kept(count: number): Experiment {
  return async (options) => {
    const use = (log: Logger) => {
      times(count, (n) => log.debug(String(n).padEnd(150)))
      log.error('e')
    }
    return ((await events(use)(options)) as unknown[]).length === count + 1
  }
}

/** Lines of a process that gets a SIGTERM while nobody reads them; they are read half a second later. */
function signalled(options: Options): Promise<number> {
  const program = `
    import { createLogger } from 'fapilog'
    const log = createLogger(JSON.parse(process.argv[1]))
    for (let n = 0; n < 30000; n++) log.info(String(n).padEnd(100))
    process.send('logged')
    setInterval(() => undefined, 1000)`
  return new Promise((resolve, reject) => {
    const args = ['--input-type=module', '-e', program, JSON.stringify(options)]
    const running = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      timeout: 60_000,
    })
    let text = ''
    running.on('error', reject)
    running.once('message', () => {
      running.kill('SIGTERM')
      setTimeout(
        () =>
          running.stdout?.on('data', (chunk) => {
            text += String(chunk)
          }),
        500,
      )
    })
    running.on('close', () => resolve(text.split('\n').length - 1))
  })
}

/** What is left of the second half of 5,000 events within a second or so. */
async function burst(options: Options): Promise<unknown[]> {
  const use = async (log: Logger) => {
    for (let n = 0; n < 50; n++) {
      times(100, () => log.info('m'))
      await sleep(20)
    }
  }
  return (await own(use)(options)) as unknown[]
}

type Expectation = (seen: unknown) => boolean
function expectLess(than: number): Expectation {
  return (seen) => (seen as number) < than
}
function expectIn(...all: number[]): Expectation {
  return (seen) => all.includes(seen as number)
}
function expectNotIn(...all: number[]): Expectation {
  return (seen) => !all.includes(seen as number)
}

function agrees(seen: unknown, expected: unknown): boolean {
  if (typeof expected === 'function') return (expected as Expectation)(seen)
  if (expected instanceof RegExp) return expected.test(String(seen))
  if (Array.isArray(expected) && Array.isArray(seen))
    return expected.length === seen.length && expected.every((one, i) => agrees(seen[i], one))
  return JSON.stringify(seen) === JSON.stringify(expected)
}

/** A group is seen by its settings, a list of groups too. */
const isGroup = ({ id, kind, words }: Setting) =>
  kind === undefined &&
  words === undefined &&
  allSettings.some((one) => one.id.startsWith(`${id}.`) || one.id.startsWith(`${id}[`))

for (const setting of allSettings) {
  const { id, around } = setting
  const observer = observers[id]
  if (observer === undefined) continue
  test(`${id} is not inert`, async (t) => {
    const { see, values, beside } = observer
    t.notDeepEqual(values[0]?.[1], values[1]?.[1], 'the observer tells no difference')
    for (const [value, expected] of values) {
      const seen = await see(placed(beside, around(HERE), value) as Options)
      t.true(agrees(seen, expected), `${String(value)}: ${JSON.stringify(seen)}`)
    }
  })
}

test('every setting has an observer', (t) => {
  const ids = allSettings.map(({ id }) => id)
  const without = allSettings
    .filter((setting) => observers[setting.id] === undefined && !isGroup(setting))
    .map(({ id }) => id)
  t.deepEqual(without.sort(), [...NEVER_BEHIND].sort())
  t.deepEqual(
    Object.keys(observers).filter((id) => !ids.includes(id)),
    [],
  )
  // What these two types cannot show, the others do.
  for (const id of NEVER_BEHIND) {
    t.true(COMMON_SINK_SETTINGS.includes(id.split('.')[1] as string))
    t.not(observers[id.replace(/\[\w+\]/, '[file]')], undefined)
  }
})
