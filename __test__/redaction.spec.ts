// Redaction: no secret is in a line, and those known by their key are not even in shared memory.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import {
  ConfigurationError,
  createLogger,
  joinLogger,
  type LiveOptions,
  type Logger,
  type LoggerOptions,
} from 'fapilog'
import fc from 'fast-check'
import pino from 'pino'
import { corpus, DETECTORS } from '../benches/lib/detector-corpus.mjs'
import { FORMATS } from '../src/settings/format-names.ts'
import { type Json, memoryLogger, takeEvent, takeEvents } from './support/capture.ts'
import { folder, recover, remove } from './support/crash.mjs'

type RedactOptions = NonNullable<LoggerOptions['redact']>

const CARD = '4111111111111111'

/** What becomes of the fields of an event. */
async function data(redact: RedactOptions, fields: unknown): Promise<Json> {
  const log = memoryLogger({ redact })
  // Twice, since keys and texts that come again travel in another way.
  log.info(fields as object, 'm')
  log.info(fields as object, 'm')
  log.info(fields as object, 'm')
  const [first, second, third] = log.takeLines().map((line) => JSON.parse(line).data)
  await log.close()
  if (JSON.stringify(first) !== JSON.stringify(second)) throw new Error('the second differs')
  if (JSON.stringify(first) !== JSON.stringify(third)) throw new Error('the third differs')
  return first
}

/** Bytes that the ring of a logger consists of. */
function ringBytes(log: Logger): Buffer {
  const { ring } = (log as unknown as { container: { encoder: { ring: { bytes: Buffer } } } })
    .container.encoder
  return ring.bytes
}

// --- appendix B of the original's analysis: what its production preset leaks, and what it masks wrongly

const LEAKED = [
  ...['accessToken', 'refreshToken', 'id_token', 'idToken', 'bearer', 'Cookie', 'set-cookie'],
  ...['sessionId', 'clientSecret', 'ssn', 'creditCard', 'card_number', 'cvv', 'pin'],
  ...['access_token', 'jwt', 'cookie', 'session_id', 'client_secret'],
]

for (const key of LEAKED) {
  test(`${key} is masked at the top and below`, async (t) => {
    const presets = ['CREDENTIALS', 'PCI-DSS', 'US-GOVERNMENT-IDS'] as const
    const deep = { a: { b: [{ c: { d: { e: { f: { [key]: 'V' } } } } }] } }
    const out = await data({ presets }, { [key]: 'V', ...deep })
    t.is(out[key], '***')
    t.false(JSON.stringify(out).includes('"V"'))
  })
}

for (const key of ['author', 'authorized_count', 'authentication_ms']) {
  test(`${key} is left alone`, async (t) => {
    const out = await data({ presets: ['CREDENTIALS'] }, { [key]: 'V', a: { [key]: 7 } })
    t.deepEqual(out, { [key]: 'V', a: { [key]: 7 } })
  })
}

// --- rules

test('every setting does what it says', async (t) => {
  const rows: [RedactOptions, unknown, unknown][] = [
    [{ fields: ['account number'] }, { accountNumber: 7, n: 1 }, { accountNumber: '***', n: 1 }],
    [{ fields: ['pin'], mask: '[Redacted]' }, { pin: 1 }, { pin: '[Redacted]' }],
    [{ fields: ['pin'], strategy: 'remove' }, { pin: 1, a: 2 }, { a: 2 }],
    [
      { fields: [{ name: 'card', strategy: 'keep-last-4' }] },
      { card: '4111 1111 1111 1234', cardId: 12 },
      { card: '***1234', cardId: '***' },
    ],
    [
      { paths: ['a.b', 'c[*].d'] },
      { a: { b: 1 }, c: [{ d: 1 }] },
      { a: { b: '***' }, c: [{ d: '***' }] },
    ],
    [{ paths: [{ path: 'a[0]', strategy: 'remove' }] }, { a: [1, 2] }, { a: [null, 2] }],
    [{ block: true }, { body: { a: 1 }, bodyLength: 3 }, { body: '[BLOCKED]', bodyLength: 3 }],
    [{ block: ['query'] }, { query: 1, body: 2 }, { query: '[BLOCKED]', body: 2 }],
    [{ allow: ['a.b', 'id'] }, { a: { b: 1, c: 2 }, id: 3, x: 4 }, { a: { b: 1 }, id: 3 }],
    [{ patterns: ['ORD-\\d+'] }, { a: 'see ORD-123' }, { a: 'see ***' }],
    [{ patterns: [/ord-\d+/i] }, { a: 'see ORD-123' }, { a: 'see ***' }],
    [{ patterns: [{ regex: 'u=(?<secret>\\w+)', name: 'user' }] }, { a: 'u=ada' }, { a: 'u=***' }],
    [{ detectors: ['card'] }, { a: CARD, b: 'a@b.io' }, { a: '***', b: 'a@b.io' }],
    [{ detectors: [{ name: 'email', strategy: 'remove' }] }, { b: 'x a@b.io' }, { b: 'x ' }],
    [
      { detectors: true },
      { a: CARD, b: 'a@b.io', c: '+14155552671' },
      { a: '***', b: '***', c: '+14155552671' },
    ],
    [
      { presets: ['PCI-DSS'], detectors: false },
      { a: CARD, pan: 1 },
      { a: CARD, pan: '***' },
    ],
    [{ urls: true }, { u: 'http://a:b@c/?token=x&y=1' }, { u: 'http://***@c/?token=***&y=1' }],
    [{ presets: ['CREDENTIALS'], urls: false }, { u: 'http://a:b@c/' }, { u: 'http://a:b@c/' }],
    [{ maxStringLength: 3 }, { a: 'abcdef' }, { a: 'abc…[truncated 3 of 6 characters]' }],
    [
      { presets: ['CREDENTIALS'], jsonStrings: true },
      { a: '{"token":"V","n":1}' },
      { a: '{"token":"***","n":1}' },
    ],
    [
      { detectors: ['card'] },
      { a: 4111111111111111, b: 6304000000000000000n },
      { a: '***', b: '***' },
    ],
  ]
  for (const [redact, given, expected] of rows)
    t.deepEqual(await data(redact, given), expected as Json, JSON.stringify(redact))
})

