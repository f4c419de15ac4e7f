// From what a package says about its plugin to the plugin.

import { pathToFileURL } from 'node:url'
import {
  defineEnricher,
  defineFilter,
  defineProcessor,
  defineRedactor,
  defineSink,
  type Plugin,
  PluginError,
  type PluginKind,
} from 'fapilog'
import type { PluginMetadata } from './manifest.js'
import { schemaProblems } from './schema-check.js'

const DEFINE: Readonly<Record<PluginKind, (plugin: never) => Plugin>> = {
  enricher: defineEnricher,
  filter: defineFilter,
  redactor: defineRedactor,
  processor: defineProcessor,
  sink: defineSink,
}

/**
 * Loads a plugin: the default export of the entry, or what that gives back for `settings` when it is a function.
 *
 * @param metadata - what is known of it
 * @param settings - what the function is called with
 * @param checked - whether the settings are checked before
 * @throws {PluginError} when settings are wrong, the module fails, or what it exports is no plugin of its kind
 */
export async function loadPlugin(
  { name, kind, entry, settings: schema }: PluginMetadata,
  settings?: unknown,
  checked = true,
): Promise<Plugin> {
  if (checked && schema !== undefined) {
    const wrong = schemaProblems(settings ?? {}, schema, 'settings')
    if (wrong.length > 0) throw new PluginError(`plugin ${name}: ${wrong.join('; ')}`)
  }
  let given: unknown
  try {
    const module = (await import(pathToFileURL(entry).href)) as { default?: unknown }
    given = module.default
    // A CommonJS module that was compiled from ESM.
    const { default: inner } = (given ?? {}) as { default?: unknown }
    if (inner !== undefined) given = inner
    if (typeof given === 'function') given = await given(settings)
  } catch (error) {
    throw new PluginError(`plugin ${name} cannot be loaded: ${String(error)}`, { cause: error })
  }
  const is = (given as { kind?: unknown } | null | undefined)?.kind
  if (is !== kind)
    throw new PluginError(
      `plugin ${name}: ${entry} gives a ${String(is)}, its package.json says ${kind}: export a ${kind} as default, or a function that returns one`,
    )
  try {
    DEFINE[kind](given as never)
  } catch (error) {
    throw new PluginError(`plugin ${name}: ${(error as Error).message}`, { cause: error })
  }
  return given as Plugin
}
