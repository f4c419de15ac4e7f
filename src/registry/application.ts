// Where the packages of an application are, as the resolver of Node.js sees it: npm, pnpm and Yarn's Plug'n'Play alike.

import { existsSync, readFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
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
  return [...new Set(names)].flatMap((name) => manifestOf(root, require, name) ?? [])
}

function manifestOf(root: string, require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(`${name}/package.json`)
  } catch {
    // A package that does not export its package.json: it is in one of the folders that the resolver asks.
    const folders = (require.resolve.paths(name) ?? []).map((folder) => join(folder, name))
    const candidates = [...folders, ...plugAndPlay(root, name)]
    return candidates.map((one) => join(one, 'package.json')).find((path) => existsSync(path))
  }
}

/** What Yarn's Plug'n'Play adds to `node:module`. */
interface PlugAndPlay {
  findPnpApi?(path: string): { resolveToUnqualified(name: string, from: string): string | null }
}

/** The folder of a package where Yarn keeps packages in archives and no folder is searched; none elsewhere. */
function plugAndPlay(root: string, name: string): readonly string[] {
  try {
    const pnp = (Module as PlugAndPlay).findPnpApi?.(root)
    const folder = pnp?.resolveToUnqualified(name, join(root, '/'))
    return folder === undefined || folder === null ? [] : [folder]
  } catch {
    return []
  }
}
