// Finds plugins among the packages that an application has installed, and loads them.

import { createRequire } from 'node:module'
import { PLUGIN_API_VERSION, type Plugin, PluginError } from 'fapilog'
import { supports } from '../plugins/contracts.js'
import { SINK_TYPES } from '../settings/sink-names.js'
import { applicationRoot, dependencies } from './application.js'
import { loadPlugin } from './load.js'
import { type Host, type PluginMetadata, type Reading, readManifest } from './manifest.js'

/** Options of a {@link PluginRegistry}. */
export interface PluginRegistryOptions {
  /** A folder of the application. @default the working directory */
  readonly from?: string
  /** Names of the only packages that may be loaded. @default all that are found */
  readonly allow?: readonly string[]
  /** Names of packages that may not be loaded; comes before `allow`. @default none */
  readonly deny?: readonly string[]
  /**
   * What becomes of packages with something wrong. `strict`: `discover` throws. `warn`: it leaves them out and emits a
   * process warning each. `off`: it leaves them out, and neither versions nor settings are checked. @default 'warn'
   */
  readonly validation?: 'off' | 'warn' | 'strict'
}

/** A package to load: its name, or its name and settings. */
export type PluginRequest =
  | string
  | {
      /** Name of the package. */
      readonly name: string
      /** What its plugin is made with. */
      readonly settings?: unknown
    }

const own = createRequire(import.meta.url)('fapilog/package.json') as { readonly version: string }

const HOST: Host = {
  fapilog: own.version,
  apiVersion: PLUGIN_API_VERSION,
  supports,
}

/** What a package says of itself, and what is wrong with it; undefined when it is no plugin. @param path of its package.json */
export function inspectPackage(path: string): Reading | undefined {
  return readManifest(path, HOST)
}

/** The plugins among the packages of an application. */
export class PluginRegistry {
  private readonly options: PluginRegistryOptions
  private readonly names = new Map<string, string>()

  /** Looks at nothing yet. @throws {PluginError} for a validation mode that is none */
  constructor(options: PluginRegistryOptions = {}) {
    const { validation = 'warn' } = options
    if (!['off', 'warn', 'strict'].includes(validation))
      throw new PluginError(`validation is off, warn or strict, not ${String(validation)}`)
    this.options = options
  }

  /**
   * All packages with a plugin among the application's direct dependencies, whatever is wrong with them, in the order
   * of its package.json. Runs none of their code.
   *
   * @throws {PluginError} when there is no package.json
   */
  packages(): readonly Reading[] {
    const root = applicationRoot(this.options.from ?? process.cwd())
    return dependencies(root).flatMap((path) => readManifest(path, HOST) ?? [])
  }

  /**
   * The plugins among the application's direct dependencies that may be loaded, in the order of its package.json. Runs
   * none of their code.
   *
   * @throws {PluginError} when there is no package.json; with `validation: 'strict'` when a package has something wrong
   */
  discover(): readonly PluginMetadata[] {
    const { validation = 'warn' } = this.options
    const found: PluginMetadata[] = []
    const wrong: string[] = []
    for (const reading of this.packages()) {
      if (this.forbidden(reading.name) !== undefined) continue
      const problems = this.problemsOf(reading)
      if (problems.length === 0 && reading.metadata !== undefined) found.push(reading.metadata)
      else wrong.push(`plugin ${reading.name}: ${problems.join('; ')}`)
    }
    if (wrong.length > 0 && validation === 'strict') throw new PluginError(wrong.join('\n'))
    if (validation === 'warn')
      for (const text of wrong) process.emitWarning(text, { code: 'FAPILOG_PLUGIN' })
    return found
  }

  /**
   * Loads the plugin of a package: its default export, or what that gives back for `settings` when it is a function.
   *
   * @throws {PluginError} saying what to do: the package is not there, not allowed, does not fit, its settings are
   * wrong, or what it exports is no plugin
   */
  async load(name: string, settings?: unknown): Promise<Plugin> {
    const forbidden = this.forbidden(name)
    if (forbidden !== undefined) throw new PluginError(`plugin ${name} ${forbidden}`)
    const all = this.packages()
    const reading = all.find((one) => one.name === name)
    if (reading === undefined) {
      const known = all.map((one) => one.name).join(', ') || 'none'
      throw new PluginError(
        `plugin ${name} is not among the dependencies of the application: run \`npm install ${name}\`; found are ${known}`,
      )
    }
    const { metadata } = reading
    const problems = this.problemsOf(reading)
    if (problems.length > 0 || metadata === undefined)
      throw new PluginError(`plugin ${name}: ${problems.join('; ')}`)
    const plugin = await loadPlugin(metadata, settings, this.options.validation !== 'off')
    if ((SINK_TYPES as readonly string[]).includes(plugin.name))
      throw new PluginError(`plugin ${name}: the name ${plugin.name} belongs to fapilog`)
    const owner = this.names.get(plugin.name)
    if (owner !== undefined && owner !== name)
      throw new PluginError(
        `plugin ${name}: the name ${plugin.name} belongs to ${owner}, which was loaded first`,
      )
    this.names.set(plugin.name, name)
    return plugin
  }

  /** Loads several, for the `plugins` of a logger. @throws {PluginError} for the first that cannot be loaded */
  async loadAll(requests: readonly PluginRequest[]): Promise<readonly Plugin[]> {
    const plugins: Plugin[] = []
    for (const request of requests) {
      const { name, settings } =
        typeof request === 'string'
          ? { name: request, settings: undefined }
          : { settings: undefined, ...request }
      plugins.push(await this.load(name, settings))
    }
    return plugins
  }

  private forbidden(name: string): string | undefined {
    const { allow, deny } = this.options
    if (deny?.includes(name)) return 'is on the deny list'
    return allow === undefined || allow.includes(name) ? undefined : 'is not on the allow list'
  }

  private problemsOf({ problems, mismatches }: Reading): readonly string[] {
    return this.options.validation === 'off' ? problems : [...problems, ...mismatches]
  }
}
