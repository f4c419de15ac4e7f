'use strict'
// Finds and loads the native addon for this platform: FAPILOG_NATIVE_PATH, then the file a local
// build leaves beside this one, then the platform package of optionalDependencies.

const { existsSync } = require('node:fs')
const { join, resolve } = require('node:path')

const SUPPORTED =
  'Linux (glibc >= 2.17 or musl), macOS and Windows, each on x64 and arm64, Node.js >= 20.3'
const PREBUILT = [
  ...['linux-x64-gnu', 'linux-x64-musl', 'linux-arm64-gnu', 'linux-arm64-musl'],
  ...['darwin-x64', 'darwin-arm64', 'win32-x64-msvc', 'win32-arm64-msvc'],
]
const BUILD =
  'build it from the repository (npm run build:native) and name the file in FAPILOG_NATIVE_PATH.'

const { platform, arch, env } = process
const libc = platform === 'linux' ? (isMusl() ? 'musl' : 'gnu') : platform === 'win32' ? 'msvc' : ''
const triple = [platform, arch, libc].filter(Boolean).join('-')
const tried = []

module.exports = load()

function load() {
  if (env.FAPILOG_NATIVE_PATH) return attempt(resolve(env.FAPILOG_NATIVE_PATH)) ?? fail()
  return besideThis() ?? requirePackage() ?? fail()
}

function besideThis() {
  if (typeof __dirname !== 'string') return undefined // bundled as ESM
  return attempt(join(__dirname, `fapilog.${triple}.node`))
}

function attempt(file) {
  try {
    if (existsSync(file)) return require(file) // the stat spares installed packages a failing resolution
    throw new Error('no such file')
  } catch (error) {
    tried.push({ what: file, error })
  }
}

// Literal names and a lexical `try`, so that file tracers (@vercel/nft) find the package and
// bundlers accept that seven of the eight are absent.
function requirePackage() {
  try {
    if (triple === 'linux-x64-gnu') return require('@fapilog/binding-linux-x64-gnu')
    if (triple === 'linux-x64-musl') return require('@fapilog/binding-linux-x64-musl')
    if (triple === 'linux-arm64-gnu') return require('@fapilog/binding-linux-arm64-gnu')
    if (triple === 'linux-arm64-musl') return require('@fapilog/binding-linux-arm64-musl')
    if (triple === 'darwin-x64') return require('@fapilog/binding-darwin-x64')
    if (triple === 'darwin-arm64') return require('@fapilog/binding-darwin-arm64')
    if (triple === 'win32-x64-msvc') return require('@fapilog/binding-win32-x64-msvc')
    if (triple === 'win32-arm64-msvc') return require('@fapilog/binding-win32-arm64-msvc')
    throw new Error('no prebuilt binary exists for this platform')
  } catch (error) {
    tried.push({ what: `@fapilog/binding-${triple}`, error })
  }
}

// One stat answers on glibc systems, two on musl systems. Only where both loaders are installed
// (Debian with the musl package, Alpine with gcompat) is the slow process report asked.
function isMusl() {
  const name = arch === 'arm64' ? 'aarch64' : 'x86_64'
  if (!existsSync(`/lib/ld-musl-${name}.so.1`)) return false
  const glibc = arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2'
  if (!existsSync(glibc)) return true
  const { report } = process
  const { excludeNetwork } = report
  report.excludeNetwork = true // otherwise every open socket is resolved by name
  try {
    return !report.getReport().header.glibcVersionRuntime
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

function fail() {
  const host = [platform, arch, { gnu: 'glibc', musl: 'musl' }[libc]].filter(Boolean).join(' ')
  const attempts = tried.map(({ what, error }) => `  ${what}: ${error.message.split('\n')[0]}`)
  const error = new Error(
    `fapilog could not load its native addon on ${host}, ${runtime()}. Tried:\n` +
      `${attempts.join('\n')}\n${remedy()}\nSupported: ${SUPPORTED}.`,
    { cause: tried.at(-1).error },
  )
  error.code = 'FAPILOG_NATIVE_MISSING'
  throw error
}

function remedy() {
  const said = tried.map(({ error }) => error.message).join('\n')
  if (/\bffi access\b/.test(said)) return 'Deno forbids native addons: start deno with --allow-ffi.'
  if (tried.some(({ error }) => error.code === 'ERR_DLOPEN_DISABLED'))
    return process.permission === undefined
      ? 'The option --no-addons forbids native addons: start node without it.'
      : 'The permission model forbids native addons: start node with --allow-addons.'
  if (env.FAPILOG_NATIVE_PATH)
    return 'Correct or unset FAPILOG_NATIVE_PATH: while it is set nothing else is tried.'
  if (!PREBUILT.includes(triple)) return `No prebuilt addon exists for this platform: ${BUILD}`
  if (tried.some(({ error }) => error instanceof ReferenceError))
    return 'A bundler has put fapilog into an ES module, which has no `require`: keep fapilog external (docs/bundlers.md).'
  const napi = Number(process.versions.napi)
  if (napi < 9)
    return `This runtime has Node-API ${napi}, fapilog needs 9: upgrade to Node.js 20.3 or newer.`
  const glibc = /version [`']GLIBC_([\d.]+)' not found/.exec(said)
  if (glibc !== null)
    return `The addon needs glibc ${glibc[1]}, this system has an older one: use a newer system, or ${BUILD}`
  const others = foreign()
  if (others.length > 0)
    return (
      `node_modules was installed for another platform (it holds ${others.join(', ')}): run npm ci on the machine ` +
      'or image that runs the program, instead of copying node_modules there.'
    )
  return (
    'Install again without --omit=optional (--no-optional) on the machine or image that runs the ' +
    `program, or add the package by name: npm i @fapilog/binding-${triple}. If an old npm made the ` +
    'lockfile on another platform, delete it and node_modules first. `npm rebuild` is not needed.'
  )
}

/** Platform packages that are installed though they are not for this platform. */
function foreign() {
  const folders = module.paths ?? [] // a bundler's module has none
  return PREBUILT.filter((other) => other !== triple)
    .map((other) => `@fapilog/binding-${other}`)
    .filter((name) => folders.some((folder) => existsSync(join(folder, name))))
}

function runtime() {
  const { bun, deno } = process.versions
  if (bun) return `Bun ${bun}`
  return deno ? `Deno ${deno}` : `Node.js ${process.version}`
}
