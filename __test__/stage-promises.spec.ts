// Promises about stages, context and routing that the Python original breaks, by their numbers in the list of broken
// promises. Each test fails if this package breaks one in the same way. Where the others are is in promises.spec.ts.

import test from 'ava'
import { createLogger } from 'fapilog'
import { throwingRedactor } from 'fapilog/testing'
import { memoryLogger, takeEvent, takeEvents, total } from './support/capture.ts'

test('4: the preset production accounts for every event of a burst, and gives up none for its level', async (t) => {
  const log = createLogger({ preset: 'production', sinks: [{ type: 'memory' }] })
  for (let n = 0; n < 30_000; n++) log.info('m', { n })
  await log.close()
  const { submitted, dropped, filtered, sampled, sinks } = log.metrics()
  t.is(submitted, 30_000)
  t.deepEqual([filtered, sampled], [{}, {}])
  t.is((sinks['memory']?.written ?? 0) + total(dropped), 30_000)
})

test('6: values that JSON has no word for keep their event, and redaction goes on around them', async (t) => {
  const log = memoryLogger({ redact: { presets: ['CREDENTIALS'] } })
  const cyclic: Record<string, unknown> = { password: 'V' }
  cyclic['self'] = cyclic
  const odd = {
    set: new Set([1, { token: 'V' }]),
    bytes: new Uint8Array([1, 2]),
    big: 2n ** 80n,
    plain: new (class Plain {
      secret = 'V'
    })(),
    numbered: new Map<unknown, unknown>([
      [1, 'one'],
      ['apiKey', 'V'],
    ]),
    [Symbol('key')]: 'symbol',
    cyclic,
    password: 'V',
  }
  log.info('odd', odd)
  log.error(Object.assign(new Error('boom'), { accessToken: 'V', odd }), 'failed')
  await log.flush()
  const lines = log.takeLines()
  t.is(lines.length, 2)
  for (const line of lines) t.false(/"V"/.test(line), line)
  t.is(log.metrics().sinks['memory']?.written, 2)
  t.deepEqual(log.metrics().dropped, {})
  await log.close()
})

test('5: what cannot be redacted is withheld, never shown', async (t) => {
  const log = memoryLogger({
    redact: { detectors: ['card'], maxScanBytes: 1024 },
    plugins: [throwingRedactor()],
  })
  log.info('4111 1111 1111 1111', { long: `${'x'.repeat(2000)} 4111 1111 1111 1111`, a: 'V' })
  await log.flush()
  const [line = ''] = log.takeLines()
  t.regex(line, /withheld/i)
  t.false(/4111|"V"|xxx/.test(line), line)
  t.is(log.metrics().sinks['memory']?.written, 1)
  await log.close()
})

test('8: what is asked to be blocked is blocked', async (t) => {
  const log = memoryLogger({ redact: { block: true } })
  log.info('m', { body: { a: 1 }, payload: 'x', request: { rawBody: 'y' }, n: 1 })
  const { data } = takeEvent(log)
  t.deepEqual([data['body'], data['payload'], data['n']], ['[BLOCKED]', '[BLOCKED]', 1])
  await log.close()
})

test('9: neither depth nor the number of keys before it shows a secret', async (t) => {
  const log = memoryLogger({ redact: { presets: ['CREDENTIALS'] } })
  let deep: unknown = { password: 'V', url: 'https://me:V@host/' }
  for (let depth = 0; depth < 40; depth++) deep = depth % 2 === 0 ? { a: deep } : [deep]
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`key${n}`, n]))
  log.info('m', { deep, many: { ...many, password: 'V' }, last: { token: 'V' } })
  await log.flush()
  const [line = ''] = log.takeLines()
  t.true(line.includes('key2999'))
  t.false(/"V"|:V@/.test(line))
  await log.close()
})

test('11: credentials of a URL are taken out of messages, stacks and values, wherever they stand', async (t) => {
  const log = memoryLogger({ redact: { presets: ['CREDENTIALS'] } })
  log.info('cannot reach postgres://me:V-1@db.internal:5432/shop, trying again')
  log.error(new Error('connect amqp://me:V-2@queue failed'), 'failed', {
    text: 'see http://a:V-3@b/',
  })
  await log.flush()
  const lines = log.takeLines().join('')
  t.false(/V-\d/.test(lines), lines)
  t.true(lines.includes('db.internal:5432/shop'))
  await log.close()
})

