// Destinations for log lines. A new type of sink is one more group in `types`.

import { z } from 'zod/mini'
import { breaker } from './breaker.js'
import { encryptFile } from './encrypt-file.js'
import { format } from './format.js'
import { choice, flag, minimumLevel, permissions, size, text } from './kinds.js'
import { group, named, required, setting } from './meaning.js'
import { rotate } from './rotate.js'
import type { SINK_TYPES } from './sink-names.js'

const common = {
  name: setting(text(1), {
    description: 'Key of the sink in metrics and receipts; no other sink may have it',
    otherwise: 'the type; `file-2`, `file-3`, … when it is taken',
    example: 'audit-file',
  }),
  format: setting(format, {
    description: 'Format of this sink',
    otherwise: "the logger's",
    example: 'logfmt',
  }),
  level: setting(minimumLevel(), {
    description: 'Lowest level that the sink takes',
    otherwise: 'every level the logger lets through',
    example: 'ERROR',
  }),
  color: setting(flag(), {
    description: 'Colour of the `pretty` format',
    otherwise: 'by terminal, `NO_COLOR` and `FORCE_COLOR`',
    example: false,
  }),
  queueBytes: setting(size(65_536, 1 << 30), {
    description: "Bound of the sink's queue of formatted lines",
    default: '2 MB',
    example: '8 MB',
  }),
  whenFull: setting(choice(['block', 'drop-oldest', 'drop-newest']), {
    description:
      'What happens when the queue is full: the ring fills and its `overflow` decides, or lines are dropped and counted at this sink',
    default: 'block',
    example: 'drop-oldest',
  }),
  fallback: setting(text(1), {
    description:
      'Name of the sink that writes the lines that this one fails to write: see [routing](routing.md#sinks-that-fail)',
    example: 'stderr',
  }),
  breaker: setting(breaker, {
    description:
      'When a failing sink is not tried for a while; its lines go to the `fallback`, or are dropped and counted',
    otherwise:
      'the defaults below if there is a `fallback`, else it is tried for as long as it takes',
    example: { failures: 3 },
  }),
}

const sinkCommon = group(
  { name: 'SinkCommonOptions', heading: 'Every sink', description: 'What every sink has.' },
  common,
)

/** Settings that every sink has; the others are of its destination. */
export const COMMON_SINK_SETTINGS: readonly string[] = Object.keys(common)

function sink<const Type extends (typeof SINK_TYPES)[number], Shape extends z.core.$ZodShape>(
  type: Type,
  name: string,
  description: string,
  shape: Shape,
) {
  return group(
    { name, description, extends: sinkCommon },
    { type: z.literal(type), ...common, ...shape },
  )
}

const types = [
  sink('stdout', 'StdoutSinkOptions', 'Standard output.', {}),
  sink('stderr', 'StderrSinkOptions', 'Standard error.', {}),
  sink(
    'file',
    'FileSinkOptions',
    'A file, rotating or not. Several processes may write to the same path.',
    {
      path: required(text(1), {
        description: 'The active file; relative paths start at the working directory',
        example: 'logs/app.log',
      }),
      mode: setting(permissions(), {
        description: 'Permission bits of files it creates, whatever the umask. Unix only',
        default: 0o600,
        example: 0o640,
      }),
      dirMode: setting(permissions(), {
        description:
          'Permission bits of directories it creates; the umask may take some away. Unix only',
        default: 0o700,
        example: 0o750,
      }),
      mkdir: setting(flag(), {
        description: 'Create missing directories',
        default: true,
        example: false,
      }),
      rotate: setting(rotate, {
        description: 'Rotation: see `rotate`',
        default: {},
        otherwise: 'never',
        example: { interval: 'daily', keepFor: '30d' },
      }),
      encrypt: setting(encryptFile, {
        description:
          'Encrypts the file and those that it is rotated into: see [sinks](sinks.md#encrypted-files)',
        example: { keyVariable: 'LOG_KEY' },
      }),
    },
  ),
  sink('null', 'NullSinkOptions', 'A sink that takes everything and keeps nothing.', {}),
  sink(
    'memory',
    'MemorySinkOptions',
    'Lines kept in memory, read with `log.takeLines(name)`. For tests.',
    {
      maxBytes: setting(size(1024, 1 << 30), {
        description: 'Bytes kept; the oldest lines go first',
        default: '64 MB',
        example: '1 MB',
      }),
    },
  ),
] as const

/** Sinks that need no settings can be given by name. */
const NAMES = ['stdout', 'stderr', 'null'] as const

const sinkObject = z.discriminatedUnion('type', types)

/** A sink of a name is the sink of that type with its defaults. */
const byName = z.pipe(
  choice(NAMES),
  z.transform((type) => sinkObject.parse({ type }) as z.output<typeof sinkObject>),
)

export const sinks = z
  .array(
    named(
      'SinkOptions',
      'A destination for log lines: a name for the plain cases, an object for the rest.',
      z.union([byName, sinkObject]),
    ),
  )
  .check(z.minLength(1))

/** One sink with every default filled in. */
export type ResolvedSink = z.output<typeof sinkObject>
