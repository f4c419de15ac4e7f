// Every setting of the schema takes the values at its bounds and refuses those beyond, by name. Made from the
// schema: a setting that is added is tested.

import test from 'ava'
import { ConfigurationError, createLogger, type LoggerOptions } from 'fapilog'
import { LEVEL_NAMES } from '../src/levels.ts'
import { check } from '../src/settings/check.ts'
import { allSettings, optionsWith, type Setting } from './support/settings.ts'

interface Values {
  readonly good: readonly unknown[]
  readonly bad: readonly unknown[]
}

/** Values at and beyond the bounds of a setting; undefined for groups, lists and unions. */
function valuesOf({ kind, words, meaning }: Setting): Values | undefined {
  if (words !== undefined) return { good: words, bad: ['no such word', '', 1, null, true, {}, []] }
  if (kind === undefined) return undefined
  if (kind.bounds !== undefined) {
    const [min, max] = kind.bounds
    return {
      good: [min, ...(max === undefined ? [Number.MAX_SAFE_INTEGER] : [max])],
      bad: [
        ...[min - 1, Number.NaN, Number.POSITIVE_INFINITY, 'much', '', null, true, {}, []],
        ...(max === undefined ? [] : [max + 1]),
      ],
    }
  }
  const { minLength, maxLength } = (kind.json ?? {}) as { minLength?: number; maxLength?: number }
  switch (kind.type) {
    case 'boolean':
      return { good: [true, false], bad: ['true', 1, 0, null, {}] }
    case 'string':
      return {
        good: ['x'.repeat(minLength ?? 0), 'x'.repeat(maxLength ?? 10_000)],
        bad: [
          ...[1, null, true, {}, []],
          ...(minLength === undefined ? [] : ['x'.repeat(minLength - 1)]),
          ...(maxLength === undefined ? [] : ['x'.repeat(maxLength + 1)]),
        ],
      }
    case 'string | RegExp':
      return { good: ['x+', /x/i], bad: [1, '', null, {}, []] }
    case 'LevelSetting':
      return { good: [...LEVEL_NAMES, 'silent', 'warn'], bad: ['loud', '', 1, null, {}] }
    case 'LevelInput':
      return { good: [...LEVEL_NAMES, 'Warning'], bad: ['loud', 'silent', '', 1, null, {}] }
    case 'readonly Plugin[]':
      return { good: [[]], bad: [1, 'f', null, {}, () => undefined] }
    default:
      return kind.json === undefined
        ? { good: [() => undefined], bad: [1, 'f', null, {}, []] }
        : { good: [meaning?.example], bad: [() => 1, Symbol('no value')] }
  }
}

/** Taken only where something else is right too. */
const ELSEWHERE = ['configFile']

let tested = 0
for (const setting of allSettings) {
  const values = valuesOf(setting)
  if (values === undefined) continue
  tested++
  test(`${setting.id} takes what is within its bounds and nothing else`, (t) => {
    for (const good of ELSEWHERE.includes(setting.id) ? [] : values.good) {
      const checked = check(optionsWith(setting, good))
      t.false('problems' in checked, `${String(good)}: ${JSON.stringify(checked)}`)
    }
    for (const bad of values.bad) {
      const error = t.throws(
        () => createLogger(optionsWith(setting, bad) as LoggerOptions),
        { instanceOf: ConfigurationError },
        String(bad),
      )
      t.is(error?.problems[0]?.path, setting.path, String(bad))
      t.true(Object.is(error?.problems[0]?.value, bad))
    }
  })
}

test('every setting that is no group, list or union has its bounds tested', (t) => {
  const leaves = allSettings.filter(({ kind, words }) => kind !== undefined || words !== undefined)
  t.is(tested, leaves.length)
  t.true(tested > 60, String(tested))
})
