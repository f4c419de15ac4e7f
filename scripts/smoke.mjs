// Proves that what `npm publish` would ship works where it is installed: packs the root package and
// this machine's platform package, installs both tarballs in an empty folder and uses them.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checks, equal } from './checks.mjs'
import { fails, run } from './run.mjs'
import { root } from './stage.mjs'
import { install, packPlatform, packRoot } from './tarballs.mjs'

const EXPECTED_FILES = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'THIRD-PARTY-LICENSES.txt',
  'bin/fapilog.mjs',
  'bridges.d.cts',
  'bridges.d.ts',
  'dist/bridges.cjs',
  'dist/bridges.mjs',
  'dist/cli/main.mjs',
  'dist/fastify.cjs',
  'dist/fastify.mjs',
  'dist/frameworks/express.cjs',
  'dist/frameworks/express.d.cts',
  'dist/frameworks/express.d.mts',
  'dist/frameworks/express.mjs',
  'dist/frameworks/fastify.cjs',
  'dist/frameworks/fastify.d.cts',
  'dist/frameworks/fastify.d.mts',
  'dist/frameworks/fastify.mjs',
  'dist/frameworks/hono.cjs',
  'dist/frameworks/hono.d.cts',
  'dist/frameworks/hono.d.mts',
  'dist/frameworks/hono.mjs',
  'dist/frameworks/koa.cjs',
  'dist/frameworks/koa.d.cts',
  'dist/frameworks/koa.d.mts',
  'dist/frameworks/koa.mjs',
  'dist/frameworks/nestjs.cjs',
  'dist/frameworks/nestjs.d.cts',
  'dist/frameworks/nestjs.d.mts',
  'dist/frameworks/nestjs.mjs',
  'dist/headers.d.cts',
  'dist/headers.d.mts',
  'dist/index.cjs',
  'dist/index.mjs',
  'dist/middleware.d.cts',
  'dist/middleware.d.mts',
  'dist/pino.cjs',
  'dist/pino.d.cts',
  'dist/pino.d.mts',
  'dist/pino.mjs',
  'dist/plugins.cjs',
  'dist/plugins.d.cts',
  'dist/plugins.d.mts',
  'dist/plugins.mjs',
  'dist/request-log.cjs',
  'dist/request-log.mjs',
  'dist/sent-body.cjs',
  'dist/sent-body.mjs',
  'dist/settings.cjs',
  'dist/testing.cjs',
  'dist/testing.mjs',
  'index.d.cts',
  'index.d.ts',
  'lazy/otel.cjs',
  'lazy/settings.cjs',
  'native/binding.cjs',
  'package.json',
  'schemas/settings.schema.json',
  'testing.d.cts',
  'testing.d.ts',
]
const CONSUMER = `
const path = process.argv[2]
const log = createLogger({ name: 'smoke', sinks: [{ type: 'file', path }] })
log.info('order placed', { orderId: 42 })
await log.close()
`
const EXPECTED_EVENT = '{"message":"order placed","level":"INFO","data":{"orderId":42}}'
const TYPED_CONSUMER = `
const log: Logger = createLogger({ name: 'smoke', sinks: [{ type: 'file', path: 'smoke.log' }] })
log.info('order placed', { orderId: 42 })
export const closed: Promise<unknown> = Promise.resolve(log.close())
// @ts-expect-error a level is a name
createLogger({ level: { no: 'level' } })
`
/** The program of the documentation, which has decorators. */
const [, NEST_CONSUMER] = /## NestJS\n+```ts[^\n]*\n([\s\S]*?)```/.exec(
  readFileSync(join(root, 'docs/frameworks.md'), 'utf8'),
)

const PINO_CONSUMER = `
const options: pino.LoggerOptions = { level: 'debug', redact: ['password'] }
const root: pino.Logger = pino(options, pino.destination({ dest: 'smoke.log', sync: false }))
root.child({ a: 1 }, { level: 'info' }).info({ b: 2 }, 'order %s', 'placed')
pino({ customLevels: { notice: 35 } }).notice('typed')
// @ts-expect-error a level is a name
pino({ level: 30n })
`

const folder = mkdtempSync(join(tmpdir(), 'fapilog-smoke-'))
const consumer = join(folder, 'consumer')
const bare = join(folder, 'without-addon')
const { check, end } = checks('smoke')

