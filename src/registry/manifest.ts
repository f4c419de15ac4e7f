// What a package says about the plugin in it: the `fapilog` field of its package.json.

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import type { PluginKind } from 'fapilog'
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

const KINDS: readonly unknown[] = ['enricher', 'filter', 'redactor', 'processor', 'sink']

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

/** Reads a package.json; undefined for a package that is no plugin. */
export function readManifest(path: string, host: Host): Reading | undefined {
  let manifest: Json
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8')) as Json
  } catch (error) {
    return { name: path, problems: [`cannot be read: ${(error as Error).message}`], mismatches: [] }
  }
  const { name, version, description, keywords } = manifest
  if (!Array.isArray(keywords) || !keywords.includes(PLUGIN_KEYWORD)) return undefined
  const problems: string[] = []
  const mismatches: string[] = []
  const field = manifest['fapilog']
  if (typeof field !== 'object' || field === null) {
    const lacks = 'its package.json has no field "fapilog": { kind, entry, apiVersion, fapilog }'
    return { name: String(name), problems: [lacks], mismatches }
  }
  const { kind, entry, apiVersion, fapilog, settings } = field as Json
  if (!KINDS.includes(kind)) problems.push(`fapilog.kind is one of ${KINDS.join(', ')}`)
  if (typeof version !== 'string') problems.push('version is missing')
  if (typeof apiVersion !== 'string' || !/^\d+\.\d+$/.test(apiVersion))
    problems.push(`fapilog.apiVersion is a text such as "${host.apiVersion}"`)
  else if (!host.supports(apiVersion))
    mismatches.push(
      `it is written for version ${apiVersion} of the plugin contracts, this fapilog has ${host.apiVersion}: install a version of one of the two that fits`,
    )
  const fits = typeof fapilog === 'string' ? satisfies(host.fapilog, fapilog) : undefined
  if (fits === undefined) problems.push('fapilog.fapilog is a range of versions such as "^3"')
  else if (!fits)
    mismatches.push(
      `it needs fapilog ${String(fapilog)}, here is ${host.fapilog}: run \`npm install ${String(name)}@latest\`, or install a fapilog that it names`,
    )
  if (settings !== undefined && (typeof settings !== 'object' || settings === null))
    problems.push('fapilog.settings is a JSON schema')
  const folder = dirname(path)
  const module = entryWithin(folder, entry)
  if (typeof module !== 'string') problems.push(module.problem)
  if (problems.length > 0) return { name: String(name), problems, mismatches }
  return {
    name: String(name),
    metadata: {
      name: String(name),
      version: String(version),
      ...(typeof description === 'string' ? { description } : {}),
      kind: kind as PluginKind,
      entry: module as string,
      apiVersion: apiVersion as string,
      fapilog: fapilog as string,
      ...(settings === undefined ? {} : { settings: settings as SettingsSchema }),
      folder,
    },
    problems,
    mismatches,
  }
}

/** The path of an entry, which lies within the package, links followed. */
function entryWithin(folder: string, entry: unknown): string | { readonly problem: string } {
  if (typeof entry !== 'string' || entry === '')
    return { problem: 'fapilog.entry is a path within the package, such as "./index.js"' }
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
