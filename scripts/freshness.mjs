// Answers what has to be installed or built before the package can run: each question compares the
// inputs of one product with the product.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './stage.mjs'

/** The addon file that `native/binding.cjs` looks for on this machine. */
export function addonFile() {
  const { platform, arch } = process
  const glibc = platform === 'linux' && process.report.getReport().header.glibcVersionRuntime
  const libc = { linux: glibc ? '-gnu' : '-musl', win32: '-msvc' }[platform] ?? ''
  return `native/fapilog.${platform}-${arch}${libc}.node`
}

/** True unless the node_modules of a folder hold every package of its lockfile in the locked version. */
export function needsInstall(folder = '.') {
  const installed = readLock(`${folder}/node_modules/.package-lock.json`)
  const locked = readLock(`${folder}/package-lock.json`)
  return Object.entries(locked).some(([path, { version, optional }]) => {
    if (path === '' || (optional && !installed[path])) return false
    return installed[path]?.version !== version
  })
}

export function needsAddon() {
  const sources = ['crates/core', 'crates/ring', 'crates/binding', 'Cargo.toml', 'Cargo.lock']
  return isOlder(addonFile(), sources)
}

/** What `scripts/build-ts.mjs` makes. */
export const PRODUCTS = [
  'dist/index.mjs',
  'dist/index.cjs',
  'dist/settings.cjs',
  'dist/cli/main.mjs',
  'dist/frameworks/express.mjs',
  'dist/frameworks/express.cjs',
  'dist/pino.mjs',
  'dist/pino.cjs',
  'dist/plugins.mjs',
  'dist/plugins.cjs',
  'dist/frameworks/fastify.mjs',
  'dist/frameworks/fastify.cjs',
  'dist/frameworks/hono.mjs',
  'dist/frameworks/hono.cjs',
  'dist/frameworks/koa.mjs',
  'dist/frameworks/koa.cjs',
  'dist/frameworks/nestjs.mjs',
  'dist/frameworks/nestjs.cjs',
  'dist/testing.mjs',
  'dist/bridges.mjs',
  'dist/bridges.cjs',
  'dist/testing.cjs',
  'index.d.ts',
  'index.d.cts',
  'testing.d.ts',
  'bridges.d.ts',
  'bridges.d.cts',
  'testing.d.cts',
]

export function needsDist() {
  const sources = ['src', 'package.json', 'package-lock.json', 'tsdown.config.ts']
  return PRODUCTS.some((product) => isOlder(product, sources))
}

function readLock(file) {
  const path = join(root, file)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {}
}

function isOlder(product, sources) {
  const path = join(root, product)
  if (!existsSync(path)) return true
  const builtAt = statSync(path).mtimeMs
  return sources.some((source) => newest(join(root, source)) > builtAt)
}

// tests, benches and fuzz targets are not part of what is built
const SKIPPED = new Set(['tests', 'benches', 'fuzz', 'target', 'node_modules'])

function newest(path) {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path)
    .filter((name) => !SKIPPED.has(name))
    .reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0)
}
