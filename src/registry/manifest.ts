// What a package says about the plugin in it: the `fapilog` field of its package.json.

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import type { PluginKind } from 'fapilog'
import { problemText } from '../errors.js'
import { loadChecker } from '../load-checker.js'
import { satisfies } from './range.js'
import type { SettingsSchema } from './schema-check.js'

/** The keyword that packages with plugins have. */
export const PLUGIN_KEYWORD = 'fapilog-plugin'

/** What is known of a plugin before it is loaded. */
export interface PluginMetadata {
  /** Name of the package, by which it is loaded. */
  readonly name: string
  /** Version of the package. */
  readonly version: string
  /** What the package says about itself. */
  readonly description?: string
  /** What kind of plugin it is. */
  readonly kind: PluginKind
  /** The module that is loaded: an absolute path within the package. */
  readonly entry: string
  /** Version of the plugin contracts that it was written for. */
  readonly apiVersion: string
  /** The versions of fapilog that it works with. */
  readonly fapilog: string
  /** JSON schema of its settings. */
  readonly settings?: SettingsSchema
  /** Folder of the package. */
  readonly folder: string
}

type Json = Readonly<Record<string, unknown>>

/** A package that is a plugin, with what is wrong with it: first what nothing excuses, then versions that do not fit. */
export interface Reading {
  /** Name of the package. */
  readonly name: string
  /** What it says, when that can be read. */
  readonly metadata?: PluginMetadata
  /** Why it is no usable plugin. */
  readonly problems: readonly string[]
  /** Versions of fapilog or of the contracts that do not fit. */
  readonly mismatches: readonly string[]
}

/** Versions that plugins have to fit. */
export interface Host {
  readonly fapilog: string
  readonly supports: (apiVersion: string) => boolean
  readonly apiVersion: string
}

/** A package.json that has been checked. */
interface Manifest {
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly fapilog: {
    readonly kind: PluginKind
    readonly entry: string
    readonly apiVersion: string
    readonly fapilog: string
    readonly settings?: SettingsSchema
  }
}

/** Reads a package.json; undefined for a package that is no plugin. */
export function readManifest(path: string, host: Host): Reading | undefined {
  let manifest: unknown
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return { name: path, problems: [`cannot be read: ${(error as Error).message}`], mismatches: [] }
  }
  const { name = path, keywords, fapilog } = (manifest ?? {}) as Json
  if (!Array.isArray(keywords) || !keywords.includes(PLUGIN_KEYWORD)) return undefined
  const who = String(name)
  if (fapilog === undefined || fapilog === null) {
    const lacks = 'its package.json has no field "fapilog": { kind, entry, apiVersion, fapilog }'
    return { name: who, problems: [lacks], mismatches: [] }
  }
  const wrong = loadChecker().checkManifest(manifest)
  const field = fapilog as Partial<Manifest['fapilog']>
  const problems = wrong.map(problemText)
  const isWrong = (at: string) => wrong.some(({ path: one }) => one === at)
  const is = (key: string) => !isWrong('fapilog') && !isWrong(`fapilog.${key}`)
  if (is('fapilog') && satisfies(host.fapilog, String(field.fapilog)) === undefined)
    problems.push(
      `fapilog.fapilog is ${JSON.stringify(field.fapilog)}: expected a range of versions such as "^3"`,
    )
  const folder = dirname(path)
  const module = is('entry') ? entryWithin(folder, String(field.entry)) : ''
  if (typeof module !== 'string') problems.push(module.problem)
  if (problems.length > 0 || typeof module !== 'string')
    return { name: who, problems, mismatches: [] }
  const sound = manifest as Manifest
  const { version, description } = sound
  const { kind, apiVersion, fapilog: range, settings } = sound.fapilog
  return {
    name: who,
    metadata: {
      name: who,
      version,
      ...(description === undefined ? {} : { description }),
      kind,
      entry: module,
      apiVersion,
      fapilog: range,
      ...(settings === undefined ? {} : { settings }),
      folder,
    },
    problems,
    mismatches: mismatches(who, sound, host),
  }
}

function mismatches(name: string, { fapilog }: Manifest, host: Host): string[] {
  const found: string[] = []
  if (!host.supports(fapilog.apiVersion))
    found.push(
      `it is written for version ${fapilog.apiVersion} of the plugin contracts, this fapilog has ${host.apiVersion}: install a version of one of the two that fits`,
    )
  if (satisfies(host.fapilog, fapilog.fapilog) === false)
    found.push(
      `it needs fapilog ${fapilog.fapilog}, here is ${host.fapilog}: run \`npm install ${name}@latest\`, or install a fapilog that it names`,
    )
  return found
}

/** The path of an entry, which lies within the package, links followed. */
function entryWithin(folder: string, entry: string): string | { readonly problem: string } {
  const path = join(folder, entry)
  if (isAbsolute(entry) || outside(folder, path))
    return { problem: `fapilog.entry leads out of the package: ${entry}` }
  if (!existsSync(path) || !statSync(path).isFile())
    return { problem: `fapilog.entry is no file: ${entry}; is the package built?` }
  if (outside(realpathSync(folder), realpathSync(path)))
    return { problem: `fapilog.entry leads out of the package: ${entry}` }
  return path
}

function outside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)
}
