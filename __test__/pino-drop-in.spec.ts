// `fapilog/pino` beside pino: the same program on both, line by line and field by field.

import { createRequire } from 'node:module'
import test from 'ava'
import dropIn from 'fapilog/pino'
import real from 'pino'
import type { Json } from './support/capture.ts'

// biome-ignore lint/suspicious/noExplicitAny: both loggers, called alike
type Either = any

/** A program: makes a logger that writes to `stream`, and uses it. */
type Program = (pino: Either, stream: Either) => void

/** The time is only near; everything else is the same. */
function withoutTime(line: Json): Json {
  if (typeof line['time'] !== 'number') return line
  const { time, ...rest } = line
  return { ...rest, time: Math.abs(Number(time) - Date.now()) < 60_000 ? 'now' : time }
}

function linesOf(pino: Either, program: Program): Json[] {
  const lines: string[] = []
  program(pino, { write: (line: string) => lines.push(line) })
  return lines.map((line) => withoutTime(JSON.parse(line) as Json))
}

const using =
  (
    options: object | ((pino: Either) => object),
    use: (log: Either, pino: Either) => void,
  ): Program =>
  (pino, stream) =>
    use(pino(typeof options === 'function' ? options(pino) : options, stream), pino)

const boom = Object.assign(new TypeError('boom'), { code: 'E_BOOM' })
const caused = new Error('outer', { cause: new RangeError('inner') })
const circle: { name: string; self?: unknown; list?: unknown[] } = { name: 'circle' }
circle.self = circle
circle.list = [1, 2, 3, 4, circle]
const secrets = () => ({
  password: 'p',
  user: { password: 'p', name: 'ada', keys: [{ key: 1 }, { key: 2 }] },
  headers: { 'set-cookie': 'c', accept: '*' },
})
const request = { method: 'GET', url: '/', headers: { host: 'h' }, socket: { remotePort: 1 } }
const everyLevel = (log: Either) => {
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) log[level](level)
}
const call = (log: Either) => {
  log.info({ a: 1, b: { c: [1] } }, 'a message')
  log.info('only a message')
  log.info({ only: 'fields' })
  log.error(boom)
  log.error({ err: boom, a: 1 }, 'with an error')
  log.child({ child: 1 }).warn({ a: 2 }, 'from a child')
}

