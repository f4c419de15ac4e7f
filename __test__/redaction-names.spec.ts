// The encoder and the native stage agree about which keys are names of secrets.

import { readFileSync } from 'node:fs'
import test from 'ava'
import { createLogger, isCredentialName } from 'fapilog'
import fc from 'fast-check'
import { fold, WithheldKeys, type WithheldNames } from '../src/redact/key-name.ts'

interface Vectors {
  readonly words: readonly (readonly [key: string, words: readonly string[]])[]
  readonly matches: readonly {
    readonly name: string
    readonly extent: 'whole' | 'words' | 'within'
    readonly hits: readonly string[]
    readonly misses: readonly string[]
  }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('fixtures/key-names.json', import.meta.url), 'utf8'),
) as Vectors

function words(key: string): string[] {
  const { text, borders } = fold(key)
  return borders.slice(1).map((end, index) => text.slice(borders[index], end))
}

test('keys fall into the words that the vectors say, as they do in Rust', (t) => {
  for (const [key, expected] of vectors.words) t.deepEqual(words(key), expected, key)
})

test('names match the keys that the vectors say, as they do in Rust', (t) => {
  for (const { name, extent, hits, misses } of vectors.matches) {
    const names: WithheldNames = {
      whole: [],
      words: [],
      within: [],
      masks: ['***'],
      about: ['length', 'at', 'type'],
      asking: ['has', 'is'],
      [extent]: [[fold(name).text, 0]],
    }
    const keys = new WithheldKeys(names)
    for (const key of hits) t.is(keys.mask(key), '***', `${name} in ${key}`)
    for (const key of misses) t.is(keys.mask(key), undefined, `${name} in ${key}`)
  }
})

test('isCredentialName says what the preset masks, however a name is written', async (t) => {
  const log = createLogger({
    format: 'json',
    sinks: [{ type: 'memory' }],
    redact: { presets: ['CREDENTIALS'], detectors: false },
  })
  const names = vectors.words.map(([key]) => key)
  names.push(
    'password',
    'PASS-WORD',
    'ｐａｓｓｗｏｒｄ',
    'passwordChangedAt',
    'author',
    'user',
    '',
    '0',
  )
  // More than are remembered.
  for (let n = 0; n < 1100; n++) names.push(`token ${n}`, `plain ${n}`)
  log.info('names', Object.fromEntries(names.map((name) => [`_ ${name}`, 'value'])))
  const { data } = JSON.parse(log.takeLines()[0] ?? '{}')
  const masked = names.filter((name) => data[`_ ${name}`] === '***')
  t.true(masked.length > 1100 && masked.length < names.length - 1100, `${masked.length}`)
  t.deepEqual(
    names.filter((name) => isCredentialName(`_ ${name}`)),
    masked,
  )
  await log.close()
})

const PARTS = [
  ...['access', 'token', 'Token', 'TOKEN', 'pass', 'password', 'API', 'key', 'Key', 'cvv', 'card'],
  ...['number', 'Number', 'is', 'has', 'type', 'at', 'secret', 'id', 'ID', '2', '_', '-', '.', ' '],
  ...['ﬀ', 'É', 'ß', 'İ', 'ﾀ', '１', '\u200b', 'Σ', '😀', '\ud800', 'ǅ', 'x'],
]

test('random keys are masked by the encoder exactly where the native stage masks them', async (t) => {
  const log = createLogger({
    format: 'json',
    sinks: [{ type: 'memory' }],
    redact: { presets: ['CREDENTIALS', 'PCI-DSS', 'GDPR'], detectors: false, jsonStrings: true },
  })
  const key = fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 6 })
  let masked = 0
  fc.assert(
    fc.property(key, (parts) => {
      // Lone surrogates cannot travel in JSON as themselves.
      const name = parts.join('').replaceAll(/\p{Surrogate}/gu, '\ufffd')
      log.info('m', { [name]: 'V', text: `[${JSON.stringify({ [name]: 'V' })}]` })
      const [line] = log.takeLines()
      const { data, context } = JSON.parse(line as string)
      const direct = data[name] ?? context[name]
      const [inside] = JSON.parse(data.text)
      if (direct !== 'V') masked++
      return direct === inside[name]
    }),
    { numRuns: 2000 },
  )
  t.true(masked > 200)
  await log.close()
})
