// What can be seen of a logger from outside, so that two loggers can be told apart by what they do.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger, type Logger, type LoggerOptions } from 'fapilog'
import type { Envelope } from './capture.ts'

export type Options = Readonly<Record<string, unknown>>

/** Uses a logger with these options and says what was seen. */
export type Experiment = (options: Options) => unknown

/** Options within options; lists item by item. */
export function merged(under: unknown, over: unknown): unknown {
  if (over === undefined) return undefined
  if (Array.isArray(under) && Array.isArray(over))
    return Array.from({ length: Math.max(under.length, over.length) }, (_, i) =>
      i in over ? merged(under[i], over[i]) : under[i],
    )
  if (!isObject(under) || !isObject(over)) return over
  const entries = Object.entries(over).map(([key, value]) => [key, merged(under[key], value)])
  return { ...under, ...Object.fromEntries(entries) }
}

const isObject = (value: unknown): value is Options =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Where the value of a setting goes. */
export const HERE = Symbol('the setting')

/** Options with a value where `shape` has `HERE`; of the rest of `shape` only what the options lack. */
export function placed(options: unknown, shape: unknown, value: unknown): unknown {
  if (shape === HERE) return value
  if (Array.isArray(shape)) {
    const given = Array.isArray(options) ? options : []
    return [...shape.map((one, i) => placed(given[i], one, value)), ...given.slice(shape.length)]
  }
  if (!isObject(shape)) return options ?? shape
  const given = isObject(options) ? options : {}
  const entries = Object.entries(shape).map(([key, one]) => [key, placed(given[key], one, value)])
  return { ...given, ...Object.fromEntries(entries) }
}

type Use = (log: Logger) => unknown

/** What `see` gives back of a logger, which is closed afterwards. */
export const logger =
  (see: Use): Experiment =>
  async (options) => {
    const log = createLogger(options as LoggerOptions)
    try {
      return await see(log)
    } finally {
      await log.close()
    }
  }

/** The lines that a use of a logger leaves in memory. */
export const lines = (use: Use, sink?: string) =>
  logger(async (log) => {
    await use(log)
    await log.flush()
    return log.takeLines(sink)
  })

/** What a use of a logger leaves in memory, of every event what `of` picks. */
export const events =
  (
    use: Use,
    of: (event: Envelope) => unknown = ({ message }) => message,
    sink?: string,
  ): Experiment =>
  async (options) =>
    ((await lines(use, sink)(options)) as string[]).map((line) => of(JSON.parse(line) as Envelope))

/** A folder that is there while `see` looks. */
export function inFolder(see: (folder: string) => Experiment): Experiment {
  return async (options) => {
    const folder = mkdtempSync(join(tmpdir(), 'fapilog-effects-'))
    try {
      const text = JSON.stringify(options)
      // Functions are not for files; nothing here needs both.
      return await see(folder)(JSON.parse(text.replaceAll('FOLDER', folder)) as Options)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** How a process is started: nothing special, or with a destination that takes nothing. */
export type Surroundings = 'plain' | 'full stdout' | 'full stderr' | 'full disk' | 'deaf stdout'

const SHELL: Readonly<Record<Surroundings, string>> = {
  plain: 'exec "$0" "$@"',
  'full stdout': 'exec "$0" "$@" > /dev/full',
  'full stderr': 'exec "$0" "$@" 2> /dev/full',
  'full disk': 'ulimit -f 0; exec "$0" "$@"',
  'deaf stdout': 'exec "$0" "$@"',
}

/**
 * What a program tells with `tell(value)`, which has made a logger `log` with the options. When it tells nothing: its
 * output and how it ended.
 */
export function child(program: string, around: Surroundings = 'plain', env = {}): Experiment {
  const code = `
    import { writeSync } from 'node:fs'
    import { createLogger } from 'fapilog'
    const tell = (value) => writeSync(3, JSON.stringify(value))
    const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0)
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    const log = createLogger(JSON.parse(process.env.EFFECT_OPTIONS))
    ${program}`
  return (options) =>
    new Promise((resolve, reject) => {
      const command = ['-c', SHELL[around], process.execPath, '--input-type=module', '-e', code]
      const running = spawn('sh', command, {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        env: { ...process.env, ...env, EFFECT_OPTIONS: JSON.stringify(options) },
        timeout: 30_000,
        killSignal: 'SIGKILL',
      })
      const texts = ['', '', '']
      for (const [i, stream] of running.stdio.slice(1).entries()) {
        if (i === 0 && around === 'deaf stdout') continue
        stream?.on('data', (chunk) => {
          texts[i] += String(chunk)
        })
      }
      running.on('error', reject)
      running.on('exit', () => running.stdout?.resume())
      running.on('close', (exitCode) => {
        const [out, error, answer] = texts
        if (answer !== '' && answer !== undefined) resolve(JSON.parse(answer))
        else if (exitCode !== 0 && exitCode !== null) reject(new Error(`${exitCode}: ${error}`))
        else resolve({ out, error })
      })
    })
}
