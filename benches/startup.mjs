/**
 * What a fresh process pays until it has a logger: time of the import, time of the first `createLogger` without and
 * with options, memory; how big the native binary is; and, beside others, when the first line of a cold process comes out:
 *
 *   node benches/startup.mjs [--rounds 15] [--against another/dist/index.mjs]
 *
 * `--against` measures a second build of fapilog, turn by turn with this one.
 */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { entry, isBuilt, missing, root } from './lib/fapilog.mjs'
import { summary } from './lib/stats.mjs'
import { show, verdict } from './lib/targets.mjs'

const FIRST_LINE_MS = 60

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
  const [, url, options] = process.argv
  const start = process.hrtime.bigint()
  const { createLogger } = await import(url)
  const imported = process.hrtime.bigint()
  let created = imported
  if (options !== undefined) {
    createLogger(...JSON.parse(options))
    created = process.hrtime.bigint()
  }
  const { heapUsed, rss } = process.memoryUsage()
  const importMs = Number(imported - start) / 1e6
  process.stdout.write(JSON.stringify({ importMs, createMs: Number(created - imported) / 1e6, heapUsed, rss }))
`

/** One fresh process; with `options`, the arguments of `createLogger`, it makes a logger too. */
const start = (url, options) =>
  JSON.parse(
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        script,
        url,
        ...(options === undefined ? [] : [JSON.stringify(options)]),
      ],
      { encoding: 'utf8' },
    ),
  )

const IMPORT = `import { createLogger } from ${JSON.stringify(pathToFileURL(entry).href)}\n`

/** The first line of a program: as short as it gets, to standard output. */
const FIRST_LINES = {
  'console.log': () => "console.log('started')",
  fapilog: () => `${IMPORT}createLogger().info('started')`,
  'fapilog, options': () => `${IMPORT}createLogger({ name: 'app', level: 'INFO' }).info('started')`,
  pino: (here) =>
    `import pino from ${JSON.stringify(pathToFileURL(here.resolve('pino')).href)}\npino().info('started')`,
  winston: (here) =>
    `import winston from ${JSON.stringify(pathToFileURL(here.resolve('winston')).href)}\nwinston.createLogger({ transports: [new winston.transports.Console()] }).info('started')`,
}

/** Milliseconds from the start of `node` until the first line has arrived. */
const firstLine = async (file) => {
  const started = performance.now()
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const ms = performance.now() - started
  if (!String(line).includes('started')) throw new Error(`${file}: ${line}`)
  if (child.exitCode === null) await once(child, 'exit')
  return ms
}

/** Several cold processes of each, in turns. */
export const measureFirstLine = async (rounds) => {
  const here = createRequire(import.meta.url)
  const folder = mkdtempSync(join(tmpdir(), 'fapilog-first-line-'))
  const times = {}
  for (const [name, program] of Object.entries(FIRST_LINES)) {
    writeFileSync(join(folder, `${name}.mjs`), program(here))
    await firstLine(join(folder, `${name}.mjs`)) // the first one reads from disk
    times[name] = []
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, list] of Object.entries(times))
      list.push(await firstLine(join(folder, `${name}.mjs`)))
  }
  rmSync(folder, { recursive: true })
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, summary(list)]))
}

/** What is measured of a build of fapilog after its import: arguments of `createLogger`. */
const CREATED = { 'no options': [], options: [{ name: 'app', level: 'INFO', sinks: ['stdout'] }] }

/** Medians of several fresh processes of each build, in turns. */
const measureFirstLogger = (urls, rounds) => {
  const found = {}
  for (let round = 0; round < rounds; round++) {
    for (const [build, url] of Object.entries(urls)) {
      for (const [what, options] of Object.entries(CREATED)) {
        found[build] ??= {}
        found[build][what] ??= { createMs: [], heapUsed: [], rss: [] }
        const row = found[build][what]
        const one = start(url, options)
        for (const key of Object.keys(row)) row[key].push(one[key])
      }
    }
  }
  for (const rows of Object.values(found)) {
    for (const row of Object.values(rows)) {
      for (const key of Object.keys(row)) row[key] = summary(row[key])
    }
  }
  return found
}

/** @param {{ rounds?: number, against?: string }} [options] */
export const measureStartup = ({ rounds = 15, against } = {}) => {
  const here = createRequire(import.meta.url)
  const packages = {}
  for (const name of ['pino', 'winston']) packages[name] = pathToFileURL(here.resolve(name)).href
  const builds = {}
  if (isBuilt()) builds.fapilog = pathToFileURL(entry).href
  if (against !== undefined) builds.against = pathToFileURL(resolve(against)).href
  Object.assign(packages, builds)
  const times = Object.fromEntries(Object.keys(packages).map((name) => [name, []]))
  for (const url of Object.values(packages)) start(url) // the first one reads from disk
  for (let round = 0; round < rounds; round++) {
    for (const [name, url] of Object.entries(packages)) times[name].push(start(url).importMs)
  }
  const found = existsSync(root) ? binaries() : []
  return {
    importMs: Object.fromEntries(
      Object.entries(times).map(([name, list]) => [name, summary(list)]),
    ),
    firstLogger: measureFirstLogger(builds, rounds),
    binaries: found.map((path) => ({
      path: relative(root, path),
      bytes: statSync(path).size,
      stripped: isStripped(path),
    })),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '15' }, against: { type: 'string' } },
  })
  if (!isBuilt()) console.error(missing)
  const {
    importMs: times,
    firstLogger,
    binaries: found,
  } = measureStartup({ rounds: Number(values.rounds), against: values.against })
  for (const [name, s] of Object.entries(times)) {
    console.log(
      `import ${name.padEnd(10)} ${s.median.toFixed(1)} ms  [${s.min.toFixed(1)}..${s.max.toFixed(1)}]`,
    )
  }
  for (const [build, rows] of Object.entries(firstLogger)) {
    for (const [what, { createMs, heapUsed, rss }] of Object.entries(rows)) {
      console.log(
        `first logger of ${build}, ${what}: ${createMs.median.toFixed(2)} ms  [${createMs.min.toFixed(2)}..${createMs.max.toFixed(2)}]  heap ${(heapUsed.median / 1e6).toFixed(2)} MB  rss ${(rss.median / 1e6).toFixed(1)} MB`,
      )
    }
  }
  for (const { path, bytes, stripped } of found) {
    const state = stripped === null ? '' : stripped ? ', stripped' : ', NOT stripped'
    console.log(`binary ${path}  ${(bytes / 1e6).toFixed(2)} MB${state}`)
  }
  if (found.length === 0) console.log('binary: none found')
  const lines = await measureFirstLine(Number(values.rounds))
  for (const [name, s] of Object.entries(lines)) {
    console.log(
      `first line of ${name.padEnd(16)} ${s.median.toFixed(1)} ms after node starts  [${s.min.toFixed(1)}..${s.max.toFixed(1)}]`,
    )
  }
  const own = lines.fapilog.median
  const detail = `${own.toFixed(1)} ms, pino ${lines.pino.median.toFixed(1)} ms`
  show([
    verdict(`first line of a cold process: < ${FIRST_LINE_MS} ms`, own < FIRST_LINE_MS, detail),
  ])
}
