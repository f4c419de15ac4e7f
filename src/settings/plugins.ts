// Plugins in JavaScript: what makes an object one. Only code can give them: no file and no variable holds a function.

import { z } from 'zod/mini'
import {
  PLUGIN_API_VERSION,
  PLUGIN_KINDS,
  PLUGIN_METHODS,
  type Plugin,
  type PluginKind,
  supports,
} from '../plugins/contracts.js'
import { FORMATS } from './format-names.js'
import { count, minimumLevel, text } from './kinds.js'
import { kind } from './meaning.js'

type Issue = z.core.$ZodIssue

/** A version as npm has them. */
export const version = () =>
  z.string().check(z.regex(/^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/, 'a version such as "1.0.0"'))

/** A version of the contracts, whether it fits or not. */
export const apiVersion = () =>
  z.string().check(z.regex(/^\d+\.\d+$/, `a text such as ${JSON.stringify(PLUGIN_API_VERSION)}`))

const fittingVersion = () =>
  apiVersion().check(
    z.refine((wanted) => !/^\d+\.\d+$/.test(wanted) || supports(wanted), {
      error: ({ input }) => {
        const later = Number.parseFloat(String(input)) > Number.parseFloat(PLUGIN_API_VERSION)
        const advice = later ? 'upgrade fapilog' : 'upgrade the plugin'
        return `a version of the plugin contracts that fits ${PLUGIN_API_VERSION}, which this fapilog has: ${advice}`
      },
    }),
  )

const method = () => z.optional(z.custom((value) => typeof value === 'function', 'a function'))

const common = () => ({
  kind: z.enum(PLUGIN_KINDS),
  name: text(1, 200),
  version: z.optional(version()),
  apiVersion: z.optional(fittingVersion()),
  start: method(),
  stop: method(),
  health: method(),
  timeoutMs: z.optional(count(1, 3_600_000)),
  maxFailures: z.optional(count(1, 1_000_000)),
  cooldownMs: z.optional(count(0, 3_600_000)),
  concurrency: z.optional(count(1, 1000)),
})

const ofSinks = () => ({
  level: z.optional(minimumLevel()),
  format: z.optional(z.enum(FORMATS)),
  queueBytes: z.optional(count(65_536, 1 << 30)),
  whenFull: z.optional(z.enum(['block', 'drop-oldest', 'drop-newest'])),
  fallback: z.optional(text(1)),
})

// Made when the first plugin is checked: settings without plugins are checked sooner.
const schemas = new Map<PluginKind | undefined, z.ZodMiniType>()

/** What a plugin of a kind has, or of any. A class may have more. */
function schemaOf(name: PluginKind | undefined): z.ZodMiniType {
  const known = schemas.get(name)
  if (known !== undefined) return known
  const methods = name === undefined ? [] : PLUGIN_METHODS[name].map((one) => [one, method()])
  const made = z.object({
    ...common(),
    ...(name === 'sink' ? ofSinks() : {}),
    ...Object.fromEntries(methods),
  })
  schemas.set(name, made)
  return made
}

/** Everything that keeps a value from being a plugin. */
function pluginIssues(value: unknown): readonly Issue[] {
  try {
    const given = value as Readonly<Record<string, unknown>> | null | undefined
    const name = PLUGIN_KINDS.find((known) => known === given?.['kind'])
    const result = schemaOf(name).safeParse(value)
    const issues: Issue[] = result.success ? [] : [...result.error.issues]
    if (name !== undefined) {
      const methods: readonly string[] = PLUGIN_METHODS[name]
      if (methods.every((one) => given?.[one] === undefined)) {
        const message = `a function: a ${name} has ${methods.join(' or ')}`
        issues.push({ code: 'custom', path: [methods[0] as string], message, input: undefined })
      }
    }
    return issues
  } catch (error) {
    const message = `a plugin, whose properties can be read: ${String(error)}`
    return [{ code: 'custom', path: [], message, input: undefined }]
  }
}

/** A plugin as it was given: an instance of a class stays one. */
export const plugin = z.custom<Plugin>().check((payload) => {
  for (const issue of pluginIssues(payload.value))
    payload.issues.push({ ...issue, input: payload.value } as z.core.$ZodRawIssue)
})

export const plugins = kind(z.array(plugin), {
  type: 'readonly Plugin[]',
  imports: ['../plugins/contracts.js', 'Plugin'],
  allowed: 'a list of plugins',
  json: undefined,
})
