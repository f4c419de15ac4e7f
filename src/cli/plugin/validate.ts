// Checks the package of a plugin as an application would see it, and the plugin as a logger would.

import { join, resolve } from 'node:path'
import { complain, print } from '../print.js'

/** One thing that is wrong. */
interface Fault {
  /** What it breaks: the `package`, or a rule of `validatePlugin`. */
  readonly rule: string
  readonly message: string
}

/** Checks the package in a folder and prints what is wrong. @returns the exit code */
export async function validatePackage(
  folder: string,
  settings: unknown,
  json: boolean,
): Promise<number> {
  const { name, faults } = await faultsOf(resolve(folder), settings)
  if (json) print(`${JSON.stringify({ name, valid: faults.length === 0, faults })}\n`)
  else if (faults.length === 0)
    print(`${name}: the package fits and the plugin keeps its contract\n`)
  else for (const { rule, message } of faults) complain(`${name}: ${rule}: ${message}`)
  return faults.length === 0 ? 0 : 1
}

async function faultsOf(
  folder: string,
  settings: unknown,
): Promise<{ name: string; faults: readonly Fault[] }> {
  // Loaded here: the other commands need neither plugins nor the addon.
  const { inspectPackage, loadPlugin } = await import('fapilog/plugins')
  const { validatePlugin } = await import('fapilog/testing')
  const found = inspectPackage(join(folder, 'package.json'))
  const wrong = (message: string): Fault => ({ rule: 'package', message })
  if (found === undefined)
    return { name: folder, faults: [wrong('its package.json lacks the keyword fapilog-plugin')] }
  const { name, metadata, problems, mismatches } = found
  const faults = [...problems, ...mismatches].map(wrong)
  if (metadata === undefined || faults.length > 0) return { name, faults }
  try {
    return { name, faults: await validatePlugin(await loadPlugin(metadata, settings)) }
  } catch (error) {
    const message = (error as Error).message.replace(`plugin ${name}: `, '')
    const hint = /^settings\./.test(message) ? ' (give them with --settings)' : ''
    return { name, faults: [wrong(`${message}${hint}`)] }
  }
}