const programs: Record<string, Program> = {
  'no options': (pino, stream) => call(pino({}, stream)),
  'every form of a call': using({}, (log) => {
    log.info()
    log.info(undefined)
    log.info(null)
    log.info(undefined, 'after undefined')
    log.info(null, 'after null')
    log.info('')
    log.info(42)
    log.info(true)
    log.info({}, '')
    log.info({ msg: 'a field' })
    log.info({ a: 1 }, 42)
    log.info({ a: 1 }, null)
    log.info('no place', { for: 'this' }, 1)
    log.info({ a: 1 }, 'no place', { for: 'this' })
    log.info('%s %d %i %f %j %o %O %% %x', 's', 1.5, 1.5, '1.5', { j: 1 }, { o: 1 }, [1])
    log.info({ a: 1 }, 'for %s and %s', 'one')
    log.info(undefined, 'for %s', 'one')
    log.info(() => 'a function')
    log.error(boom, 'says %s', 'more')
    log.error(caused)
    log.error({ err: boom })
    log.info({ a: undefined, b: () => 1, c: null })
    log.silent('nothing')
  }),
  'level: a name': using({ level: 'warn' }, everyLevel),
  'level: in upper case': using({ level: 'DEBUG' }, everyLevel),
  'level: a number': using({ level: 30 }, everyLevel),
  'level: silent': using({ level: 'silent' }, everyLevel),
  'level: set': using({}, (log) => {
    const child = log.child({ child: true })
    log.level = 'error'
    everyLevel(log)
    everyLevel(child)
    child.level = 'debug'
    everyLevel(log)
    everyLevel(child)
    everyLevel(child.child({ grandchild: true }))
    log.level = 'silent'
    everyLevel(log)
    everyLevel(child)
    log.info({
      levels: [log.level, log.levelVal === Number.POSITIVE_INFINITY, child.level, child.levelVal],
      enabled: [
        log.isLevelEnabled('fatal'),
        child.isLevelEnabled('debug'),
        log.isLevelEnabled('x'),
      ],
    })
  }),
  'enabled: false': using({ enabled: false, level: 'trace' }, everyLevel),
  name: using({ name: 'app' }, call),
  'base: of its own': using({ base: { pid: 1, service: 'shop', nested: { a: 1 } } }, call),
  'base: of its own, with a name': using({ base: { service: 'shop' }, name: 'app' }, call),
  'base: null': using({ base: null, name: 'app' }, call),
  'base: undefined': using({ base: undefined, name: 'app' }, call),
  'timestamp: false': using({ timestamp: false }, call),
  'timestamp: true': using({ timestamp: true }, call),
  'timestamp: a function': using({ timestamp: () => ',"at":{"fixed":true}' }, call),
  'timestamp: a time of its own': using({ timestamp: () => ',"time":"2026-01-02"' }, call),
  'timestamp: none, and a field of that name': using({ timestamp: false }, (log) =>
    log.info({ time: 'mine' }, 'm'),
  ),
  messageKey: using({ messageKey: 'message' }, (log) => {
    call(log)
    log.info({ msg: 'a field' }, 'm')
    log.info({ message: 'a field' })
  }),
  errorKey: using({ errorKey: 'error' }, (log) => {
    call(log)
    log.error({ error: boom }, 'm')
    log.error({ error: boom })
  }),
  nestedKey: using({ nestedKey: 'payload' }, (log) => {
    call(log)
    log.info({}, 'nothing to nest')
    log.info({ a: undefined }, 'nothing to nest')
    log.child({ level: 'no binding' }).info({ level: 'nested' })
  }),
  'formatters.level': using(
    {
      level: 'trace',
      formatters: {
        level: (label: string, number: number) => ({ severity: label.toUpperCase(), number }),
      },
    },
    everyLevel,
  ),
  'formatters.bindings': using(
    {
      name: 'app',
      formatters: { bindings: (all: object) => ({ ...all, added: 1, pid: undefined }) },
    },
    (log) => {
      call(log)
      log.setBindings({ set: 1 })
      log.info('m')
    },
  ),
  'formatters.log': using(
    { formatters: { log: (all: object) => ({ ...all, logged: true }) } },
    call,
  ),
  serializers: using(
    {
      serializers: {
        a: (value: number) => `a is ${value}`,
        child: (value: unknown) => ({ value }),
        gone: () => undefined,
        msg: (text: string) => text.toUpperCase(),
      },
    },
    (log) => {
      call(log)
      log.info({ gone: 1, kept: 2 }, 'm')
      log.child({ gone: 1, a: 2 }).info('m')
    },
  ),
  'serializers: for errors': using(
    (pino) => ({
      serializers: { err: (error: Error) => ({ text: pino.stdSerializers.err(error).message }) },
    }),
    call,
  ),
  'serializers: the standard one, and errors that only look like one': using(
    (pino) => ({ serializers: { err: pino.stdSerializers.err, other: pino.stdSerializers.err } }),
    (log) => {
      log.error({ err: { message: 'm', stack: 's' } }, 'm')
      log.error({ other: boom }, 'm')
      log.error({ err: caused }, 'm')
    },
  ),
  'serializers: with causes': using(
    (pino) => ({ serializers: { err: pino.stdSerializers.errWithCause } }),
    (log) => log.error(caused),
  ),
  'serializers: requests and responses': using(
    (pino) => ({ serializers: { req: pino.stdSerializers.req, res: pino.stdSerializers.res } }),
    (log) => {
      log.info({ req: request }, 'm')
      log.info({ res: { statusCode: 200, headersSent: true, getHeaders: () => ({ a: 1 }) } }, 'm')
    },
  ),
  'a request as the fields': using({}, (log) => log.info(request, 'm')),
  'redact: paths': using(
    {
      redact: [
        'password',
        'user.password',
        'user.keys[*].key',
        'headers["set-cookie"]',
        '*.accept',
      ],
    },
    (log) => {
      log.info(secrets(), 'm')
      log.child(secrets()).info({ other: { accept: 1 } })
      log.info('in the message: %j', secrets())
      log.info(secrets())
      log.error(boom)
    },
  ),
  'redact: censor': using({ redact: { paths: ['password', '*.password'], censor: '***' } }, (log) =>
    log.info(secrets()),
  ),
  'redact: a function': using(
    {
      redact: {
        paths: ['password', 'user.password', 'user.keys[0].key'],
        censor: (value: unknown, path: string[]) => `${String(value)} at ${path.join('/')}`,
      },
    },
    (log) => log.info(secrets()),
  ),
  'redact: remove': using(
    { redact: { paths: ['password', 'user.keys', 'err.stack'], remove: true } },
    (log) => {
      log.info(secrets())
      log.error(boom)
    },
  ),
  'redact: the message and what lines have anyway': using(
    { redact: ['msg', 'hostname', 'pid', 'name'], name: 'app' },
    (log) => log.info('secret'),
  ),
  'redact: everything on the first level': using({ redact: ['*'], base: { a: 1 } }, (log) =>
    log.info({ b: { c: 1 } }, 'm'),
  ),
  mixin: using(
    {
      mixin: (fields: object, level: number, log: Either) => ({
        a: 'mixed',
        fields: Object.keys(fields),
        number: level,
        at: log.level,
      }),
    },
    call,
  ),
  mixinMergeStrategy: using(
    {
      mixin: () => ({ a: 'mixed', only: 'mixed' }),
      mixinMergeStrategy: (fields: object, mixed: object) => ({ ...fields, ...mixed }),
    },
    call,
  ),
  customLevels: using({ level: 'low', customLevels: { low: 5, notice: 35, high: 1000 } }, (log) => {
    log.low('m')
    log.notice({ a: 1 }, 'm')
    log.child({ b: 1 }).high('m')
    everyLevel(log)
    log.level = 'notice'
    log.info('no')
    log.notice('yes')
    log.info({ levels: log.levels.values, labels: log.levels.labels, val: log.levelVal })
  }),
  'customLevels: with the number of another': using({ customLevels: { inform: 30 } }, (log) => {
    log.inform('m')
    log.info('m')
  }),
  useOnlyCustomLevels: using(
    { level: 'b', customLevels: { a: 1, b: 2, c: 3 }, useOnlyCustomLevels: true },
    (log) => {
      log.a('no')
      log.b('m')
      log.c({ info: typeof log.info }, 'm')
    },
  ),
  'levelComparison: DESC': using(
    {
      level: 'warning',
      levelComparison: 'DESC',
      customLevels: { alert: 1, warning: 4, notice: 5 },
      useOnlyCustomLevels: true,
    },
    (log) => {
      log.alert('m')
      log.notice('no')
      log.warning({ enabled: log.isLevelEnabled('notice') })
    },
  ),
  'levelComparison: a function': using(
    { level: 'info', levelComparison: (current: number, expected: number) => current !== expected },
    everyLevel,
  ),
  'hooks.logMethod': using(
    {
      hooks: {
        logMethod(args: unknown[], method: (...args: unknown[]) => void, level: number) {
          if (args.length > 1) method.apply(this, [{ level_was: level }, `${args.join('-')}`])
          else method.apply(this, args)
        },
      },
    },
    (log) => {
      log.info('a', 'b', 'c')
      log.info('alone')
      log.child({ child: 1 }).warn('a', 'b')
    },
  ),
  'hooks.streamWrite': using(
    { hooks: { streamWrite: (line: string) => line.replaceAll('secret', '***') } },
    (log) => log.info('a secret'),
  ),
  'depthLimit and edgeLimit': using({ depthLimit: 2, edgeLimit: 3 }, (log) => {
    log.info({ circle, deep: { a: { b: { c: { d: 1 } } } } }, 'm')
    log.child({ circle }).info({ list: [1, 2, 3, 4, 5] })
  }),
  msgPrefix: using({ msgPrefix: '[app] ' }, (log) => {
    call(log)
    log.child({}, { msgPrefix: '[child] ' }).info('hello %s', 'you')
    log.info({ prefix: log.child({}, { msgPrefix: 'x' }).msgPrefix })
  }),
  'safe: true': using({ safe: true }, call),
  'child: options': using(
    { level: 'info', serializers: { a: (value: unknown) => ({ root: value }) } },
    (log) => {
      const child = log.child(
        { bound: 1, secret: 's' },
        {
          level: 'debug',
          serializers: { bound: (value: number) => value + 1 },
          redact: ['secret', 'nested.secret'],
          msgPrefix: '> ',
          formatters: {
            bindings: (all: object) => ({ ...all, formatted: true }),
            log: (all: object) => ({ ...all, logged: true }),
          },
        },
      )
      child.debug({ a: 1, bound: 5, nested: { secret: 's' } }, 'm')
      child.child({ bound: 7 }).info('m')
      log.debug('no')
      log.info({ a: 1, bound: 5, nested: { secret: 's' } }, 'm')
    },
  ),
  'child: bindings that are none': using({}, (log) =>
    log.child({ level: 'x', serializers: 1, formatters: 2, customLevels: 3, kept: 4 }).info('m'),
  ),
  'bindings and setBindings': using({ name: 'app' }, (log) => {
    const child = log.child({ a: 1, b: { c: 2 } })
    child.setBindings({ d: 3 })
    child.info({ seen: child.bindings(), root: log.bindings() }, 'm')
    log.info('m')
  }),
  onChild: using({}, (log) => {
    const seen: unknown[] = []
    log.onChild = (child: Either) => seen.push(child.bindings())
    log.child({ a: 1 }).child({ b: 2 }).info({ seen })
  }),
  'level-change': using({}, (log) => {
    const seen: unknown[] = []
    const child = log.child({})
    log.on('level-change', (...args: Either[]) => seen.push([...args.slice(0, 4), args[4] === log]))
    log.level = 'trace'
    child.level = 'error'
    log.level = 10
    log.info({ seen })
  }),
  'what hangs on a logger': using({}, (log) => {
    log.mine = 1
    log.info({ mine: log.child({}).mine, tag: String(log), version: log.version })
  }),
  multistream: (pino, stream) => {
    const other: string[] = []
    const log = pino(
      { level: 'debug' },
      pino.multistream([
        { stream },
        { level: 'debug', stream: { write: (line: string) => other.push(`debug ${line}`) } },
        { level: 'error', stream: { write: (line: string) => other.push(`error ${line}`) } },
      ]),
    )
    everyLevel(log)
    log.info({ other: other.map((line) => line.replace(/\{.*"msg"/, '')) })
  },
  'multistream: dedupe': (pino, stream) => {
    const other: string[] = []
    const log = pino(
      {},
      pino.multistream(
        [{ stream }, { level: 'error', stream: { write: (line: string) => other.push(line) } }],
        { dedupe: true },
      ),
    )
    everyLevel(log)
    log.info({ other: other.map((line) => line.replace(/\{.*"msg"/, '')) })
  },
  'a stream with metadata': (pino, stream) => {
    const told = {
      [Symbol.for('pino.metadata')]: true,
      write(this: Either, line: string) {
        const { lastLevel, lastObj, lastMsg, lastTime, lastLogger } = this
        stream.write(
          `${JSON.stringify({ lastLevel, lastObj, lastMsg, time: typeof lastTime, logger: lastLogger.levelVal, line: line.length > 10 })}\n`,
        )
      },
    }
    const log = pino({}, told)
    log.info({ a: 1 }, 'm')
    log.warn('m')
  },
}

for (const [name, program] of Object.entries(programs)) {
  test(`${name}: the lines are those of pino`, (t) => {
    const theirs = linesOf(real, program)
    t.deepEqual(linesOf(dropIn, program), theirs)
  })
}

for (const [name, seconds] of [
  ['isoTime', 1e3],
  ['unixTime', 1],
  ['epochTime', 1e3],
  ['isoTimeNano', 1e3],
] as const) {
  test(`stdTimeFunctions.${name}: the time is written as pino writes it`, (t) => {
    const program = using(
      (pino) => ({ timestamp: pino.stdTimeFunctions[name] }),
      (log) => log.info('m'),
    )
    const at = [real, dropIn].map((pino) => {
      const lines: string[] = []
      program(pino, { write: (line: string) => lines.push(line) })
      return (JSON.parse(lines[0] as string) as { time: unknown }).time
    })
    const [theirs, ours] = at
    t.is(typeof ours, typeof theirs)
    t.is(String(ours).length, String(theirs).length)
    const near = (value: unknown) =>
      typeof value === 'number' ? value * (1e3 / seconds) : Date.parse(value as string)
    t.true(Math.abs(near(ours) - near(theirs)) < 5000)
  })
}

test('crlf: lines end with CR LF', (t) => {
  const lines: string[] = []
  dropIn({ crlf: true }, { write: (line: string) => lines.push(line) }).info('m')
  t.is(lines.length, 1)
  t.regex(lines[0] as string, /"msg":"m"\}\r\n$/)
})

test('what is exported is what pino exports', (t) => {
  const required = createRequire(import.meta.url)('fapilog/pino') as Either
  const theirs = real as Either
  for (const pino of [dropIn as Either, required]) {
    t.is(typeof pino, 'function')
    t.is(pino.default, pino)
    t.is(pino.pino, pino)
    t.deepEqual(
      Object.keys(theirs).filter((name) => !(name in pino)),
      [],
    )
    t.deepEqual(pino.levels, theirs.levels)
    t.is(pino.version, theirs.version)
    t.deepEqual(Object.keys(pino.stdSerializers).sort(), Object.keys(theirs.stdSerializers).sort())
    t.deepEqual(
      Object.keys(pino.stdTimeFunctions).sort(),
      Object.keys(theirs.stdTimeFunctions).sort(),
    )
    for (const name of ['serializersSym', 'formattersSym', 'hooksSym', 'needsMetadataGsym'])
      t.is(pino.symbols[name], theirs.symbols[name])
  }
})
