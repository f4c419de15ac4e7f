// Promises about settings that the Python original breaks, by their numbers in the list of broken promises.
// Each test fails if this package breaks one in the same way.

import { execFileSync } from 'node:child_process'
import test from 'ava'
import { ConfigurationError, createLogger, LoggerBuilder, LoggingContainer } from 'fapilog'
import { check } from '../src/settings/check.ts'
import { PRESET_NAMES } from '../src/settings/presets.ts'

const memory = [{ type: 'memory' }] as const

function settings(options: object): object {
  const checked = check(options)
  if ('problems' in checked) throw ConfigurationError.of(checked.problems)
  return checked.settings
}

for (const preset of PRESET_NAMES) {
  test(`7: the builder makes of the preset ${preset} what createLogger makes of it`, (t) => {
    t.deepEqual(settings(new LoggerBuilder().withPreset(preset).options), settings({ preset }))
  })
}

test('7: what the builder adds to a preset takes nothing else away', (t) => {
  const { options } = new LoggerBuilder().withPreset('hardened').withQueue({ ringBytes: '1 MB' })
  const { queue, ...rest } = settings(options) as { queue: object }
  const { queue: of, ...others } = settings({ preset: 'hardened' }) as { queue: object }
  t.deepEqual(rest, others)
  t.deepEqual(queue, { ...of, ringBytes: 1 << 20 })
})

test('13: sinks have the names that they are given', async (t) => {
  const log = createLogger({ sinks: [{ type: 'memory', name: 'errors', level: 'ERROR' }, 'null'] })
  log.info('m')
  log.error('m')
  t.is(log.takeLines('errors').length, 1)
  t.deepEqual(Object.keys(log.metrics().sinks).sort(), ['errors', 'null'])
  await log.close()
})

test('25: a filter leaves the level alone', async (t) => {
  const log = createLogger({
    level: 'ERROR',
    sinks: memory,
    filters: { sampling: { rate: 1 }, minLevels: { x: 'TRACE' } },
  })
  log.debug('unseen')
  log.warn('unseen')
  log.error('seen')
  t.is(log.takeLines().length, 1)
  await log.close()
})

test('28: settings of one logger are not read from the process alone', async (t) => {
  // The original reads some only from the environment, whatever a logger was given.
  const container = new LoggingContainer({ sinks: memory, diagnostics: true, shutdownTimeoutMs: 7 })
  t.like(container.settings, { diagnostics: true, shutdownTimeoutMs: 7 })
  await container.close()
})

test('41: the preset dev has diagnostics on', (t) => {
  t.like(settings({ preset: 'dev' }), { diagnostics: true, level: 'DEBUG' })
  const code = `import { createLogger } from 'fapilog'
    const log = createLogger({ preset: 'dev', sinks: ['null'], queue: { maxEventBytes: '16 KB' } })
    log.info('x'.repeat(100_000))
    await log.close()`
  const told = (preset: string) =>
    execFileSync(
      'sh',
      [
        '-c',
        '"$0" --input-type=module -e "$1" 2>&1',
        process.execPath,
        code.replace('dev', preset),
      ],
      { cwd: new URL('..', import.meta.url), encoding: 'utf8' },
    )
  t.regex(told('dev'), /values cut to stay within/)
  t.notRegex(told('minimal'), /values cut to stay within/)
})

test('42: configuring one part of a group keeps the others at their defaults', (t) => {
  const { queue } = settings({ queue: { overflow: 'block' } }) as { queue: object }
  const { queue: defaults } = settings({}) as { queue: object }
  t.deepEqual(queue, { ...defaults, overflow: 'block' })
  const [sink] = (
    settings({ sinks: [{ type: 'file', path: 'a', rotate: { utc: true } }] }) as {
      sinks: { rotate: object; mode: number }[]
    }
  ).sinks
  t.like(sink, { mode: 0o600, rotate: { utc: true, compress: 'none' } })
})

test('43: names that documents of the original show and that do not exist are errors', (t) => {
  for (const [options, near] of [
    [{ preset: 'fastapi' }, 'fastify'],
    [{ core__enable_metrics: true }, undefined],
    [{ log_level: 'INFO' }, undefined],
    [{ sinks: ['stdout_json'] }, 'stdout'],
  ] as const) {
    const checked = check(options)
    if (!('problems' in checked)) throw new Error(JSON.stringify(options))
    const { message } = ConfigurationError.of(checked.problems)
    if (near !== undefined) t.true(message.includes(near), message)
    t.is(checked.problems.length, 1)
  }
})

test('8: the preset hardened takes bodies and payloads out whole', async (t) => {
  const log = createLogger({ preset: 'hardened', sinks: memory, durability: 'memory' })
  log.info('m', {
    ...{
      body: { a: 1 },
      request_body: 'x',
      responseBody: ['x'],
      payload: 'x',
      raw: 'x',
      dump: 'x',
    },
    ...{ 'raw-body': 'x', rawRequest: 'x', raw_response: 'x', request: { body: 'x' } },
    ...{ bodyLength: 3, n: 1 },
  })
  const [line = '{}'] = log.takeLines()
  const { data } = JSON.parse(line) as { data: Record<string, unknown> }
  const { request, bodyLength, n, ...blocked } = data
  t.deepEqual([request, bodyLength, n], [{ body: '[BLOCKED]' }, 3, 1])
  t.deepEqual(new Set(Object.values(blocked)), new Set(['[BLOCKED]']))
  t.is(Object.keys(blocked).length, 9)
  await log.close()
})

for (const preset of ['production', 'serverless', 'hardened', 'fastify'] as const) {
  test(`the preset ${preset} writes no credentials`, async (t) => {
    const log = createLogger({ preset, sinks: [{ type: 'memory' }], durability: 'memory' })
    log.info('to https://ann:hunter2@db.example.com', {
      password: 'hunter2',
      headers: { authorization: 'Bearer hunter2' },
      url: 'https://ann:hunter2@db.example.com/',
    })
    const [line] = log.takeLines()
    t.notRegex(line ?? 'hunter2', /hunter2/)
    // Health data may be addresses: `hardened` hides them whole.
    if (preset !== 'hardened') t.regex(line ?? '', /db\.example\.com/)
    await log.close()
  })
}
