// Whose code is published is named in THIRD-PARTY-LICENSES.txt, with the terms: what the bundler has put into dist/, and
// what the addon itself tells of its crates.

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { PINO_PARTS, SETTINGS_PARTS } from '../scripts/bundled-packages.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const licences = readFileSync(join(ROOT, 'THIRD-PARTY-LICENSES.txt'), 'utf8')

const listed = (name: string, version: string) => licences.includes(`\n  ${name} ${version} (`)

/** Whose terms are in full. */
const titles = [...licences.matchAll(/^-{80}\n(.+):$/gm)].flatMap(([, names = '']) =>
  names.split(', '),
)

test('every npm package in dist/ is named with its version and its text', (t) => {
  const bundled = [...PINO_PARTS, ...SETTINGS_PARTS]
  for (const name of bundled) {
    const folder = join(ROOT, 'node_modules', name)
    const { version } = require(join(folder, 'package.json')) as { version: string }
    t.true(listed(name, version), `${name} ${version}`)
    const text = readFileSync(join(folder, 'LICENSE'), 'utf8')
    const copyright = /^.*Copyright.*$/m.exec(text)?.[0] ?? 'none'
    t.true(licences.includes(copyright.trim()), `${name}: ${copyright}`)
  }
  const found = new Set<string>()
  for (const path of readdirSync(join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.[cm]js$/.test(path)) continue
    const code = readFileSync(join(ROOT, 'dist', path), 'utf8')
    for (const [, name = ''] of code.matchAll(/#region .*node_modules\/((?:@[^/]+\/)?[^/\n]+)\//g))
      found.add(name)
  }
  t.true(found.has('zod') && found.has('pino-std-serializers'))
  t.deepEqual(
    [...found].filter((name) => !bundled.includes(name)),
    [],
  )
})

test('every crate that the addon has the code of is named with its version and its text', (t) => {
  const addon = readdirSync(join(ROOT, 'native')).find((name) => name.endsWith('.node')) ?? ''
  const binary = readFileSync(join(ROOT, 'native', addon), 'latin1')
  // Places of panics.
  const places = binary.matchAll(/([a-z][a-z0-9_-]*)-(\d+\.\d+\.\d+)[a-z0-9.+-]*[/\\]src[/\\]/g)
  const crates = new Map([...places].map(([, name = '', version = '']) => [name, version]))
  t.true(crates.size > 5 && crates.has('memchr'), [...crates.keys()].join())
  const standardLibrary = /has parts of ([^.]+)\./.exec(licences)?.[1]?.split(', ') ?? []
  t.true(standardLibrary.length > 3)
  for (const [name, version] of crates) {
    if (listed(name, version)) t.true(titles.includes(name), name)
    else t.true(standardLibrary.includes(name), `${name} ${version}`)
  }
})
