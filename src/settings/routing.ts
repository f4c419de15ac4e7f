// Which sinks get an event. Names and meanings are those of crates/core/src/pipeline/route.rs.

import { z } from 'zod/mini'
import { flag, minimumLevel, text } from './kinds.js'
import { group, kind, setting } from './meaning.js'

/** One or several; always a list afterwards. */
const loggers = () =>
  kind(
    z.pipe(
      z.union([z.string(), z.array(z.string())], { error: 'a name, or a list of names' }),
      z.transform((input): string[] => (typeof input === 'string' ? [input] : input)),
    ),
    {
      type: 'string | readonly string[]',
      allowed: 'a name, or a list of names',
      json: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    },
  )

const TYPES = ['string', 'number', 'boolean', 'null']
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: 'text, a number, true, false or null, or a list of these',
})

/** Values by field; always lists afterwards. */
const fields = () =>
  kind(
    z.pipe(
      z.record(z.string(), z.union([scalar, z.array(scalar)])),
      z.transform((input) =>
        Object.fromEntries(
          Object.entries(input).map(([field, value]) => [
            field,
            Array.isArray(value) ? value : [value],
          ]),
        ),
      ),
    ),
    {
      type: 'Readonly<Record<string, Scalar | readonly Scalar[]>>',
      imports: ['./routing.js', 'Scalar'],
      allowed:
        'an object of names and values: text, a number, `true`, `false` or `null`, or a list of these',
      json: {
        type: 'object',
        additionalProperties: {
          anyOf: [{ type: TYPES }, { type: 'array', items: { type: TYPES } }],
        },
      },
    },
  )

/** A value that is no object. */
export type Scalar = string | number | boolean | null

const rule = group(
  {
    name: 'RoutingRule',
    heading: '`routing.rules`',
    description: 'Sends events to sinks. Everything that it asks for has to be so.',
  },
  {
    level: setting(minimumLevel(), {
      description: 'Lowest level',
      example: 'ERROR',
    }),
    maxLevel: setting(minimumLevel(), {
      description: 'Highest level',
      example: 'DEBUG',
    }),
    loggers: setting(loggers(), {
      description:
        "Names of loggers, in which `*` stands for any characters; one of them has to be the event's",
      otherwise: 'any',
      example: ['db.*', 'cache'],
    }),
    where: setting(fields(), {
      description:
        'Fields and the value, or the values, that they may have; `user.plan` looks inside an object',
      default: {},
      example: { 'user.plan': ['pro', 'team'] },
    }),
    has: setting(z.array(text(1)), {
      description: 'Fields that have to be there, and not `null`',
      default: [],
      example: ['audit_id'],
    }),
    sinks: setting(z.array(text(1)), {
      description: 'Names of the sinks that get the event',
      default: [],
      example: ['audit'],
    }),
  },
)

export const routing = group(
  {
    name: 'RoutingOptions',
    heading: '`routing`',
    description: 'Which sinks get an event. A sink that is not named here gets all of them.',
  },
  {
    rules: setting(z.array(rule).check(z.maxLength(63)), {
      description: 'The rules, in order; at most 63',
      default: [],
      example: [{ level: 'ERROR', sinks: ['errors'] }],
    }),
    overlap: setting(flag(), {
      description: 'Whether all rules that match count, or only the first',
      default: true,
      example: false,
      inPython: { variable: 'FAPILOG_SINK_ROUTING__OVERLAP' },
    }),
    otherwise: setting(z.array(text(1)), {
      description: 'Names of the sinks that get the events that no rule matches',
      default: [],
      example: ['stdout'],
      inPython: { variable: 'FAPILOG_SINK_ROUTING__FALLBACK_SINKS' },
    }),
  },
)
