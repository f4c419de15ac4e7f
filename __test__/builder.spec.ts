// The builder says the same as options do: every setting, every type of sink.

import test from 'ava'
import { ConfigurationError, LoggerBuilder, type LoggerOptions, LoggingContainer } from 'fapilog'
import { check } from '../src/settings/check.ts'
import { settingsSchema } from '../src/settings/schema.ts'
import { tagsAt } from '../src/settings/walk.ts'
import { allSettings } from './support/settings.ts'

type Methods = Record<string, (...args: unknown[]) => LoggerBuilder>
const pascal = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`

for (const { id, meaning } of allSettings.filter((one) => !/[.[]/.test(one.id))) {
  test(`with${pascal(id)} sets ${id}`, (t) => {
    const builder = new LoggerBuilder()
    const made = (builder as unknown as Methods)[`with${pascal(id)}`]?.(meaning?.example)
    t.is(made, builder)
    t.deepEqual(builder.options, { [id]: meaning?.example } as LoggerOptions)
  })
}

test('every type of sink has a method, and sinks add up', (t) => {
  const builder = new LoggerBuilder()
  const types = tagsAt(settingsSchema, ['sinks', 0], {}, 'type')
  t.true(types.length >= 5)
  for (const type of types) {
    const method = (builder as unknown as Methods)[`add${pascal(type)}`]
    t.is(typeof method, 'function', type)
    method?.apply(builder, type === 'file' ? ['logs/app.log', { name: 'x' }] : [{}])
  }
  t.deepEqual(
    builder.options.sinks?.map((sink) => (sink as { type: string }).type),
    types,
  )
  t.deepEqual(
    builder.options.sinks?.find((sink) => (sink as { type: string }).type === 'file'),
    { type: 'file', path: 'logs/app.log', name: 'x' },
  )
  t.false('problems' in check(builder.options))
})

test('groups add up, everything else is replaced', (t) => {
  const builder = new LoggerBuilder()
    .withQueue({ overflow: 'block' })
    .withQueue({ ringBytes: '1 MB' })
    .withLevel('DEBUG')
    .withLevel('ERROR')
  t.deepEqual(builder.options, {
    queue: { overflow: 'block', ringBytes: '1 MB' },
    level: 'ERROR',
  })
})

test('a builder makes loggers and containers, as often as it is asked', async (t) => {
  const builder = new LoggerBuilder().withName('built').addMemory({ maxBytes: '1 MB' })
  const [one, two] = [builder.build(), builder.build()]
  one.info('m')
  t.is(one.takeLines().length, 1)
  t.is(two.takeLines().length, 0)
  const container = builder.buildContainer()
  t.true(container instanceof LoggingContainer)
  t.is(container.settings.name, 'built')
  for (const open of [one, two, container]) await open.close()
})

test('wrong settings are refused when the logger is made', (t) => {
  const builder = new LoggerBuilder().withLevel('loud' as 'INFO')
  t.throws(() => builder.build(), { instanceOf: ConfigurationError, message: /level is "loud"/ })
})
