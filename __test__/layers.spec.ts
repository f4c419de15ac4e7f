// The layers of src/: a file imports from its own layer or a lower one, and there are no cycles.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

/** Lowest first. What is not named here has no layer, which fails. */
const LAYERS: readonly (readonly RegExp[])[] = [
  [/^wire\/layout$/, /^(nearest-name|secret-names)$/],
  [
    /^color$/,
    /^errors$/,
    /^levels$/,
    /^metrics$/,
    /^lifecycle$/,
    /^signals$/,
    /^error-reports$/,
    /^thresholds$/,
  ],
  [/^load-checker$/, /^prometheus$/],
  [/^redact\//],
  [/^ring\//, /^wire\//],
  [/^context\//, /^logger$/, /^plugins\//, /^retroactive$/, /^settings\//],
  [/^container$/, /^live-settings$/, /^decrypt-field$/, /^credential-names$/],
  [/^logging-container$/],
  [/^create-logger$/, /^join$/, /^logger-builder$/, /^metrics-collector$/],
  [/^index$/],
  [/^bridges\//, /^cli\//, /^frameworks\//, /^pino\//, /^registry(\/|$)/, /^testing\//],
]

interface Import {
  readonly from: string
  readonly to: string
  /** Erased by the compiler: it ties no modules together at run time. */
  readonly typeOnly: boolean
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => name.slice(0, -3).replaceAll('\\', '/'))
  .sort()

function importsOf(file: string): Import[] {
  const source = readFileSync(join(SRC, `${file}.ts`), 'utf8')
  const found = source.matchAll(
    /^(?:import|export)\s+(?:(type\s+)?([^'";]*?)\s*from\s+)?'([^']+)'/gm,
  )
  return [...found].map(([, type, names, target]) => {
    const listed = /^\{([\s\S]*)\}$/.exec(names ?? '')?.[1]
    const typeOnly =
      type !== undefined ||
      (listed?.split(',').every((name) => /^\s*(type\s|$)/.test(name)) ?? false)
    const path = target as string
    const to = path.startsWith('.')
      ? join(dirname(file), path).replaceAll('\\', '/').replace(/\.js$/, '')
      : path
    return { from: file, to, typeOnly }
  })
}

const imports = files.flatMap(importsOf)
const inner = imports.filter(({ to }) => files.includes(to))
const layerOf = (file: string) => LAYERS.findIndex((layer) => layer.some((name) => name.test(file)))
const show = ({ from, to }: Import) => `${from} -> ${to}`

test('the imports of src are found', (t) => {
  t.true(files.length >= 15)
  t.true(inner.some((one) => show(one) === 'logging-container -> container'))
  t.true(inner.some((one) => show(one) === 'wire/exotic -> wire/writer' && one.typeOnly))
})

test('every file of src has a layer', (t) => {
  t.deepEqual(
    files.filter((file) => layerOf(file) === -1),
    [],
  )
})

test('a file imports its own layer or a lower one', (t) => {
  // The logger names the type of the container it is given; the layer above makes both.
  const allowed = ['logger -> container']
  const upward = inner.filter(({ from, to }) => layerOf(to) > layerOf(from))
  t.deepEqual(upward.filter((one) => !(one.typeOnly && allowed.includes(show(one)))).map(show), [])
})

test('logger and settings do not know each other', (t) => {
  // But for the type of what `reconfigure` takes.
  const crossing = inner.filter(
    ({ from, to, typeOnly }) =>
      (from === 'logger' && to.startsWith('settings/') && !typeOnly) ||
      (from.startsWith('settings/') && to === 'logger'),
  )
  t.deepEqual(crossing.map(show), [])
})

test('the path of a log call knows neither settings nor zod', (t) => {
  const reached = new Set<string>()
  const visit = (file: string) => {
    for (const { to, typeOnly } of importsOf(file)) {
      if (typeOnly || reached.has(to)) continue
      reached.add(to)
      if (files.includes(to)) visit(to)
    }
  }
  visit('logger')
  for (const file of files.filter((name) => /^(wire|ring)\//.test(name))) visit(file)
  t.deepEqual(
    [...reached].filter((to) => to.startsWith('settings/') || to.startsWith('zod')),
    [],
  )
  const ofHotPath = imports.filter(({ from }) => /^(wire|ring)\//.test(from))
  t.deepEqual(
    ofHotPath.filter(({ to }) => to.startsWith('settings/') || to.startsWith('zod')).map(show),
    [],
  )
})

test('only settings import zod', (t) => {
  const users = imports.filter(({ to }) => to.startsWith('zod')).map(({ from }) => from)
  t.deepEqual(
    users.filter((file) => !file.startsWith('settings/')),
    [],
  )
})

test('the import of the package reaches neither the schema nor zod', (t) => {
  const reached = new Set<string>()
  const visit = (file: string) => {
    for (const { to, typeOnly } of importsOf(file)) {
      if (typeOnly || reached.has(to)) continue
      reached.add(to)
      if (files.includes(to)) visit(to)
    }
  }
  visit('index')
  t.true(reached.has('settings/resolve'))
  t.deepEqual(
    [...reached].filter((to) => to === 'settings/schema' || to.startsWith('zod')),
    [],
  )
})

test('only the container loads the native binding, the command line, what reads a field and names of credentials', (t) => {
  const loading = imports.filter(({ to }) => to.includes('native/binding'))
  const users = [...new Set(loading.map(({ from }) => from))]
  t.deepEqual(users, ['cli/native', 'container', 'credential-names', 'decrypt-field'])
})

test('the library knows nothing of the command line', (t) => {
  const users = inner.filter(({ from, to }) => to.startsWith('cli/') && !from.startsWith('cli/'))
  t.deepEqual(users.map(show), [])
})

test('adapters know only the package, and nothing knows them', (t) => {
  const ofAdapters = imports.filter(({ from }) => from.startsWith('frameworks/'))
  // A module of Nest is made of what Nest has for it.
  const nest = ({ from, to }: Import) =>
    from === 'frameworks/nestjs' && ['@nestjs/common', '@nestjs/core', 'rxjs'].includes(to)
  t.true(ofAdapters.length > 0)
  const foreign = ofAdapters.filter(
    (one) =>
      !one.to.startsWith('frameworks/') &&
      !one.to.startsWith('node:') &&
      one.to !== 'fapilog' &&
      !one.typeOnly &&
      !nest(one),
  )
  t.deepEqual(foreign.map(show), [])
  const reaching = ofAdapters.filter(
    ({ to }) => files.includes(to) && !to.startsWith('frameworks/'),
  )
  t.deepEqual(reaching.map(show), [])
  const users = inner.filter(
    ({ from, to }) => to.startsWith('frameworks/') && !from.startsWith('frameworks/'),
  )
  t.deepEqual(users.map(show), [])
})

test('there are no cycles', (t) => {
  const edges = inner.filter(({ typeOnly }) => !typeOnly)
  const cycles = new Set<string>()
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file)
    if (start !== -1) {
      cycles.add(path.slice(start).sort().join(' <-> '))
      return
    }
    for (const { to } of edges.filter(({ from }) => from === file)) visit(to, [...path, file])
  }
  for (const file of files) visit(file, [])
  t.deepEqual([...cycles], [])
})