test('text beyond maxScanBytes is withheld, counted and reported', async (t) => {
  const errors: string[] = []
  const log = memoryLogger({
    redact: { detectors: ['card'], maxScanBytes: 1024 },
    onError: ({ code }) => errors.push(code),
  })
  log.info('m', { a: 'x'.repeat(1000), b: 'y'.repeat(100), c: 1 })
  const { data } = takeEvent(log)
  t.is((data['a'] as string).length, 1000)
  t.is(data['b'], '[Withheld: beyond redact.maxScanBytes]')
  t.is(data['c'], 1)
  t.is(log.metrics().stages['redact']?.withheld, 1)
  await log.close()
  t.deepEqual(errors, ['FAPILOG_REDACTION_WITHHELD'])
})

test('hashes are keyed and equal for equal values only', async (t) => {
  const hash = async (key: RedactOptions, email: string) => {
    const redact: RedactOptions = { fields: [{ name: 'email', strategy: 'hash' }], ...key }
    return (await data(redact, { email }))['email']
  }
  process.env['REDACTION_TEST_OTHER_KEY'] = 'k'.repeat(16)
  const one = await hash({ hashKey: 'k'.repeat(16) }, 'ada@example.com')
  t.regex(one as string, /^hmac:[0-9a-f]{32}$/)
  t.is(await hash({ hashKeyEnv: 'REDACTION_TEST_OTHER_KEY' }, 'ada@example.com'), one)
  t.not(await hash({ hashKey: 'k'.repeat(16) }, 'eve@example.com'), one)
  t.not(await hash({ hashKey: 'l'.repeat(16) }, 'ada@example.com'), one)
  // Without a key a hash of what can be guessed tells it.
  t.is(await hash({}, 'ada@example.com'), '***')
  t.is(await hash({ hashKeyEnv: 'REDACTION_TEST_NO_SUCH_KEY' }, 'ada@example.com'), '***')
})

test('keys that look like secrets are masked, each by another one; patterns are about texts', async (t) => {
  const other = '5500005555555559'
  const options = { detectors: ['card'], patterns: ['plain'] } as const
  const fields = { plain: 'plain', [CARD]: 1, [other]: { [CARD]: 2 }, n: 3 }
  const masked = { plain: '***', '***': 1, '***#2': { '***#3': 2 }, n: 3 }
  t.deepEqual(await data(options as unknown as RedactOptions, fields), masked)
  const hashed = await data(
    { detectors: [{ name: 'card', strategy: 'hash' }], hashKey: 'k'.repeat(16) },
    { [CARD]: 1, [other]: 2 },
  )
  t.deepEqual(Object.values(hashed), [1, 2])
  for (const key of Object.keys(hashed)) t.regex(key, /^hmac:[0-9a-f]{32}$/)
})

