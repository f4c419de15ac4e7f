// Plugins in packages: found among the dependencies of an application, checked, loaded. The examples are packed,
// installed beside the packed fapilog and used there.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { createLogger, PluginError } from 'fapilog'
import { PluginRegistry, type PluginRegistryOptions } from 'fapilog/plugins'
import { satisfies } from '../src/registry/range.ts'
import { run } from './support/child.ts'
import { guests } from './support/guests.ts'
import { install, pack, runInstalled } from './support/packed.ts'

const folder = mkdtempSync(join(tmpdir(), 'fapilog-registry-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const FIELD = { kind: 'filter', entry: './index.cjs', apiVersion: '1.0', fapilog: '^3' }
const CODE = `module.exports = ({ not = 'ping' } = {}) =>
  ({ kind: 'filter', name: 'no-pings', filter: ({ message }) => message !== not })`

interface Package {
  readonly field?: object
  readonly code?: string
  readonly keywords?: readonly string[]
  /** More of its package.json. */
  readonly more?: object
}

/** What is used of the package ws, which has no types of its own. */
interface Websockets {
  readonly WebSocketServer: new (options: {
    port: number
    host: string
  }) => {
    on(event: 'connection', listener: (socket: Websocket) => void): void
    once(event: 'listening', listener: (value?: unknown) => void): void
    address(): AddressInfo
    close(): void
  }
}

interface Websocket {
  on(event: 'message', listener: (text: unknown) => void): void
  send(text: string): void
  terminate(): void
}

let applications = 0
/** An application with these packages installed; each a link into a store, as pnpm does it, when `links`. */
function application(packages: Readonly<Record<string, Package>>, links = false): string {
  const root = join(folder, `app-${applications++}`)
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const dependencies = Object.fromEntries(Object.keys(packages).map((name) => [name, '*']))
  write('package.json', JSON.stringify({ dependencies: { ...dependencies, missing: '*' } }))
  for (const [
    name,
    { field = FIELD, code = CODE, keywords = ['fapilog-plugin'], more },
  ] of Object.entries(packages)) {
    const at = links
      ? `node_modules/.pnpm/${name}@1.0.0/node_modules/${name}`
      : `node_modules/${name}`
    const manifest = { name, version: '1.0.0', keywords, fapilog: field, ...more }
    write(`${at}/package.json`, JSON.stringify(manifest))
    write(`${at}/index.cjs`, code)
    if (links) symlinkSync(join(root, at), join(root, 'node_modules', name), 'junction')
  }
  return root
}

const strict = (from: string, more: PluginRegistryOptions = {}) =>
  new PluginRegistry({ from, validation: 'strict', ...more })

for (const links of [false, true]) {
  test(`plugins are found and loaded, ${links ? 'linked from a store' : 'installed flat'}`, async (t) => {
    const root = application(
      {
        a: {},
        other: { keywords: [] },
        sealed: { more: { exports: './index.cjs' }, code: CODE.replace('no-pings', 'b') },
      },
      links,
    )
    const registry = strict(join(root, 'node_modules'))
    const own = strict(root)
    t.deepEqual(
      own.discover().map(({ name, kind, version }) => [name, kind, version]),
      [
        ['a', 'filter', '1.0.0'],
        ['sealed', 'filter', '1.0.0'],
      ],
    )
    t.deepEqual(registry.discover().length, 2, 'from below the folder of the application')
    const plugins = await own.loadAll(['sealed', { name: 'a', settings: { not: 'x' } }])
    const log = createLogger({ sinks: [{ type: 'memory' }], format: 'minimal', plugins })
    for (const message of ['ping', 'x', 'seen']) log.info(message)
    await log.flush()
    t.deepEqual(log.takeLines(), ['INFO seen'])
    await log.close()
  })
}

const WRONG: readonly (readonly [string, Package, RegExp, modes?: readonly string[]])[] = [
  [
    'a later fapilog',
    { field: { ...FIELD, fapilog: '>=4' } },
    /needs fapilog >=4, here is 3\..*npm install p@latest/,
    ['strict', 'warn'],
  ],
  [
    'later contracts',
    { field: { ...FIELD, apiVersion: '2.0' } },
    /version 2\.0 of the plugin contracts, this fapilog has 1\.0: install/,
    ['strict', 'warn'],
  ],
  [
    'no range',
    { field: { ...FIELD, fapilog: 'three' } },
    /fapilog\.fapilog is "three": expected a range of versions such as "\^3"/,
  ],
  [
    'no kind',
    { field: { ...FIELD, kind: 'snik' } },
    /fapilog\.kind is "snik": expected one of "enricher", .*; did you mean "sink"\?/,
  ],
  ['a field that is no object', { field: [] }, /fapilog is an array: expected an object/],
  [
    'no version',
    { more: { version: 'first' } },
    /version is "first": expected a version such as "1\.0\.0"/,
  ],
  [
    'a field that is misspelt',
    { field: { ...FIELD, setings: {} } },
    /fapilog\.setings is an object: expected no such setting; known are .*; did you mean "settings"\?/,
  ],
  [
    'a schema of settings that is none',
    {
      field: {
        ...FIELD,
        settings: {
          type: 'objct',
          properties: { url: { type: 'string', pattern: '(' }, n: { minimum: '1' } },
          required: 'url',
        },
      },
    },
    /settings\.type is "objct".*settings\.properties\.url\.pattern is "\(": expected a regular expression.*settings\.properties\.n\.minimum is "1": expected a number.*settings\.required is "url": expected an array/s,
  ],
  ['no field', { field: null as unknown as object }, /no field "fapilog"/],
  [
    'an entry outside',
    { field: { ...FIELD, entry: '../../package.json' } },
    /leads out of the package/,
  ],
  [
    'an absolute entry',
    { field: { ...FIELD, entry: '/etc/hostname' } },
    /leads out of the package|is no file/,
  ],
  [
    'no such entry',
    { field: { ...FIELD, entry: './dist/index.js' } },
    /is no file.*is the package built/,
  ],
]
for (const [what, wrong, told, modes = ['strict', 'warn', 'off']] of WRONG) {
  test(`a package with ${what} is told and not loaded`, async (t) => {
    const from = application({ p: wrong, fine: {} })
    for (const validation of modes as ('off' | 'warn' | 'strict')[]) {
      const registry = new PluginRegistry({ from, validation })
      await t.throwsAsync(registry.load('p'), { instanceOf: PluginError, message: told })
      if (validation === 'strict')
        t.throws(() => registry.discover(), { instanceOf: PluginError, message: told })
      else
        t.deepEqual(
          registry.discover().map(({ name }) => name),
          ['fine'],
        )
    }
    if (modes.includes('off')) return
    const plugin = await new PluginRegistry({ from, validation: 'off' }).load('p')
    t.is(plugin.name, 'no-pings')
  })
}

test('an entry that is a link out of the package is refused', async (t) => {
  const from = application({ p: { field: { ...FIELD, entry: './link.cjs' } } })
  symlinkSync(join(from, 'package.json'), join(from, 'node_modules/p/link.cjs'))
  await t.throwsAsync(strict(from).load('p'), { instanceOf: PluginError, message: /leads out/ })
})

test('validation warn is one process warning a package', async (t) => {
  const from = application({ p: { field: { ...FIELD, fapilog: '^2' } } })
  const warned = new Promise<Error>((resolve) => {
    process.on('warning', (warning) => {
      if (/ \^2,/.test(warning.message)) resolve(warning)
    })
  })
  t.deepEqual(new PluginRegistry({ from }).discover(), [])
  t.regex((await warned).message, /plugin p: it needs fapilog \^2/)
})

test('lists say what may be loaded', async (t) => {
  const from = application({ a: {}, b: {} })
  const names = (more: PluginRegistryOptions) =>
    strict(from, more)
      .discover()
      .map(({ name }) => name)
  t.deepEqual(names({ allow: ['b'] }), ['b'])
  t.deepEqual(names({ deny: ['b'] }), ['a'])
  t.deepEqual(names({ allow: ['a', 'b'], deny: ['b'] }), ['a'])
  await t.throwsAsync(strict(from, { deny: ['a'] }).load('a'), { message: /a is on the deny list/ })
  await t.throwsAsync(strict(from, { allow: ['a'] }).load('b'), {
    message: /b is not on the allow list/,
  })
})

test('zod is loaded with the first plugin, not before', async (t) => {
  const none = application({ other: { keywords: [] } })
  const program = `
    const loaded = () => Object.keys(require.cache).some((path) => /dist.settings\\.cjs$/.test(path))
    const { createLogger, defineFilter } = require('fapilog')
    const { PluginRegistry } = require('fapilog/plugins')
    const log = createLogger()
    const before = new PluginRegistry({ from: ${JSON.stringify(none)} }).discover().length
    const found = [before, loaded()]
    defineFilter({ name: 'f', filter: () => true })
    console.error(JSON.stringify([...found, loaded()]))`
  const { code, stderr } = await run(process.execPath, ['-e', program])
  t.is(code, 0, stderr)
  t.deepEqual(JSON.parse(stderr), [0, false, true])
})

test('the first of a name wins, and the names of fapilog are its own', async (t) => {
  const from = application({ a: {}, b: {}, c: { code: CODE.replace('no-pings', 'stdout') } })
  const registry = strict(from)
  await registry.load('b')
  await registry.load('b')
  await t.throwsAsync(registry.load('a'), {
    message: /no-pings belongs to b, which was loaded first/,
  })
  await t.throwsAsync(registry.load('c'), { message: /stdout belongs to fapilog/ })
})

test('what cannot be loaded is told', async (t) => {
  const settings = {
    type: 'object',
    required: ['url'],
    properties: { url: { type: 'string' } },
    additionalProperties: false,
  }
  const from = application({
    a: { field: { ...FIELD, settings } },
    b: { code: 'throw new Error("broken")' },
    c: { code: 'module.exports = { kind: "sink", name: "s", write() {} }' },
    d: { code: 'module.exports = { kind: "filter", name: "f" }' },
  })
  const registry = strict(from)
  await t.throwsAsync(registry.load('a'), { message: /settings\.url is missing/ })
  await t.throwsAsync(registry.load('a', { url: 1 }), {
    message: /settings\.url is string, not number/,
  })
  await t.throwsAsync(registry.load('a', { url: '', ulr: 1 }), {
    message: /settings\.ulr is no setting; known are url/,
  })
  await t.throwsAsync(registry.load('b'), { message: /cannot be loaded: Error: broken/ })
  await t.throwsAsync(registry.load('c'), {
    message: /gives a sink, its package\.json says filter/,
  })
  await t.throwsAsync(registry.load('d'), {
    message: /plugin d: plugin f: plugin\.filter: expected a function: a filter has filter/,
  })
  await t.throwsAsync(registry.load('e'), {
    message: /not among the dependencies.*npm install e.*a, b, c, d/,
  })
  t.throws(() => new PluginRegistry({ validation: 'some' as 'off' }), { instanceOf: PluginError })
})

test('an entry may have a schema of zod for its settings, which are completed', async (t) => {
  const zod = JSON.stringify(createRequire(import.meta.url).resolve('zod'))
  const schema =
    'z.object({ not: z.string().min(2).default("ping"), more: z.object({ n: z.int() }).optional() })'
  const commonjs = `const { z } = require(${zod})
    module.exports = ({ not }) => ({ kind: 'filter', name: 'not-' + not, filter: ({ message }) => message !== not })
    module.exports.settings = ${schema}`
  const from = application({ a: { code: commonjs }, b: {} })
  writeFileSync(
    join(from, 'node_modules/b/index.mjs'),
    `import { z } from ${JSON.stringify(pathToFileURL(JSON.parse(zod)).href)}
    export const settings = ${schema}
    export default ({ not }) => ({ kind: 'filter', name: 'esm-' + not, filter: () => true })`,
  )
  const manifest = join(from, 'node_modules/b/package.json')
  const fapilog = { ...FIELD, entry: './index.mjs' }
  writeFileSync(
    manifest,
    JSON.stringify({ name: 'b', version: '1.0.0', keywords: ['fapilog-plugin'], fapilog }),
  )
  t.is((await strict(from).load('a')).name, 'not-ping')
  t.is((await strict(from).load('b', { not: 'pong' })).name, 'esm-pong')
  for (const name of ['a', 'b'])
    await t.throwsAsync(strict(from).load(name, { not: 'x', more: { n: 0.5 } }), {
      instanceOf: PluginError,
      message: new RegExp(`^plugin ${name}: settings\\.not: .*; settings\\.more\\.n: `),
    })
})

const RANGES: readonly (readonly [range: string, fits: string, not: string])[] = [
  ['^3', '3.9.9', '4.0.0'],
  ['^3.1', '3.1.0', '3.0.9'],
  ['^0.2.3', '0.2.9', '0.3.0'],
  ['^0.0.3', '0.0.3', '0.0.4'],
  ['~3.1.2', '3.1.9', '3.2.0'],
  ['~3', '3.9.0', '4.0.0'],
  ['3.x', '3.4.5', '4.0.0'],
  ['>=3.1 <4', '3.1.0', '4.0.0'],
  ['>3.1', '3.2.0', '3.1.9'],
  ['<=3.1', '3.1.9', '3.2.0'],
  ['^2 || ^3', '3.0.0', '4.0.0'],
  ['^3.0.0-alpha.0', '3.0.0-alpha.0', '2.9.9'],
  ['>= 3', '3.0.0', '2.0.0'],
]
test('ranges of versions', (t) => {
  for (const [range, fits, not] of RANGES) {
    t.is(satisfies(fits, range), true, range)
    t.is(satisfies(not, range), false, range)
  }
  t.is(satisfies('9.9.9', '*'), true)
  for (const range of ['three', '^', '3.1.2.4', '^3 or 4'])
    t.is(satisfies('3.0.0', range), undefined, range)
})

test.serial(
  'the examples, packed and installed beside the packed fapilog, are found and do their work',
  async (t) => {
    const app = join(folder, 'installed')
    mkdirSync(app)
    writeFileSync(
      join(app, 'package.json'),
      '{ "name": "shop", "version": "1.4.2", "type": "module" }',
    )
    const sources = [
      ...['.', 'examples/fapilog-enricher-build', 'examples/fapilog-sink-http'],
      ...['examples/fapilog-sink-websocket', join(guests(), 'node_modules/ws')],
    ]
    const tarballs = sources.map((source) => pack(source, join(folder, 'packed')))
    await install(app, await Promise.all(tarballs))
    const bodies: string[] = []
    let refused = 0
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += String(chunk)
      })
      request.on('end', () => {
        if (refused++ === 0) return void response.writeHead(503).end()
        bodies.push(body)
        response.end()
      })
    }).listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logs`
    const messages: { id: number; events: { data: { n: number } }[] }[] = []
    let hungUp = 0
    const { WebSocketServer } = createRequire(join(guests(), 'package.json'))('ws') as Websockets
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    t.teardown(() => sockets.close())
    sockets.on('connection', (socket) => {
      socket.on('message', (text) => {
        if (hungUp++ === 0) return socket.terminate()
        const message = JSON.parse(String(text))
        messages.push(message)
        socket.send(JSON.stringify({ id: message.id }))
      })
    })
    await new Promise((resolve) => sockets.once('listening', resolve))
    const websocket = `ws://127.0.0.1:${sockets.address().port}`
    writeFileSync(
      join(app, 'main.js'),
      `import { createLogger } from 'fapilog'
    import { PluginRegistry } from 'fapilog/plugins'
    const registry = new PluginRegistry({ validation: 'strict' })
    const found = registry.discover().map(({ name, kind }) => kind + ' ' + name)
    const plugins = await registry.loadAll([
      { name: 'fapilog-enricher-build' },
      { name: 'fapilog-sink-http', settings: { url: '${url}' } },
      { name: 'fapilog-sink-websocket', settings: { url: '${websocket}' } },
    ])
    const log = createLogger({ sinks: ['null'], plugins })
    for (let n = 0; n < 1000; n++) log.info('order placed', { n })
    await log.close()
    console.log(found.join())`,
    )
    const { stdout } = await runInstalled(app, process.execPath, ['main.js'], {
      GIT_COMMIT: 'abc123',
    })
    t.is(
      stdout,
      'enricher fapilog-enricher-build,sink fapilog-sink-http,sink fapilog-sink-websocket\n',
    )
    const events = bodies
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    t.deepEqual(
      events.map(({ data }) => data.n),
      Array.from({ length: 1000 }, (_, n) => n),
    )
    t.deepEqual(events[999].context.build, { name: 'shop', version: '1.4.2', commit: 'abc123' })
    t.true(refused > 1, 'a batch that was refused is sent again')
    t.deepEqual(
      messages.flatMap(({ events }) => events.map(({ data }) => data.n)),
      Array.from({ length: 1000 }, (_, n) => n),
    )
    t.true(hungUp > 1, 'a batch whose connection broke is sent again')
  },
)

