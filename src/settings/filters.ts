// Which events go on: the filters of the native stages. Their names and meanings are those of
// crates/core/src/stages/filter/settings.rs.

import { z } from 'zod/mini'
import { count, duration, level, ratio, text } from './kinds.js'
import { group, setting } from './meaning.js'

const MAX_KEYS = 1_000_000
const DAY_MS = 86_400_000

const parts = () => z.array(text(1))

const protectedFrom = (fallback: 'ERROR' | 'AUDIT') =>
  setting(level(), {
    description: "Events at or above this level always go on; `'SILENT'` protects none",
    default: fallback,
    example: 'WARNING',
  })

const protectedLevel = protectedFrom('ERROR')

const maxKeys = setting(count(1, MAX_KEYS), {
  description:
    'Keys remembered at a time; beyond that, one that was not used for long is forgotten',
  default: 10_000,
  example: 1000,
})

const by = (example: readonly string[], fallback: readonly string[]) =>
  setting(parts(), {
    description:
      'What makes two events the same: `message`, `level`, `logger`, or names of fields (`user.id` looks inside an object)',
    default: [...fallback],
    example: [...example],
  })

const windowMs = (fallback: string) =>
  setting(duration(1, DAY_MS), {
    description: 'How long a window is; the first event of a kind opens it',
    default: fallback,
    example: '30s',
  })

const traceSampling = group(
  { name: 'TraceSamplingOptions', description: 'Keeps whole traces or drops them.' },
  {
    rate: setting(ratio(0, 1), {
      description: 'The part of the traces that is kept',
      default: 0.1,
      example: 0.5,
    }),
    field: setting(text(1), {
      description:
        'The field that holds the trace id. Events without it are kept. A W3C trace id is judged as OpenTelemetry judges it',
      default: 'trace_id',
      example: 'req.traceId',
    }),
    protectedLevel,
  },
)

const sampling = group(
  { name: 'SamplingOptions', description: 'Keeps a part of the events.' },
  {
    rate: setting(ratio(0, 1), {
      description: 'The part of the events below `protectedLevel` that is kept',
      default: 1,
      example: 0.1,
    }),
    levels: setting(z.record(z.string(), ratio(0, 1)), {
      description: 'Rates of single levels, by name; also of protected ones',
      default: {},
      example: { DEBUG: 0.01 },
    }),
    by: setting(parts(), {
      description:
        'Decides by these parts of an event instead of by chance, the same in every process: `message`, `level`, `logger`, or names of fields',
      default: [],
      otherwise: 'by chance',
      example: ['user_id'],
    }),
    protectedLevel,
  },
)

const adaptiveSampling = group(
  { name: 'AdaptiveSamplingOptions', description: 'Keeps about so many events a second.' },
  {
    targetPerSecond: setting(ratio(0, 1e9), {
      description: 'Events below `protectedLevel` kept in a second, about',
      default: 100,
      example: 1000,
    }),
    minRate: setting(ratio(0, 1), {
      description: 'The part that is kept at the least, even above the target',
      default: 0.01,
      example: 0.1,
    }),
    maxRate: setting(ratio(0, 1), {
      description: 'The part that is kept at the most, even below the target',
      default: 1,
      example: 0.5,
    }),
    protectedLevel,
  },
)

const firstOccurrence = group(
  { name: 'FirstOccurrenceOptions', description: 'Keeps the first event of each kind.' },
  {
    by: by(['message', 'code'], ['message']),
    windowMs: windowMs('60s'),
    rate: setting(ratio(0, 1), {
      description: 'The part of the later ones that is kept',
      default: 0,
      example: 0.01,
    }),
    maxKeys,
    protectedLevel,
  },
)

const dedupe = group(
  {
    name: 'DedupeOptions',
    description: 'Writes events that repeat themselves once, and then how often they did.',
  },
  {
    by: by(['level', 'logger', 'message', 'code'], ['level', 'logger', 'message']),
    windowMs: windowMs('5s'),
    maxKeys,
    // An error that repeats itself is what it is for, and its summary says how often it did.
    protectedLevel: protectedFrom('AUDIT'),
  },
)

const throttle = group(
  {
    name: 'ThrottleOptions',
    description:
      'Lets so many events of each kind through in a window, and gives notice of the others.',
  },
  {
    by: by(['logger', 'level'], ['logger']),
    limit: setting(count(1, 1_000_000_000), {
      description: 'Events of one kind that go on in a window',
      default: 1000,
      example: 100,
    }),
    windowMs: windowMs('1s'),
    maxKeys,
    protectedLevel,
  },
)

const rateLimit = group(
  { name: 'RateLimitOptions', description: 'A token bucket for each key.' },
  {
    by: setting(parts(), {
      description:
        'The key: `message`, `level`, `logger`, or names of fields. Events without it share one bucket',
      default: [],
      otherwise: 'all events share one bucket',
      example: ['user_id'],
    }),
    perSecond: setting(ratio(0, 1e9), {
      description: 'Events of one key that go on in a second, in the long run',
      default: 5,
      example: 50,
    }),
    burst: setting(count(1, 1_000_000_000), {
      description: 'Events of one key that may go on at once',
      default: 10,
      example: 100,
    }),
    maxKeys,
    protectedLevel,
  },
)

export const filters = group(
  {
    name: 'FilterOptions',
    description: 'Which events go on. What a filter ends is counted as filtered, by level.',
  },
  {
    minLevels: setting(z.record(z.string(), level()), {
      description:
        "Lowest level by the logger's name, in which `*` stands for any characters; the name that says more wins",
      default: {},
      example: { 'db.*': 'WARNING' },
    }),
    traceSampling: setting(traceSampling, {
      description: 'Keeps whole traces or drops them',
      example: { rate: 0.25 },
    }),
    sampling: setting(sampling, {
      description: 'Keeps a part of the events',
      example: { rate: 0.1 },
    }),
    adaptiveSampling: setting(adaptiveSampling, {
      description: 'Keeps about so many events a second, however many there are',
      example: { targetPerSecond: 500 },
    }),
    firstOccurrence: setting(firstOccurrence, {
      description: 'Keeps the first event of each kind in a window',
      example: { windowMs: '5m' },
    }),
    dedupe: setting(dedupe, {
      description:
        'Writes events that repeat themselves once, and at the end of the window how often they did',
      example: {},
    }),
    throttle: setting(throttle, {
      description:
        'Lets so many events of each kind through in a window, and says at its end how many there were besides',
      example: { limit: 100 },
    }),
    rateLimit: setting(rateLimit, {
      description: 'Lets so many events a second of each key through',
      example: { by: ['user_id'], perSecond: 5 },
    }),
  },
)