test('placeholders make the same text of objects, but for what is withheld', async (t) => {
  const cyclic: Json = { a: 1 }
  cyclic['self'] = cyclic
  const date = new Date(0)
  const odd = {
    list: [1, undefined, () => 1, 2n],
    nested: { toJSON: () => ({ token: 'x', b: 1 }) },
  }
  const calls: [format: string, ...args: unknown[]][] = [
    ['%s %d %i %f', { a: 1 }, date, date, [7]],
    ['%o %O %j', cyclic, odd, Object.assign(new Error('e'), { code: 1 })],
    ['%j %o %s', [new String('s'), new Number(1), new Boolean(true)], null, undefined],
    ['%o', JSON.parse('{"__proto__":1,"toString":2}')],
    ['%s %d', { toString: () => 'text' }, { valueOf: () => 42 }],
    ['%o and the rest', 1, { b: 2 }],
  ]
  const plain = memoryLogger()
  const redacted = memoryLogger({ redact: { fields: ['token'], paths: ['nothing.here'] } })
  for (const [format, ...args] of calls) {
    plain.info(format, ...args)
    redacted.info(format, ...args)
    const [expected, found] = [takeEvent(plain), takeEvent(redacted)]
    t.is(found.message, expected.message.replace('"token":"x"', '"token":"***"'))
    t.deepEqual(found.data, expected.data)
  }
  redacted.reconfigure({ redact: { fields: [{ name: 'pin', strategy: 'hash' }], mask: '#' } })
  redacted.info('%j', { token: 'x', deep: [{ pin: 1234 }] })
  t.is(takeEvent(redacted).message, '{"token":"x","deep":[{"pin":"#"}]}')
  for (const log of [plain, redacted]) await log.close()
})

test('what redaction has done is counted', async (t) => {
  const log = memoryLogger({ redact: { presets: ['CREDENTIALS', 'PCI-DSS'] } })
  log.info('m', { password: 'x', a: `${CARD} ${CARD}`, b: { token: 1 } })
  log.info('nothing', { a: 1 })
  log.takeLines()
  const { redacted, withheld, changed } = log.metrics().stages['redact'] ?? {}
  t.deepEqual({ redacted, withheld, changed }, { redacted: 4, withheld: 0, changed: 1 })
  await log.close()
})

test('filters that change while events flow leave redaction as it is', async (t) => {
  const log = memoryLogger({ redact: { presets: ['PCI-DSS'], paths: ['user.email'] } })
  log.reconfigure({ filters: { minLevels: { '*': 'DEBUG' } } })
  log.info(`paid with ${CARD}`, { user: { email: 'a@b.io' }, pan: CARD })
  const { message, data } = takeEvent(log)
  t.is(message, 'paid with ***')
  t.deepEqual(data, { user: { email: '***' }, pan: '***' })
  await log.close()
})

test('one error names every rule that is wrong, with its path and value', (t) => {
  const error = t.throws(
    () =>
      memoryLogger({
        redact: { paths: ['a', 'b..c', 'd['], fields: ['--'], patterns: ['ok', '(', '\\p{L}'] },
      }),
    { instanceOf: ConfigurationError },
  )
  t.deepEqual(
    error.problems.map(({ path, value }) => [path, value]),
    [
      ['redact.paths[1]', 'b..c'],
      ['redact.paths[2]', 'd['],
      ['redact.fields[0]', '--'],
      ['redact.patterns[1]', '('],
      ['redact.patterns[2]', '\\p{L}'],
    ],
  )
})

test('a mistake in a rule is refused by name and position', (t) => {
  const refused = (redact: unknown, expected: RegExp) =>
    t.throws(() => createLogger({ sinks: ['null'], redact } as LoggerOptions), {
      instanceOf: ConfigurationError,
      message: expected,
    })
  refused({ paths: ['a', 'b..c'] }, /redact\.paths\[1\].*"b\.\.c".*character 3/)
  refused({ allow: ['a['] }, /redact\.allow\[0\].*character 3/)
  refused(
    { patterns: [{ name: 'order', regex: '(' }] },
    /redact\.patterns\[0\].*for "order": .*unclosed group/s,
  )
  refused({ patterns: ['(?=a)'] }, /redact\.patterns\[0\].*look-around/s)
  refused({ patterns: [/\p{L}+/u] }, /redact\.patterns\[0\].*\\p\{…\} is not supported/s)
  refused({ patterns: ['x{1000}{1000}'] }, /redact\.patterns\[0\].*size limit/s)
  refused({ fields: ['--'] }, /redact\.fields\[0\]/)
  refused({ presets: ['CREDENTIAL'] }, /did you mean "CREDENTIALS"/)
  refused({ detector: [] }, /did you mean "detectors"/)
  refused({ hashKey: 'short' }, /redact\.hashKey is \*\*\*: expected/)
  t.throws(
    () =>
      createLogger({
        durability: 'crash-safe',
        sinks: [{ type: 'file', path: '/nowhere/x.log' }],
        redact: { hashKey: 'k'.repeat(16) },
      }),
    { instanceOf: ConfigurationError, message: /redact\.hashKey.*hashKeyEnv/ },
  )
})