/** An application that has fapilog and two plugins as tarballs among its dependencies, one that exports no package.json. */
async function withTarballs(name: string): Promise<string> {
  const app = join(folder, name)
  const sealed = join(app, 'sealed')
  mkdirSync(sealed, { recursive: true })
  const plugin = { version: '1.0.0', keywords: ['fapilog-plugin'], fapilog: FIELD }
  writeFileSync(join(sealed, 'index.cjs'), CODE)
  writeFileSync(
    join(sealed, 'package.json'),
    JSON.stringify({ name: 'sealed', exports: './index.cjs', ...plugin }),
  )
  const sources = {
    fapilog: '.',
    sealed,
    'fapilog-enricher-build': 'examples/fapilog-enricher-build',
  }
  const dependencies: Record<string, string> = {}
  for (const [one, source] of Object.entries(sources))
    dependencies[one] = `file:${await pack(source, join(app, 'archives'))}`
  rmSync(sealed, { recursive: true })
  writeFileSync(join(app, 'package.json'), JSON.stringify({ type: 'module', dependencies }))
  writeFileSync(
    join(app, 'main.js'),
    `import { createLogger } from 'fapilog'
    import { PluginRegistry } from 'fapilog/plugins'
    const registry = new PluginRegistry({ validation: 'strict' })
    const plugins = await registry.loadAll(registry.discover().map(({ name }) => name))
    const log = createLogger({ format: 'minimal', plugins })
    log.info('ping')
    log.info('pong')
    await log.close()
    console.log(plugins.map(({ name }) => name).join())`,
  )
  return app
}

