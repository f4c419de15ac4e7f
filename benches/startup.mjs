/**
 * How long the import of the package takes in a fresh process, and how big its native binary is:
 *
 *   node benches/startup.mjs [--rounds 15]
 */

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { entry, isBuilt, missing, root } from './lib/fapilog.mjs'
import { summary } from './lib/stats.mjs'

const skip = new Set(['node_modules', 'target', 'benches', '.git', 'docs', 'crates', 'src'])

/** Every native binary of the built package. */
const binaries = (dir = root, depth = 3) =>
  readdirSync(dir, { withFileTypes: true }).flatMap((item) => {
    const path = join(dir, item.name)
    if (item.isDirectory())
      return depth > 0 && !skip.has(item.name) ? binaries(path, depth - 1) : []
    return item.name.endsWith('.node') ? [path] : []
  })

/** Whether an ELF file still has a symbol table or debug information; null for other kinds of file. */
const isStripped = (path) => {
  const elf = readFileSync(path)
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2) return null
  const table = Number(elf.readBigUInt64LE(0x28))
  const each = elf.readUInt16LE(0x3a)
  const sections = elf.readUInt16LE(0x3c)
  const symbolTable = 2
  for (let i = 0; i < sections; i++) {
    if (elf.readUInt32LE(table + i * each + 4) === symbolTable) return false
  }
  return true
}

const script = `
  const start = process.hrtime.bigint()
  await import(process.argv[1])
  process.stdout.write(String(Number(process.hrtime.bigint() - start) / 1e6))
`

const importMs = (url) =>
  Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', script, url], {
      encoding: 'utf8',
    }),
  )

/** @param {{ rounds?: number }} [options] */
export const measureStartup = ({ rounds = 15 } = {}) => {
  const here = createRequire(import.meta.url)
  const resolved = (name) => pathToFileURL(here.resolve(name)).href
  const packages = { pino: resolved('pino'), winston: resolved('winston') }
  if (isBuilt()) packages.fapilog = pathToFileURL(entry).href
  const times = Object.fromEntries(Object.keys(packages).map((name) => [name, []]))
  for (const url of Object.values(packages)) importMs(url) // the first one reads from disk
  for (let round = 0; round < rounds; round++) {
    for (const [name, url] of Object.entries(packages)) times[name].push(importMs(url))
  }
  const found = existsSync(root) ? binaries() : []
  return {
    importMs: Object.fromEntries(
      Object.entries(times).map(([name, list]) => [name, summary(list)]),
    ),
    binaries: found.map((path) => ({
      path: relative(root, path),
      bytes: statSync(path).size,
      stripped: isStripped(path),
    })),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } })
  if (!isBuilt()) console.error(missing)
  const { importMs: times, binaries: found } = measureStartup({ rounds: Number(values.rounds) })
  for (const [name, s] of Object.entries(times)) {
    console.log(
      `import ${name.padEnd(10)} ${s.median.toFixed(1)} ms  [${s.min.toFixed(1)}..${s.max.toFixed(1)}]`,
    )
  }
  for (const { path, bytes, stripped } of found) {
    const state = stripped === null ? '' : stripped ? ', stripped' : ', NOT stripped'
    console.log(`binary ${path}  ${(bytes / 1e6).toFixed(2)} MB${state}`)
  }
  if (found.length === 0) console.log('binary: none found')
}