let rootTarball
let platformTarball
await check('npm pack of the root package', () => {
  const { tarball, files } = packRoot(folder)
  rootTarball = tarball
  equal(files.join('\n'), EXPECTED_FILES.join('\n'), 'packed files')
})
await check('no install scripts, no runtime dependencies', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  equal(Object.keys(manifest.dependencies ?? {}).join(), '', 'dependencies')
  const scripts = ['preinstall', 'install', 'postinstall'].filter(
    (name) => name in manifest.scripts,
  )
  equal(scripts.join(), '', 'install scripts')
})
await check('npm pack of the platform package', () => {
  const { tarball, files } = packPlatform(folder)
  platformTarball = tarball
  for (const file of ['LICENSE', 'THIRD-PARTY-LICENSES.txt'])
    if (!files.includes(file)) throw new Error(`${file} is not in the tarball`)
})
await check('both tarballs install in an empty folder', () => {
  install(consumer, rootTarball, platformTarball)
  writeFileSync(join(consumer, 'use.mjs'), `import { createLogger } from 'fapilog'\n${CONSUMER}`)
  writeFileSync(
    join(consumer, 'use.cjs'),
    `const { createLogger } = require('fapilog')\n;(async () => {${CONSUMER}})()\n`,
  )
})
for (const [system, script] of [
  ['ESM', 'use.mjs'],
  ['CommonJS', 'use.cjs'],
]) {
  await check(`${system}: a logged event is in the file`, () => {
    const path = join(consumer, `${script}.log`)
    run(consumer, process.execPath, script, path)
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    equal(lines.length, 1, 'lines')
    const { message, level, data } = JSON.parse(lines[0])
    equal(JSON.stringify({ message, level, data }), EXPECTED_EVENT, 'event')
  })
}
await check('ESM and CommonJS: the drop-in for pino is a function that logs', () => {
  const use = "pino({ base: null, timestamp: false }).info({ a: 1 }, 'm')"
  writeFileSync(join(consumer, 'pino.mjs'), `import pino from 'fapilog/pino'\n${use}\n`)
  writeFileSync(join(consumer, 'pino.cjs'), `const pino = require('fapilog/pino')\n${use}\n`)
  for (const script of ['pino.mjs', 'pino.cjs'])
    equal(run(consumer, process.execPath, script), '{"level":30,"a":1,"msg":"m"}\n', script)
})
await check('the command line works where it is installed', () => {
  const bin = join('node_modules', 'fapilog', 'bin', 'fapilog.mjs')
  const lines = run(consumer, process.execPath, bin, 'query', '--fields', 'message', 'use.mjs.log')
  equal(lines, '{"message":"order placed"}\n', 'fields')
  run(consumer, process.execPath, bin, 'doctor')
  JSON.parse(run(consumer, process.execPath, bin, 'config', 'schema'))
})
await check('ESM and CommonJS share one addon in a process', () => {
  const script = `import { createRequire } from 'node:module'
    import * as esm from 'fapilog'
    const cjs = createRequire(import.meta.url)('fapilog')
    if (typeof esm.createLogger !== 'function' || typeof cjs.createLogger !== 'function') process.exit(1)
    const addons = process.report.getReport().sharedObjects.filter((file) => /fapilog\\..*\\.node$/.test(file))
    if (addons.length !== 1) throw new Error('loaded: ' + addons)`
  run(consumer, process.execPath, '--input-type=module', '-e', script)
})
for (const [extension, imports, pinoImport] of [
  ['mts', 'import', "import pino from 'fapilog/pino'"],
  ['cts', 'require', "import pino = require('fapilog/pino')"],
]) {
  await check(
    `TypeScript: a .${extension} consumer type-checks (${imports} condition, nodenext, strict)`,
    () => {
      const file = `use.${extension}`
      writeFileSync(
        join(consumer, file),
        `import { createLogger, type Logger } from 'fapilog'\n${pinoImport}\n${TYPED_CONSUMER}${PINO_CONSUMER}`,
      )
      writeFileSync(join(consumer, `tsconfig.${extension}.json`), JSON.stringify(typeCheck(file)))
      run(
        consumer,
        process.execPath,
        tool('typescript/bin/tsc'),
        '-p',
        `tsconfig.${extension}.json`,
      )
    },
  )
}
await check('NestJS: an application with decorators, CommonJS and classic resolution runs', () => {
  for (const name of ['@nestjs', 'rxjs', 'reflect-metadata'])
    symlinkSync(tool(name), join(consumer, 'node_modules', name), 'junction')
  writeFileSync(join(consumer, 'nest.ts'), NEST_CONSUMER)
  const compilerOptions = {
    ...typeCheck('nest.ts').compilerOptions,
    module: 'commonjs',
    moduleResolution: 'node10',
    ignoreDeprecations: '6.0',
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    // not all types of Nest's own are there
    skipLibCheck: true,
    noEmit: false,
  }
  const config = { compilerOptions, files: ['nest.ts'] }
  writeFileSync(join(consumer, 'tsconfig.nest.json'), JSON.stringify(config))
  run(consumer, process.execPath, tool('typescript/bin/tsc'), '-p', 'tsconfig.nest.json')
  const lines = run(consumer, process.execPath, '--no-warnings', 'nest.js')
  for (const words of ['msg=found logger=Orders', 'logger=NestApplication'])
    if (!lines.includes(words)) throw new Error(lines)
  equal(lines.match(/correlation_id=r-1/g).length, 3, lines)
})
await check('publint finds nothing', () => {
  const cli = tool('publint/src/cli.js')
  const output = run(folder, process.execPath, cli, rootTarball, '--strict')
  if (!/All good/i.test(output)) throw new Error(output)
})
await check('are the types wrong: no', () => {
  run(
    folder,
    process.execPath,
    tool('@arethetypeswrong/cli/dist/index.js'),
    rootTarball,
    '--no-emoji',
    // TypeScript's `node10` resolution knows no exports, so it does not find the adapters for frameworks
    '--profile',
    'node16',
    // data for editors, which find it in the folder; Node.js 10 had no exports
    '--exclude-entrypoints',
    './settings.schema.json',
  )
})
await check('without the platform package the error says what to do', () => {
  install(bare, rootTarball)
  const output = fails(bare, process.execPath, '-e', "require('fapilog')")
  for (const words of [
    'FAPILOG_NATIVE_MISSING',
    '--omit=optional',
    `${process.platform} ${process.arch}`,
  ]) {
    if (!output.includes(words)) throw new Error(`'${words}' is not in:\n${output}`)
  }
})
await check('under the permission model the error names --allow-addons', () => {
  const flag =
    Number(process.versions.node.split('.')[0]) < 24 ? '--experimental-permission' : '--permission'
  const output = fails(
    consumer,
    process.execPath,
    flag,
    '--allow-fs-read=*',
    '-e',
    "require('fapilog')",
  )
  if (!output.includes('start node with --allow-addons')) throw new Error(output)
})

rmSync(folder, { recursive: true, force: true })
end()

function typeCheck(file) {
  return {
    compilerOptions: {
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    },
    files: [file],
  }
}

function tool(path) {
  return join(root, 'node_modules', path)
}
