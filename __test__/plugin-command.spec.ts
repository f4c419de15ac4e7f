// `fapilog plugin`: the packed fapilog, installed in an empty folder, makes a plugin of every kind there. Each is
// installed, tested by its own test, validated, and found by an application.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { PLUGIN_API_VERSION } from 'fapilog'
import { cli } from './support/cli.ts'
import { install, pack, runInstalled } from './support/packed.ts'

const KINDS = ['enricher', 'filter', 'redactor', 'processor', 'sink']

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'fapilog-plugin-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

test('a new plugin of every kind passes its own test and the validation, and is found', async (t) => {
  t.timeout(240_000)
  const root = folder(t)
  const app = join(root, 'app')
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{ "private": true }')
  const tarball = await pack('.', join(root, 'packed'))
  await install(app, [tarball])
  const fapilog = async (at: string, ...args: string[]) =>
    (await runInstalled(at, 'npx', ['--no-install', 'fapilog', 'plugin', ...args])).stdout
  const plugins: string[] = []
  for (const kind of KINDS) {
    const name = `fapilog-${kind}-trial`
    const made = await fapilog(app, 'new', `@acme/${name}`, '--kind', kind)
    t.true(made.includes(`cd ${name}\n`), made)
    const own = join(app, name)
    t.deepEqual(readdirSync(own).sort(), ['README.md', 'index.js', 'index.test.js', 'package.json'])
    const { keywords, fapilog: field } = json(join(own, 'package.json'))
    t.deepEqual(keywords, ['fapilog-plugin'])
    t.like(field, { kind, entry: './index.js', apiVersion: PLUGIN_API_VERSION, fapilog: '^3' })
    await install(own, [tarball], '--no-save')
    const { stdout } = await runInstalled(own, 'npm', ['test'])
    t.regex(stdout, /^(# |ℹ )pass 2$/m)
    t.regex(stdout, /^(# |ℹ )fail 0$/m)
    t.is(
      await fapilog(own, 'validate'),
      `@acme/${name}: the package fits and the plugin keeps its contract\n`,
    )
    plugins.push(await pack(own, join(root, 'packed')))
  }
  await install(app, plugins)
  const listed = JSON.parse(await fapilog(app, 'list', '--json')) as Record<string, unknown>[]
  t.deepEqual(listed.map(({ kind, problems }) => ({ kind, problems })).sort(byKind), [
    ...KINDS.map((kind) => ({ kind, problems: [] })).sort(byKind),
  ])
})

const byKind = (a: { kind: unknown }, b: { kind: unknown }) => (`${a.kind}` < `${b.kind}` ? -1 : 1)

test('plugin new makes one where there is none, under a name that npm takes', async (t) => {
  const at = folder(t)
  const made = await cli(['plugin', 'new', 'fapilog-orders'], { cwd: at })
  t.is(made.code, 0, made.stderr)
  t.is(json(join(at, 'fapilog-orders/package.json')).fapilog.kind, 'enricher')
  const again = await cli(['plugin', 'new', 'fapilog-orders'], { cwd: at })
  t.like(again, { code: 1, stderr: 'fapilog: fapilog-orders is there and not empty\n' })
  for (const name of ['Fapilog', '../up', 'a b', '@acme', '.hidden', 'a'.repeat(215)])
    t.is((await cli(['plugin', 'new', name], { cwd: at })).code, 2, name)
  t.deepEqual(readdirSync(at), ['fapilog-orders'])
  const kind = await cli(['plugin', 'new', 'x', '--kind', 'snik'], { cwd: at })
  t.is(kind.code, 2)
  t.regex(kind.stderr, /no kind of plugin 'snik'; did you mean 'sink'\?/)
  t.is((await cli(['plugin', 'new'], { cwd: at })).code, 2)
  t.is((await cli(['plugin', 'nwe', 'x'], { cwd: at })).code, 2)
})

/** A package with this module, in a folder. */
function written(at: string, code: string, more: object = {}, keywords = ['fapilog-plugin']): void {
  mkdirSync(at, { recursive: true })
  const fapilog = { kind: 'processor', entry: './index.js', apiVersion: '1.0', fapilog: '^3' }
  writeFileSync(join(at, 'index.js'), code)
  writeFileSync(
    join(at, 'package.json'),
    JSON.stringify({
      name: 'p',
      version: '1.0.0',
      type: 'module',
      keywords,
      fapilog: { ...fapilog, ...more },
    }),
  )
}

const GOOD = 'export default () => ({ kind: "processor", name: "p", process() {} })'

test('plugin validate says what is wrong with package, settings and plugin', async (t) => {
  const at = folder(t)
  const validate = (...more: string[]) => cli(['plugin', 'validate', at, ...more])
  written(at, GOOD)
  t.like(await validate(), { code: 0, stderr: '' })

  written(at, GOOD, {}, [])
  t.like(await validate(), { code: 1 })
  t.regex((await validate()).stderr, /lacks the keyword fapilog-plugin/)

  written(at, GOOD, { fapilog: '^2' })
  t.regex((await validate()).stderr, /^fapilog: p: package: it needs fapilog \^2, here is 3\./)

  const settings = { type: 'object', required: ['url'], properties: { url: { type: 'string' } } }
  written(at, GOOD, { settings })
  t.regex(
    (await validate()).stderr,
    /package: settings\.url is missing \(give them with --settings/,
  )
  t.is((await validate('--settings', '{ "url": "x" }')).code, 0)
  t.is((await validate('--settings', '{ url')).code, 2)

  written(at, 'export default { kind: "sink", name: "p", write() {} }')
  t.regex((await validate()).stderr, /package: .*gives a sink, its package\.json says processor/)

  const brittle = GOOD.replace('process() {}', 'process(event) { event.data.items.length }')
  written(at, brittle)
  const { code, stdout } = await validate('--json')
  t.is(code, 1)
  const { valid, name, faults } = JSON.parse(stdout)
  t.deepEqual([valid, name], [false, 'p'])
  t.true(faults.length > 1)
  t.true(faults.every(({ rule }: { rule: string }) => rule === 'result'))
  t.regex((await validate()).stderr, /result: at an event without message and fields/)

  const gone = await cli(['plugin', 'validate', join(at, 'nowhere')])
  t.is(gone.code, 1)
  t.regex(gone.stderr, /package: cannot be read/)
})

test('plugin list shows what fits and what does not', async (t) => {
  const at = folder(t)
  const dependencies = { fits: '*', late: '*', other: '*' }
  writeFileSync(join(at, 'package.json'), JSON.stringify({ dependencies }))
  written(join(at, 'node_modules/fits'), GOOD)
  t.like(await cli(['plugin', 'list', at]), {
    code: 0,
    stdout: 'processor  p  1.0.0\n',
    stderr: '',
  })
  written(join(at, 'node_modules/late'), GOOD, { apiVersion: '2.0' })
  written(join(at, 'node_modules/other'), GOOD, {}, ['other'])
  const both = await cli(['plugin', 'list'], { cwd: at })
  t.like(both, { code: 1, stdout: 'processor  p  1.0.0\n' })
  t.regex(both.stderr, /^fapilog: p: it is written for version 2\.0 of the plugin contracts.*\n$/)
  const none = folder(t)
  writeFileSync(join(none, 'package.json'), '{}')
  t.like(await cli(['plugin', 'list', none]), {
    code: 0,
    stdout: 'no plugins among the direct dependencies\n',
  })
})