// --- shared memory

test('secrets with a name are never in shared memory', async (t) => {
  const log = memoryLogger({ redact: { presets: ['CREDENTIALS', 'PCI-DSS'], block: ['body'] } })
  let read = false
  const hostile = {
    get password() {
      read = true
      return 'WITHHELD-getter'
    },
  }
  class Login {
    apiKey = 'WITHHELD-class'
    toJSON() {
      return { accessToken: 'WITHHELD-json' }
    }
  }
  const child = log.child({ token: 'WITHHELD-child', body: 'WITHHELD-body' })
  for (let round = 0; round < 100; round++) {
    child.info('m', {
      password: 'WITHHELD-short',
      api_key: `WITHHELD-${'long'.repeat(50)}`,
      secret: { deep: ['WITHHELD-deep'] },
      [`token${round}`]: 'WITHHELD-numbered',
      login: new Login(),
      hostile,
      map: new Map([['cookie', 'WITHHELD-map']]),
      pairs: new Map<unknown, unknown>([
        ['cookie', 'WITHHELD-pair'],
        [1, 2],
      ]),
      list: [{ 'x-api-key': 'WITHHELD-list' }],
    })
    child.error(Object.assign(new Error('boom'), { clientSecret: 'WITHHELD-error' }))
    log.withContext({ authorization: 'WITHHELD-context' }, () => log.info('in context'))
  }
  const lines = log.takeLines()
  t.is(lines.length, 300)
  t.false(lines.join('').includes('WITHHELD'))
  t.false(ringBytes(log).includes('WITHHELD'))
  t.true(ringBytes(log).includes('password'))
  t.false(read)
  // The counter-proof: the same look finds what is not withheld.
  log.info('m', { shown: 'NOT-A-SECRET' })
  log.takeLines()
  t.true(ringBytes(log).includes('NOT-A-SECRET'))
  await log.close()
})

// --- changes at run time

/** Logs the same secrets in every way that a secret can come in. */
function logSecrets(log: Logger, child: Logger, secret: string): void {
  child.info('m', { password: secret, user: { apiKey: secret, n: 1 }, list: [{ cookie: secret }] })
  child.info(`mail to ${secret}@example.com`, { map: new Map([['token', secret]]) })
  log.error(Object.assign(new Error('boom'), { clientSecret: secret }), 'failed')
  log.withContext({ authorization: secret }, () => log.info('in context', { 'x-api-key': secret }))
}

const STRICT: RedactOptions = { presets: ['CREDENTIALS'], detectors: ['email'] }

test('redaction that is tightened holds for every event that is logged after the call', async (t) => {
  const log = memoryLogger({ redact: { paths: ['nothing.here'] } })
  const other = joinLogger(log.containerId)
  const child = log.child({ token: 'BOUND' })
  // Until keys, texts and the fields of the child are known and travel as numbers.
  for (let round = 0; round < 100; round++) logSecrets(log, child, 'BEFORE')
  const shown = log.takeLines().join('')
  for (const word of ['BEFORE', 'BOUND']) t.true(shown.includes(word), word)

  log.reconfigure({ redact: STRICT })
  for (let round = 0; round < 100; round++) {
    logSecrets(log, child, 'WITHHELD')
    logSecrets(log, log.child({ token: 'WITHHELD' }), 'WITHHELD')
    logSecrets(other, other.child({ token: 'OTHER' }), 'OTHER')
  }
  const lines = log.takeLines()
  t.is(lines.length, 3 * 400)
  for (const word of ['WITHHELD', 'BEFORE', 'BOUND', 'OTHER'])
    t.false(lines.join('').includes(word), word)
  const { data } = JSON.parse(lines[0] as string) as { data: Json }
  t.deepEqual(data['user'], { apiKey: '***', n: 1 })

  // And back: nothing stays masked that is not to be.
  log.reconfigure({ redact: { paths: ['user.n'] } })
  logSecrets(log, child, 'SHOWN')
  const loose = takeEvents(log)
  t.is(loose[0]?.data['password'], 'SHOWN')
  t.is(loose[0]?.data['token'], 'BOUND')
  t.deepEqual(loose[0]?.data['user'], { apiKey: 'SHOWN', n: '***' })
  t.true(loose[1]?.message.includes('SHOWN@'))
  await other.close()
  await log.close()
})

