// What every event says besides what its call said. Names and meanings are those of
// crates/core/src/stages/enrich/settings.rs; the Kubernetes part is read here, once, so that it stands in the
// document of a crash-safe ring.

import { z } from 'zod/mini'
import { flag } from './kinds.js'
import { group, kind, setting } from './meaning.js'

/** A value that JSON has a word for. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json }

const isJson = (value: unknown, depth = 0): value is Json => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth > 16) return false
  const prototype = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every((inner) => isJson(inner, depth + 1))
}

/** An object of JSON values. */
export const jsonObject = () =>
  kind(
    z.record(
      z.string(),
      z.custom<Json>((value) => isJson(value), { error: 'a value that JSON has a word for' }),
    ),
    {
      type: 'Readonly<Record<string, Json>>',
      imports: ['./enrich.js', 'Json'],
      allowed: 'an object of names and JSON values',
      json: { type: 'object' },
    },
  )

export const enrich = group(
  {
    name: 'EnrichOptions',
    heading: '`enrich`',
    description: 'What every event says besides what its call said.',
  },
  {
    fields: setting(jsonObject(), {
      description:
        'Fields of every event. A field of the same name of a logger, its scopes or the call wins',
      default: {},
      example: { region: 'eu-1' },
    }),
    correlation: setting(flag(), {
      description:
        'Gives every `withContext` scope that has no `correlation_id` one: its `request_id`, or else a new id; without it only those that are asked for theirs have one, see [context](context.md#ids)',
      default: false,
      example: true,
    }),
    kubernetes: setting(flag(), {
      description:
        'The field `k8s` with what the downward API says about the pod: see [stages](stages.md#kubernetes). Nothing outside of a cluster',
      default: false,
      example: true,
    }),
    runtime: setting(flag(), {
      description:
        'The field `runtime` with the version of Node.js, the platform and the architecture',
      default: false,
      example: true,
    }),
  },
)
