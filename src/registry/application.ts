// Where the packages of an application are, as the resolver of Node.js sees it: npm, pnpm and Yarn's Plug'n'Play alike.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { PluginError } from 'fapilog'

const FIELDS = ['dependencies', 'optionalDependencies', 'devDependencies'] as const

/** Folder of the nearest package.json, from a folder upwards. @throws {PluginError} when there is none */
export function applicationRoot(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (dirname(folder) === folder)
      throw new PluginError(
        `no package.json in ${resolve(from)} or above: give the folder of the application as \`from\``,
      )
  }
}

/** Paths of the package.json of each direct dependency that is installed, in the order of the application's own. */
export function dependencies(root: string): readonly string[] {
  const path = join(root, 'package.json')
  let manifest: Readonly<Record<string, Readonly<Record<string, string>> | undefined>>
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new PluginError(`${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  const names = FIELDS.flatMap((field) => Object.keys(manifest[field] ?? {}))
  const require = createRequire(path)
  return [...new Set(names)].flatMap((name) => manifestOf(require, name) ?? [])
}

function manifestOf(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(`${name}/package.json`)
  } catch {
    // A package that does not export its package.json: it is in one of the folders that the resolver asks.
    const folders = require.resolve.paths(name) ?? []
    return folders.map((one) => join(one, name, 'package.json')).find((path) => existsSync(path))
  }
}