test('keys that were known before a change do not travel to shared memory after it', async (t) => {
  const log = memoryLogger({ redact: { fields: ['unrelated'] } })
  const event = (secret: string) => {
    log.info('m', { password: secret, user: { apiKey: [secret] } })
    log.info('m', { map: new Map([['token', secret]]), n: 1 })
  }
  for (let round = 0; round < 100; round++) event(`early-${round}`)
  log.takeLines()
  t.true(ringBytes(log).includes('early-99'))
  log.reconfigure({ redact: { presets: ['CREDENTIALS'] } })
  log.child({ password: 'late-child', user: { apiKey: ['late-child'] } }).info('m')
  for (let round = 0; round < 100; round++) event(`late-${round}`)
  t.false(ringBytes(log).includes('late-'))
  log.reconfigure({ redact: { fields: ['user'] } })
  log.info('m', { password: 'shown', user: 'late-' })
  t.false(ringBytes(log).includes('late-'))
  t.deepEqual(takeEvents(log).at(-1)?.data, { password: 'shown', user: '***' })
  log.reconfigure({ redact: undefined } as unknown as LiveOptions)
  log.info('m', { user: 'shown, too' })
  t.deepEqual(takeEvents(log).at(-1)?.data, { user: 'shown, too' })
  await log.close()
})

test('what was logged before a change goes by the rules of then, however soon the change comes', async (t) => {
  const strict: RedactOptions = { detectors: ['card'], paths: ['a.b'] }
  const lax: RedactOptions = { fields: ['unrelated'] }
  const event = (log: Logger, word: string) => log.info(`${word} ${CARD}`, { a: { b: word } })
  const shown = (log: Logger) => takeEvents(log).map(({ message, data }) => [message, data])
  const masked = (word: string) => [`${word} ***`, { a: { b: '***' } }]
  const open = (word: string) => [`${word} ${CARD}`, { a: { b: word } }]
  for (let round = 0; round < 25; round++) {
    // No native thread has looked at the ring yet, and the one of another thread has just been attached.
    const log = memoryLogger({ redact: strict })
    event(log, 'early')
    log.reconfigure({ redact: lax })
    event(log, 'late')
    t.deepEqual(shown(log), [masked('early'), open('late')])
    const other = joinLogger(log.containerId)
    event(other, 'lax')
    log.reconfigure({ redact: strict })
    event(other, 'strict')
    t.deepEqual(shown(log), [open('lax'), masked('strict')])
    const third = joinLogger(log.containerId)
    event(third, 'strict')
    log.reconfigure({ redact: lax })
    event(third, 'lax')
    t.deepEqual(shown(log), [masked('strict'), open('lax')])
    await log.close()
  }
})

test('each strategy, pattern and mask changes, a wrong one changes nothing', async (t) => {
  const log = memoryLogger({ redact: { fields: ['a'] } })
  const see = () => {
    log.info({ a: 'x1234567', b: 'order-99' }, 'm')
    return takeEvent(log).data
  }
  t.deepEqual(see(), { a: '***', b: 'order-99' })
  for (const [redact, expected] of [
    [
      { fields: ['a'], mask: '#' },
      { a: '#', b: 'order-99' },
    ],
    [{ fields: [{ name: 'a', strategy: 'remove' }] }, { b: 'order-99' }],
    [{ fields: [{ name: 'a', strategy: 'keep-last-4' }] }, { a: '***4567', b: 'order-99' }],
    [{ patterns: [/order-\d+/] }, { a: 'x1234567', b: '***' }],
    [{ patterns: [/order-\D+/] }, { a: 'x1234567', b: 'order-99' }],
    [{ block: ['b'] }, { a: 'x1234567', b: '[BLOCKED]' }],
  ] as const) {
    log.reconfigure({ redact: redact as RedactOptions })
    t.deepEqual(see(), expected as Json, JSON.stringify(redact))
  }
  for (const redact of [{ paths: ['a..b'] }, { patterns: ['('] }, { fields: ['--'] }])
    t.throws(() => log.reconfigure({ redact }), { instanceOf: ConfigurationError })
  t.deepEqual(see(), { a: 'x1234567', b: '[BLOCKED]' })
  await log.close()
})

test('a watched file that asks for more redaction gets it', async (t) => {
  const dir = folder()
  t.teardown(() => remove(dir))
  const configFile = join(dir, 'fapilog.json')
  writeFileSync(configFile, '{}')
  const log = memoryLogger({ configFile, watchConfig: true })
  const see = (secret: string) => {
    log.info('m', { password: secret })
    return takeEvent(log).data['password']
  }
  for (let round = 0; round < 10; round++) t.is(see('early'), 'early')
  writeFileSync(configFile, JSON.stringify({ redact: { presets: ['CREDENTIALS'] } }))
  for (let tries = 0; tries < 100 && see('tried') !== '***'; tries++) await sleep(50)
  t.is(see('late'), '***')
  t.false(ringBytes(log).includes('late'))
  await log.close()
})