test.serial("plugins are found in the archives of Yarn's Plug'n'Play", async (t) => {
  t.timeout(120_000)
  const app = await withTarballs('plug-and-play')
  writeFileSync(
    join(app, '.yarnrc.yml'),
    'nodeLinker: pnp\nenableTelemetry: false\nenableGlobalCache: false\nenableImmutableInstalls: false\n',
  )
  writeFileSync(join(app, 'yarn.lock'), '')
  const yarn = join(guests(), 'node_modules/@yarnpkg/cli-dist/bin/yarn.js')
  await runInstalled(app, process.execPath, [yarn, 'install'])
  const { stdout } = await runInstalled(app, process.execPath, [yarn, 'node', 'main.js'])
  t.is(stdout, 'INFO pong\nbuild,no-pings\n')
})

test.serial('plugins are found where pnpm has linked them', async (t) => {
  t.timeout(120_000)
  const app = await withTarballs('pnpm')
  writeFileSync(join(app, '.npmrc'), 'auto-install-peers=false\nstore-dir=.store\n')
  const pnpm = join(guests(), 'node_modules/pnpm/bin/pnpm.cjs')
  const how = ['install', '--offline', '--no-optional', '--ignore-scripts']
  await runInstalled(app, process.execPath, [pnpm, ...how])
  t.true(lstatSync(join(app, 'node_modules/sealed')).isSymbolicLink())
  t.true(existsSync(join(app, 'node_modules/.pnpm')))
  const { stdout } = await runInstalled(app, process.execPath, ['main.js'])
  t.is(stdout, 'INFO pong\nno-pings,build\n')
})
