/** Where the benchmarked build of fapilog is, and how to load it. */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The package's entry: the built one in the repository, or the one that `BENCH_ENTRY` names. */
export const entry = resolve(process.env.BENCH_ENTRY ?? `${root}dist/index.mjs`)

export const isBuilt = () => existsSync(entry)

export const missing = `fapilog is not built: ${entry} does not exist (npm run build, release mode, makes it)`

/** @returns {Promise<{ createLogger: (options: object) => any }>} */
export const load = async () => {
  if (!isBuilt()) throw new Error(missing)
  return import(pathToFileURL(entry).href)
}

/** The drop-in for pino of the same build. @returns {Promise<{ default: (options: object) => any }>} */
export const loadDropIn = () => import(new URL('pino.mjs', pathToFileURL(entry)).href)

/**
 * The settings of every fapilog measurement. A full ring makes the call wait, so nothing is dropped and what
 * the logger cannot keep up with costs it time.
 *
 * @param {string} path the log file
 * @param {object} [options] more settings
 */
export const settings = (path, options) => ({
  name: 'bench',
  level: 'INFO',
  format: 'pino',
  sinks: [{ type: 'file', path }],
  queue: { ringBytes: '8 MB', overflow: 'block', blockTimeoutMs: 60_000 },
  ...options,
})