const unix = process.platform === 'win32' ? test.skip : test

unix('neither the file of a crash-safe ring nor what is recovered from it shows a secret', (t) => {
  const key = 'recovery-hash-key-0123456789'
  process.env['REDACTION_TEST_HASH_KEY'] = key
  const fixture = fileURLToPath(new URL('fixtures/secrets.mjs', import.meta.url))
  let recovered = 0
  for (let attempt = 0; attempt < 20 && recovered === 0; attempt++) {
    const dir = folder()
    try {
      const run = spawnSync(process.execPath, [fixture, dir], { encoding: 'utf8' })
      t.is(run.signal, 'SIGKILL', run.stderr)
      const rings = join(dir, '.fapilog')
      if (!existsSync(rings)) continue
      for (const name of readdirSync(rings)) {
        const ring = readFileSync(join(rings, name))
        t.false(ring.includes('WITHHELD'))
        t.false(ring.includes(key))
        // What only its looks tell is there: the stage has not seen it yet.
        t.true(ring.includes('4111-1111'))
      }
      const { out } = recover(rings)
      recovered = Number(/recovered events=(\d+)/.exec(out)?.[1] ?? 0)
      const text = readFileSync(join(dir, 'app.log'), 'utf8')
      for (const secret of ['WITHHELD', CARD, '4111-1111', 'LATER', 'ada@', key])
        t.false(text.includes(secret), secret)
      const hashes = new Set(text.match(/hmac:[0-9a-f]+/g))
      t.is(hashes.size, 1)
    } finally {
      remove(dir)
    }
  }
  t.true(recovered > 0)
})

// --- every place, every detector, every strategy

/** Where a value can stand that only its looks tell, and where one that its name tells. */
const PLACES: readonly [where: string, log: (log: Logger, fields: Json, text: string) => void][] = [
  ['nested data', (log, fields) => log.info('m', { a: { b: [{ c: fields }] } })],
  ['the top of the data', (log, fields) => log.info('m', fields)],
  ['bound fields', (log, fields) => log.child(fields).info('m')],
  [
    'the asynchronous context',
    (log, fields) => log.withContext({ scope: fields }, () => log.info('m')),
  ],
  [
    'properties of an error',
    (log, fields) => log.error(Object.assign(new Error('e'), { inner: fields }), 'm'),
  ],
  [
    'properties of a cause',
    (log, fields) =>
      log.error(new Error('e', { cause: Object.assign(new Error('c'), fields) }), 'm'),
  ],
  ['the message', (log, _fields, text) => log.info(`see ${text}, please`)],
  ['the message and the stack of an error', (log, _fields, text) => log.error(new Error(text))],
  [
    'the message and the stack of a cause',
    (log, _fields, text) => log.error(new Error('e', { cause: new Error(text) }), 'm'),
  ],
  ['a Map', (log, fields) => log.info('m', { map: new Map(Object.entries(fields)) })],
  [
    'a Map whose keys are not all text',
    (log, fields) =>
      log.info('m', { map: new Map<unknown, unknown>([[1, 2], ...Object.entries(fields)]) }),
  ],
  ['a Set', (log, fields) => log.info('m', { set: new Set([fields]) })],
  [
    'objects behind placeholders of a message',
    (log, fields) => log.info('got %o, %j', fields, { a: [fields] }),
  ],
  [
    'keys of objects and Maps',
    (log, _fields, text) => log.info('m', { [text]: { n: 1 }, map: new Map([[text, [1]]]) }),
  ],
  [
    'keys of JSON in a text',
    (log, _fields, text) => log.info('m', { body: JSON.stringify({ a: { [text]: 1 } }) }),
  ],
  ['JSON in a text', (log, fields) => log.info('m', { body: JSON.stringify(fields) })],
  [
    'JSON in JSON in a text',
    (log, fields) => log.info('m', { body: JSON.stringify({ inner: JSON.stringify(fields) }) }),
  ],
  ['JSON in the message', (log, fields) => log.info(`got ${JSON.stringify(fields)}`)],
]

