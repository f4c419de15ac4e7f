'use strict'
// Finds and loads the native addon for this platform: FAPILOG_NATIVE_PATH, then the file a local
// build leaves beside this one, then the platform package of optionalDependencies.

const { existsSync } = require('node:fs')
const { join, resolve } = require('node:path')

const SUPPORTED =
  'Linux (glibc >= 2.17 or musl), macOS and Windows, each on x64 and arm64, Node.js >= 20.3'
const PREBUILT = /^(linux-(x64|arm64)-(gnu|musl)|darwin-(x64|arm64)|win32-(x64|arm64)-msvc)$/

const { platform, arch, env } = process
const libc = platform === 'linux' ? (isMusl() ? 'musl' : 'gnu') : platform === 'win32' ? 'msvc' : ''
const triple = [platform, arch, libc].filter(Boolean).join('-')
const tried = []

module.exports = load()

function load() {
  if (env.FAPILOG_NATIVE_PATH) return attempt(resolve(env.FAPILOG_NATIVE_PATH)) ?? fail()
  const file = join(__dirname, `fapilog.${triple}.node`)
  return attempt(file) ?? requirePackage() ?? fail()
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
  const napi = Number(process.versions.napi)
  let remedy =
    'Install again without --omit=optional (--no-optional) on the machine or image that runs the ' +
    `program, or add the package by name: npm i @fapilog/binding-${triple}. If an old npm made the ` +
    'lockfile on another platform, delete it and node_modules first. `npm rebuild` is not needed.'
  if (tried.some(({ error }) => error.code === 'ERR_DLOPEN_DISABLED'))
    remedy = 'The permission model forbids native addons: start node with --allow-addons.'
  else if (env.FAPILOG_NATIVE_PATH)
    remedy = 'Correct or unset FAPILOG_NATIVE_PATH: while it is set nothing else is tried.'
  else if (!PREBUILT.test(triple))
    remedy =
      'No prebuilt addon exists for this platform: build it from the repository (npm run build:native) ' +
      'and name the file in FAPILOG_NATIVE_PATH.'
  else if (napi < 9)
    remedy = `This Node.js has Node-API ${napi}, fapilog needs 9: upgrade to Node.js 20.3 or newer.`
  const host = [platform, arch, { gnu: 'glibc', musl: 'musl' }[libc]].filter(Boolean).join(' ')
  const attempts = tried.map(({ what, error }) => `  ${what}: ${error.message.split('\n')[0]}`)
  const error = new Error(
    `fapilog could not load its native addon on ${host}, Node.js ${process.version}. Tried:\n` +
      `${attempts.join('\n')}\n${remedy}\nSupported: ${SUPPORTED}.`,
    { cause: tried.at(-1).error },
  )
  error.code = 'FAPILOG_NATIVE_MISSING'
  throw error
}
