// Settings in a file: JSON, read when the logger is made.

import { readFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import type { ConfigurationProblem } from '../errors.js'

/** What a file says, or why it cannot be used. */
export type FromFile =
  | { readonly path: string; readonly settings: Record<string, unknown> }
  | { readonly path: string; readonly problem: ConfigurationProblem }

/** Settings that name the file itself, and so have no place in it. */
const OUTSIDE = ['configFile', 'watchConfig']

/** Reads a file of settings. Relative paths start at the working directory. */
export function readFile(given: string): FromFile {
  const path = resolve(given)
  const refused = (value: unknown, expected: string, at = 'configFile') => ({
    path,
    problem: { path: at, value, expected, ...(at === 'configFile' ? {} : { source: path }) },
  })
  if (/^\.[cm]?[jt]s$/.test(extname(path)))
    return refused(given, 'a JSON file; import other files and pass what they export')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return refused(given, `a file that can be read (${(error as Error).message})`)
  }
  let settings: unknown
  try {
    // Windows editors put a byte order mark first.
    settings = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return refused(given, `a file of JSON (${(error as Error).message})`)
  }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
    return refused(given, 'a file that holds an object of settings')
  const { $schema, ...rest } = settings as Record<string, unknown>
  const misplaced = OUTSIDE.find((key) => key in rest)
  if (misplaced !== undefined)
    return refused(rest[misplaced], 'to be given in code or in the environment', misplaced)
  return { path, settings: rest }
}