for (const [where, place] of PLACES) {
  test(`redaction covers ${where}`, async (t) => {
    const options = { presets: ['CREDENTIALS', 'PCI-DSS'], jsonStrings: true } as const
    for (const [redact, covered] of [
      [options, true],
      // The counter-proof: without rules it is there.
      [{ paths: ['nothing.here'] }, false],
    ] as const) {
      const log = memoryLogger({ redact: redact as RedactOptions })
      const fields = { accessToken: 'S3CR3T', note: `paid with ${CARD}` }
      place(log, fields, `postgres://me:S3CR3T@db ${CARD}`)
      await log.flush()
      const [line = ''] = log.takeLines()
      t.deepEqual([line.includes('S3CR3T'), line.includes(CARD)], [!covered, !covered], line)
      await log.close()
    }
  })
}

for (const name of DETECTORS) {
  test(`what ${name} finds is masked, hashed, cut down to its end, or removed`, async (t) => {
    const plain = corpus(name, 200).find(
      ({ text, secret }) => secret !== undefined && /^[ -~\n]+$/.test(text) && !text.includes('{'),
    )
    const { text = '', secret = '' } = plain ?? {}
    const letters = secret.replaceAll(/[^A-Za-z0-9]/g, '')
    const end = letters.length < 8 ? '' : letters.slice(-4)
    for (const [strategy, expected] of [
      ['mask', '***'],
      ['keep-last-4', `***${end}`],
      ['remove', ''],
      ['hash', 'hmac:'],
    ] as const) {
      const detectors = [{ name: name as 'card', strategy }]
      const out = await data({ detectors, hashKey: 'k'.repeat(16) }, { text })
      const seen = (out['text'] as string).replace(/(hmac:)[0-9a-f]{32}/, '$1')
      t.is(
        seen,
        text.replace(secret, () => expected),
        strategy,
      )
    }
  })
}

// --- secrets anywhere

const SECRET = 'S3CR3T-VALUE'

/** A value in which a secret is planted somewhere. */
const planted: fc.Arbitrary<unknown> = fc.letrec<{ node: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.constantFrom<unknown>(
    { password: SECRET },
    { 'X-Api-Key': [SECRET, { a: SECRET }] },
    { user: { accessTokens: { first: SECRET } } },
    new Map([['clientSecret', SECRET]]),
    new Map<unknown, unknown>([
      ['cookie', SECRET],
      [{}, 1],
    ]),
    Object.assign(new Error('m'), { config: { headers: { Authorization: SECRET } } }),
    `{"a":[{"refresh_token":"${SECRET}"}]}`,
    `https://user:${SECRET}@host/path`,
    `/callback?x=1&access_token=${SECRET}`,
    `access_token=${SECRET}&x=1`,
    new URLSearchParams({ clientSecret: SECRET, x: '1' }),
    { [CARD]: 1, [`${CARD} again`]: [2] },
    new Map([[`https://user:${SECRET}@host/path`, { n: 1 }]]),
    Object.assign(new Error('m'), { byCard: { [CARD]: SECRET.length } }),
    `{"${CARD}":{"https://user:${SECRET}@host":1}}`,
    `Authorization: Bearer ${SECRET}-0123456789`,
    `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----`,
    new Error(`cannot connect to postgres://u:${SECRET}@db`),
    CARD,
    `карта 4111 1111 1111 1111`,
    Number(CARD),
    BigInt(CARD),
    [Symbol(CARD)],
    { rawHeaders: ['Host', 'h', 'Cookie', SECRET] },
  ),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.record({ n: fc.integer(), inner: tie('node') }),
    fc.tuple(fc.string(), tie('node')).map((pair) => pair),
    fc
      .tuple(fc.string({ maxLength: 5 }), tie('node'))
      .map(([key, value]) => ({ [`k${key}`]: value })),
    tie('node').map((value) => new Map([['k', value]])),
    tie('node').map((value) => new Set([value])),
    tie('node').map((cause) => new Error('outer', { cause })),
    tie('node').map((value) => new AggregateError([value], 'all')),
    tie('node').map((value) => Object.assign(new TypeError('own'), { own: value })),
    tie('node').map((value) => ({ toJSON: () => value })),
  ),
})).node

for (const format of FORMATS) {
  test(`no line of ${format} shows a secret, wherever it is planted`, async (t) => {
    const log = memoryLogger({
      format,
      redact: { presets: ['CREDENTIALS', 'PCI-DSS'], jsonStrings: true },
    })
    const places: ((value: unknown) => void)[] = [
      (value) => log.info({ value }, 'm'),
      (value) => log.child({ value }).info('m'),
      (value) => log.error(new Error('e', { cause: value }), 'm'),
      (value) => log.info(value as object),
      (value) => log.withContext({ value }, () => log.info('m')),
    ]
    fc.assert(
      fc.property(planted, fc.constantFrom(...places), (value, place) => {
        place(value)
        const text = log.takeLines().join('')
        return text.length > 0 && !text.includes(SECRET) && !/4111.?1111/.test(text)
      }),
      { numRuns: 400 },
    )
    await log.close()
    t.pass()
  })
}

