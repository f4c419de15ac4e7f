// Packs packages and installs the tarballs elsewhere, without a registry.

import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Packs a folder of this repository, or any; the path of the tarball. */
export async function pack(source: string, into: string): Promise<string> {
  mkdirSync(into, { recursive: true })
  const command = ['pack', '--json', '--ignore-scripts', '--pack-destination', into]
  const { stdout } = await run('npm', command, { cwd: resolve(ROOT, source) })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  return join(into, filename)
}

/** Installs tarballs in a folder, whose package.json stays as it is with `--no-save`. */
export async function install(
  folder: string,
  tarballs: readonly string[],
  ...more: readonly string[]
): Promise<void> {
  const how = ['--offline', '--no-audit', '--no-fund', '--omit=optional', ...more]
  await run('npm', ['install', ...how, ...tarballs], { cwd: folder })
}

/** Runs a program where the packed fapilog finds the addon that is tested. */
export function runInstalled(
  folder: string,
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; stderr: string }> {
  const addon = process.env['FAPILOG_NATIVE_PATH'] ?? loadedAddon()
  const env = { ...process.env, ...variables, FAPILOG_NATIVE_PATH: addon }
  return run(program, args, { cwd: folder, env })
}

/** The addon of this process, which has to have imported fapilog. */
function loadedAddon(): string {
  const report = process.report.getReport() as unknown as { sharedObjects: string[] }
  const found = report.sharedObjects.find((file) => /fapilog\..*\.node$/.test(file))
  if (found === undefined) throw new Error('no addon is loaded')
  return found
}
