// From what a package says about its plugin to the plugin.

import { pathToFileURL } from 'node:url'
import { definePlugin, type Plugin, PluginError } from 'fapilog'
import type { PluginMetadata } from './manifest.js'
import { schemaProblems } from './schema-check.js'

/** What zod, Valibot, ArkType and others have in common: https://standardschema.dev. */
interface StandardSchema {
  readonly '~standard': {
    validate(value: unknown): Validated | Promise<Validated>
  }
}

type Validated =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] }

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[]
}

/**
 * Loads a plugin: the default export of the entry, or what that gives back for `settings` when it is a function. Settings
 * are checked against the JSON schema of the package, and against the export `settings` of the entry if that is a
 * schema of zod or of another library with a Standard Schema; what that makes of them is what the function gets.
 *
 * @param metadata - what is known of it
 * @param settings - what the function is called with
 * @param checked - whether the settings are checked against the JSON schema before
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
    const module = (await import(pathToFileURL(entry).href)) as Exports
    given = module.default
    // A CommonJS module that was compiled from ESM.
    const { default: inner, settings: own } = (given ?? {}) as Exports
    const standard = [module.settings, own].find(isStandard)
    if (inner !== undefined) given = inner
    const made = standard === undefined ? settings : await completed(name, settings, standard)
    if (typeof given === 'function') given = await given(made)
  } catch (error) {
    if (error instanceof PluginError) throw error
    throw new PluginError(`plugin ${name} cannot be loaded: ${String(error)}`, { cause: error })
  }
  const is = (given as { kind?: unknown } | null | undefined)?.kind
  if (is !== kind)
    throw new PluginError(
      `plugin ${name}: ${entry} gives a ${String(is)}, its package.json says ${kind}: export a ${kind} as default, or a function that returns one`,
    )
  try {
    return definePlugin(given as Plugin)
  } catch (error) {
    const { message, problems } = error as PluginError
    throw new PluginError(`plugin ${name}: ${message}`, { cause: error, problems })
  }
}

/** What an entry exports, or a CommonJS one as its default. */
interface Exports {
  readonly default?: unknown
  readonly settings?: unknown
}

function isStandard(schema: unknown): schema is StandardSchema {
  const isObject = typeof schema === 'function' || (typeof schema === 'object' && schema !== null)
  return isObject && '~standard' in schema
}

/** The settings as their schema makes them: with defaults, for example. @throws {PluginError} listing every problem */
async function completed(
  name: string,
  settings: unknown,
  schema: StandardSchema,
): Promise<unknown> {
  const result = await schema['~standard'].validate(settings ?? {})
  if (result.issues === undefined) return result.value
  const lines = result.issues.map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === 'object' ? part.key : part))
    return `${['settings', ...keys].join('.')}: ${message}`
  })
  throw new PluginError(`plugin ${name}: ${lines.join('; ')}`)
}