/** A way down to a value, and how a path names each step of it. */
const way = fc.array(
  fc.record({
    step: fc.oneof(fc.constantFrom('a', 'b', 'userName', 'd-e'), fc.integer({ min: 0, max: 3 })),
    named: fc.constantFrom('as it is', 'by a star', 'by two stars'),
  }),
  { minLength: 1, maxLength: 12 },
)

test('no path misses the value that it leads to, at any depth and in any container', async (t) => {
  const log = memoryLogger({ redact: { paths: ['nothing.here'] } })
  const places: [root: string, place: (fields: Json) => void][] = [
    ['', (fields) => log.info(fields, 'm')],
    ['', (fields) => log.child(fields).info('m')],
    ['', (fields) => log.withContext(fields, () => log.info('m'))],
    ['err', (fields) => log.error(Object.assign(new Error('e'), fields), 'm')],
    [
      'err.cause',
      (fields) => log.error(new Error('e', { cause: Object.assign(new Error('c'), fields) })),
    ],
    ['map', (fields) => log.info('m', { map: new Map(Object.entries(fields)) })],
  ]
  const quoted = (key: string) => (key.includes('-') ? `["${key}"]` : `.${key}`)
  const one = fc.record({
    top: fc.constantFrom('top', 'x-y'),
    steps: way,
    at: fc.constantFrom(...places),
  })
  fc.assert(
    fc.property(fc.array(one, { minLength: 10, maxLength: 12 }), (all) => {
      const cases = all.map(({ top: name, steps, at: [root, place] }, number) => {
        const top = `${name}${number}`
        let value: unknown = SECRET
        for (const { step } of [...steps].reverse()) {
          if (typeof step === 'string') value = { n: 1, [step]: value }
          else value = [...Array.from({ length: step }, () => 'filler'), value, 'filler']
        }
        const rest = steps.map(({ step, named }, at) => {
          // What two stars stand for may be nothing, so that the last step is named.
          if (named === 'by two stars' && at < steps.length - 1) return '.**'
          if (named !== 'as it is') return typeof step === 'string' ? '.*' : '[*]'
          return typeof step === 'string' ? quoted(step) : `[${step}]`
        })
        const path = `${root}${quoted(top)}${rest.join('')}`.replace(/^\./, '')
        return { path, log: () => place({ [top]: value }) }
      })
      // Together, since a change waits for the native thread.
      log.reconfigure({ redact: { paths: cases.map(({ path }) => path) } })
      for (const { path, log: use } of cases) {
        use()
        const text = log.takeLines().join('')
        if (!text.includes('***') || text.includes(SECRET)) throw new Error(`${path}: ${text}`)
      }
    }),
    { numRuns: 50 },
  )
  await log.close()
  t.pass()
})

// --- as pino does

/** Paths of the kind that pino knows. */
const name = fc.constantFrom('a', 'b', 'c', 'd-e')
const segment = fc.oneof(
  name.map((key) => (key.includes('-') ? `["${key}"]` : `.${key}`)),
  fc.constantFrom('[*]', '.*', '[0]', '[1]'),
)
const pinoPath = fc
  .tuple(fc.constantFrom('a', 'b', 'c', '["d-e"]'), fc.array(segment, { maxLength: 3 }))
  .map(([head, rest]) => head + rest.join(''))

const tree: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.constantFrom('text', true, null),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
})).value
const fields = fc.dictionary(name, tree, { minKeys: 1, maxKeys: 4 })

for (const removes of [false, true]) {
  test(`paths ${removes ? 'remove' : 'censor'} what pino's do`, (t) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(pinoPath, { minLength: 1, maxLength: 3 }),
        fields,
        (paths, given) => {
          const lines: string[] = []
          const theirs = pino(
            { base: null, timestamp: false, redact: { paths, censor: '***', remove: removes } },
            { write: (line: string) => lines.push(line) },
          )
          theirs.info(structuredClone(given))
          const ours = memoryLogger({
            sync: true,
            redact: { paths, strategy: removes ? 'remove' : 'mask' },
          })
          ours.info(given as object)
          const { level: _, ...expected } = JSON.parse(lines[0] as string)
          const { data } = takeEvent(ours)
          void ours.close()
          t.deepEqual(data, expected, `${JSON.stringify(paths)} of ${JSON.stringify(given)}`)
        },
      ),
      { numRuns: 150 },
    )
  })
}
