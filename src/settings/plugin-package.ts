// The package.json of a package that has a plugin: what a registry reads of it.

import { z } from 'zod/mini'
import { PLUGIN_KINDS } from '../plugins/contracts.js'
import { count, text } from './kinds.js'
import { apiVersion, version } from './plugins.js'

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'] as const
const isPattern = (source: string): boolean => {
  try {
    return new RegExp(source, 'u') !== undefined
  } catch {
    return false
  }
}

/** The part of JSON schema that is checked (src/registry/schema-check.ts); other keywords may be there. */
function jsonSchema(): z.ZodMiniType {
  const type = z.enum(TYPES)
  const schema: z.ZodMiniType = z.lazy(() =>
    z.looseObject({
      type: z.optional(z.union([type, z.array(type)])),
      properties: z.optional(z.record(z.string(), schema)),
      required: z.optional(z.array(z.string())),
      additionalProperties: z.optional(z.union([z.boolean(), schema])),
      items: z.optional(schema),
      enum: z.optional(z.array(z.unknown())),
      minimum: z.optional(z.number()),
      maximum: z.optional(z.number()),
      minLength: z.optional(count(0, Number.MAX_SAFE_INTEGER)),
      pattern: z.optional(
        z.string().check(z.refine(isPattern, { error: 'a regular expression, for the flag u' })),
      ),
    }),
  )
  return schema
}

let made: z.ZodMiniType | undefined

/** The schema of such a package.json. The keys of the field `fapilog` are known; what else is there is others' business. */
export function manifestSchema(): z.ZodMiniType {
  made ??= z.object({
    name: text(1, 214),
    version: version(),
    description: z.optional(z.string()),
    fapilog: z.strictObject({
      kind: z.enum(PLUGIN_KINDS),
      entry: text(1),
      apiVersion: apiVersion(),
      fapilog: text(1),
      settings: z.optional(jsonSchema()),
    }),
  })
  return made
}
