// Where the addon cannot be loaded, the error says what was tried and what to do.

import { execFile } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'

const NATIVE = fileURLToPath(new URL('../native/', import.meta.url))
const { platform, arch } = process
const glibc = platform === 'linux' && arch === 'x64' && isGlibc() ? test : test.skip

function isGlibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime !== undefined
}

interface Situation {
  /** Options of Node.js. */
  readonly flags?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Run before the addon is looked for. */
  readonly before?: string
  /** Other platform packages that are installed. */
  readonly installed?: readonly string[]
  /** What `native/` has for an addon. */
  readonly addon?: (addon: Buffer) => Buffer
}

/** What the loader of a package without an addon throws. */
async function thrown(t: ExecutionContext, situation: Situation = {}): Promise<string> {
  const { flags = [], env = {}, before = '', installed = [], addon } = situation
  const folder = mkdtempSync(join(tmpdir(), 'fapilog-missing-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const native = join(folder, 'node_modules', 'fapilog', 'native')
  mkdirSync(native, { recursive: true })
  copyFileSync(join(NATIVE, 'binding.cjs'), join(native, 'binding.cjs'))
  if (addon !== undefined) {
    const [name = ''] = readdirSync(NATIVE).filter((file) => file.endsWith('.node'))
    writeFileSync(join(native, name), addon(readFileSync(join(NATIVE, name))))
  }
  for (const name of installed) mkdirSync(join(folder, 'node_modules', name), { recursive: true })
  const script = `${before}
    try { require(${JSON.stringify(join(native, 'binding.cjs'))}) }
    catch (error) { console.log(error.code, error.message, error.cause instanceof Error) }`
  const { FAPILOG_NATIVE_PATH: _, ...outer } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '-e', script], {
    env: { ...outer, ...env },
  })
  t.regex(stdout, /^FAPILOG_NATIVE_MISSING fapilog could not load its native addon on /)
  t.regex(stdout, / true\n$/)
  t.true(stdout.includes(`, Node.js ${process.version}. Tried:\n`), stdout)
  return stdout
}

const named = (values: object) =>
  Object.entries(values)
    .map(([name, value]) => `Object.defineProperty(process, '${name}', { value: '${value}' });`)
    .join('')

test('no platform package: which one, and why npm may have left it out', async (t) => {
  const text = await thrown(t)
  t.true(text.includes(` on ${platform} ${arch}`), text)
  t.regex(text, /\/fapilog\..*\.node: no such file\n/)
  t.regex(text, /@fapilog\/binding-.*: Cannot find module/)
  t.regex(text, /Install again without --omit=optional .* npm i @fapilog\/binding-/)
})

test('node_modules of another platform: what is installed, and to install where it runs', async (t) => {
  const other = platform === 'win32' ? 'linux-x64-gnu' : 'win32-x64-msvc'
  const text = await thrown(t, { installed: [`@fapilog/binding-${other}`] })
  t.regex(text, new RegExp(`another platform .it holds @fapilog/binding-${other}.: run npm ci on`))
})

test('a platform without a binary: how to build one', async (t) => {
  const text = await thrown(t, { before: named({ platform: 'freebsd', arch: 'riscv64' }) })
  t.regex(text, / on freebsd riscv64, /)
  t.regex(
    text,
    /No prebuilt addon exists for this platform: build it .*build:native.*FAPILOG_NATIVE_PATH/,
  )
})

test('FAPILOG_NATIVE_PATH that leads nowhere: correct or unset it', async (t) => {
  const text = await thrown(t, { env: { FAPILOG_NATIVE_PATH: '/no/such.node' } })
  t.regex(text, /no.such\.node: no such file\nCorrect or unset FAPILOG_NATIVE_PATH/)
})

test('--no-addons and the permission model: which option to change', async (t) => {
  const addon = (file: Buffer) => file
  t.regex(await thrown(t, { addon, flags: ['--no-addons'] }), /start node without it/)
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission'
  const flags = [permission, '--allow-fs-read=*', '--no-warnings']
  t.regex(await thrown(t, { addon, flags }), /start node with --allow-addons/)
})

test('a Node-API that is too old: upgrade', async (t) => {
  const before = `Object.defineProperty(process.versions, 'napi', { value: '8' });`
  t.regex(await thrown(t, { before }), /has Node-API 8, fapilog needs 9: upgrade to Node\.js 20\.3/)
})

glibc('a glibc that is too old: a newer system, or a build', async (t) => {
  // Asks for a version that no system has.
  const addon = (file: Buffer) =>
    Buffer.from(file.toString('latin1').replaceAll('GLIBC_2.', 'GLIBC_9.'), 'latin1')
  const text = await thrown(t, { addon })
  t.regex(
    text,
    /The addon needs glibc 9\.\d+, this system has an older one: use a newer system, or build/,
  )
})