test('15, 16: an event that is cut keeps its level, time, message and way', async (t) => {
  const log = createLogger({
    format: 'json',
    sinks: [
      { type: 'memory', name: 'errors' },
      { type: 'memory', name: 'rest' },
    ],
    processors: { sizeGuard: { maxBytes: '1 KB' } },
    routing: { rules: [{ level: 'ERROR', sinks: ['errors'] }], otherwise: ['rest'] },
  })
  const before = Date.now()
  log.error('too large', { text: 'x'.repeat(10_000), n: 1 })
  await log.flush()
  t.deepEqual(log.takeLines('rest'), [])
  const [line = ''] = log.takeLines('errors')
  const event = JSON.parse(line) as Record<string, string> & { data: Record<string, unknown> }
  t.deepEqual([event['level'], event['message'], event.data['n']], ['ERROR', 'too large', 1])
  const time = Date.parse(event['timestamp'] as string)
  t.true(time >= before && time <= Date.now())
  t.true(line.length < 2048)
  await log.close()
})

test('21: traces and keys are found where they are: in the context', async (t) => {
  const log = memoryLogger({
    filters: {
      traceSampling: { rate: 0.5, protectedLevel: 'SILENT' },
      rateLimit: { by: ['user_id'], burst: 6, perSecond: 0, protectedLevel: 'SILENT' },
    },
  })
  for (let n = 0; n < 200; n++) {
    // A user has one trace, and logs ten times in it.
    const trace_id = (BigInt(n + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n)
      .toString(16)
      .slice(-32)
      .padStart(32, '0')
    log.withContext({ trace_id, user_id: `u-${n}` }, () => {
      for (let event = 0; event < 10; event++) log.info('m')
    })
  }
  await log.flush()
  const counts = new Map<unknown, number>()
  for (const { context } of takeEvents(log))
    counts.set(context['trace_id'], (counts.get(context['trace_id']) ?? 0) + 1)
  t.deepEqual([...new Set(counts.values())], [6], 'a trace is whole, up to the limit of its user')
  t.true(counts.size > 60 && counts.size < 140, `${counts.size} of 200 traces`)
  await log.close()
})

test('22: a flush takes no longer than the write', async (t) => {
  const log = memoryLogger()
  const start = performance.now()
  for (let n = 0; n < 10; n++) {
    log.info('m')
    await log.flush()
  }
  t.true(performance.now() - start < 5000)
  t.is(log.metrics().sinks['memory']?.written, 10)
  await log.close()
})

test('23: a logger after another one works, and what comes after a close is counted', async (t) => {
  const first = memoryLogger()
  first.info('one')
  await first.close()
  first.info('late')
  t.is(first.metrics().droppedByReason.closed, 1)
  const second = memoryLogger()
  second.info('two')
  t.is(takeEvent(second).message, 'two')
  await second.close()
})

test('26: dedupe writes repeated errors once without being told to, and others whole', async (t) => {
  const log = memoryLogger({ filters: { dedupe: { by: ['message', 'code'] } } })
  for (let n = 0; n < 5; n++) {
    log.error('failed', { code: 1 })
    log.fatal('failed', { code: 3 })
    log.audit('read', { code: 1 })
  }
  log.error('failed', { code: 2 })
  await log.flush()
  const said = takeEvents(log).map(({ level, message, data }) => [level, message, data['code']])
  t.deepEqual(
    said.filter(([level]) => level !== 'AUDIT'),
    [
      ['ERROR', 'failed', 1],
      ['CRITICAL', 'failed', 3],
      ['ERROR', 'failed', 2],
      ['ERROR', 'failed (repeated 4 times)', undefined],
      ['CRITICAL', 'failed (repeated 4 times)', undefined],
    ],
  )
  t.is(said.length, 10)
  t.deepEqual(log.metrics().filtered, { ERROR: 4, CRITICAL: 4 })
  await log.close()
})

test('38: an error shows the frame that failed first, and its causes', async (t) => {
  function innermost(): never {
    throw new TypeError('inner', { cause: new RangeError('reason') })
  }
  const log = memoryLogger()
  try {
    innermost()
  } catch (error) {
    log.error(error as Error, 'failed')
  }
  const exception = takeEvent(log).diagnostics.exception as Record<string, unknown>
  t.regex(exception['stack'] as string, /^TypeError: inner\n\s+at innermost /)
  t.true(JSON.stringify(exception).includes('RangeError'))
  t.true(JSON.stringify(exception).includes('reason'))
  await log.close()
})
