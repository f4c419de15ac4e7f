// What a user may pass to `createLogger`. The schema in schema.ts checks exactly this shape; the test
// settings.spec.ts keeps the two in step.

import type { PipelineError, SinkError } from '../errors.js'
import type { LevelInput, LevelSetting } from '../levels.js'

/** A number of bytes, or text such as `"8 MB"` (1 KB = 1,024 bytes). */
export type Size = number | string
/** A number of milliseconds, or text such as `"5s"`, `"10m"`, `"30d"`. */
export type Duration = number | string

/** How an event becomes a line. */
export type FormatName = 'json' | 'pino' | 'pretty' | 'logfmt' | 'simple' | 'minimal'

/** When a file is rotated, and what happens to rotated files. */
export interface RotateOptions {
  /** Rotate before a line would make the file longer than this. */
  readonly maxBytes?: Size
  /** Rotate at every full hour, day (midnight), week (Monday), or at multiples of a duration. */
  readonly interval?: 'hourly' | 'daily' | 'weekly' | Duration
  /** Align intervals and name rotated files in UTC instead of local time. @default false */
  readonly utc?: boolean
  /** Compress rotated files in the background. @default 'none' */
  readonly compress?: 'none' | 'gzip'
  /** Rotated files kept. @default all */
  readonly keepFiles?: number
  /** Bytes kept in rotated files. @default no limit */
  readonly keepBytes?: Size
  /** Rotated files older than this are deleted. @default never */
  readonly keepFor?: Duration
}

/** What every sink has. */
export interface SinkCommonOptions {
  /** Key of the sink in metrics and receipts. @default the type, numbered when it is not unique */
  readonly name?: string
  /** Format of this sink. @default the logger's */
  readonly format?: FormatName
  /** Lowest level that the sink takes. @default every level the logger lets through */
  readonly level?: LevelInput
  /** Colour of the `pretty` format. @default by terminal, NO_COLOR and FORCE_COLOR */
  readonly color?: boolean
  /** Bound of the sink's queue. 64 KB to 1 GB. @default '2 MB' */
  readonly queueBytes?: Size
  /** What happens when the queue is full: back-pressure to the ring, or a counted drop. @default 'block' */
  readonly whenFull?: 'block' | 'drop-oldest' | 'drop-newest'
}

/** Standard output. */
export interface StdoutSinkOptions extends SinkCommonOptions {
  readonly type: 'stdout'
}

/** Standard error. */
export interface StderrSinkOptions extends SinkCommonOptions {
  readonly type: 'stderr'
}

/** A sink that takes everything and keeps nothing. */
export interface NullSinkOptions extends SinkCommonOptions {
  readonly type: 'null'
}

/** Lines kept in memory, read with `log.takeLines(name)`. For tests. */
export interface MemorySinkOptions extends SinkCommonOptions {
  readonly type: 'memory'
  /** Bytes kept; the oldest lines go first. 1 KB to 1 GB. @default '64 MB' */
  readonly maxBytes?: Size
}

/** A file, rotating or not. Several processes may write to the same path. */
export interface FileSinkOptions extends SinkCommonOptions {
  readonly type: 'file'
  /** The active file; relative paths start at the working directory. */
  readonly path: string
  /** Permission bits of files it creates, whatever the umask. @default 0o600 */
  readonly mode?: number
  /** Permission bits of directories it creates. @default 0o700 */
  readonly dirMode?: number
  /** Create missing directories. @default true */
  readonly mkdir?: boolean
  /** Rotation. @default never */
  readonly rotate?: RotateOptions
}

/** A destination for log lines: a name for the plain cases, an object for the rest. */
export type SinkOptions =
  | 'stdout'
  | 'stderr'
  | 'null'
  | StdoutSinkOptions
  | StderrSinkOptions
  | NullSinkOptions
  | MemorySinkOptions
  | FileSinkOptions

/** The ring between a log call and the native threads. */
export interface QueueOptions {
  /** Size of the ring, rounded up to a power of two. 64 KB to 1 GB. @default '8 MB' */
  readonly ringBytes?: Size
  /** What happens to an event for which the ring has no room. @default 'drop-newest' */
  readonly overflow?: 'drop-newest' | 'block'
  /** Longest wait of a call under `block`; then the event is dropped and counted. @default 1000 */
  readonly blockTimeoutMs?: Duration
  /** Events at or above this level may use the last eighth of the ring. @default 'ERROR' */
  readonly protectedLevel?: LevelInput
  /** Larger events are truncated value by value, visibly. At most a quarter of the ring. @default '256 KB', or a quarter of a smaller ring */
  readonly maxEventBytes?: Size
}

/** Options of `createLogger`. */
export interface LoggerOptions {
  /** Name of the logger, in every line. */
  readonly name?: string
  /** Threshold. @default 'INFO' */
  readonly level?: LevelSetting
  /** Format of sinks that name none. @default 'pretty' on a terminal, else 'json' */
  readonly format?: FormatName
  /** Destinations. @default ['stdout'] */
  readonly sinks?: readonly SinkOptions[]
  /** The ring. */
  readonly queue?: QueueOptions
  /**
   * `fsync` puts every batch on the device before it counts as written. `crash-safe` keeps the ring in a file, so
   * that what was logged before the process was killed is written by the next start. @default 'memory'
   */
  readonly durability?: 'memory' | 'fsync' | 'crash-safe'
  /** Folder of the rings of `crash-safe`, on a local file system. @default `.fapilog` beside the first file sink's path */
  readonly crashSafeDir?: string
  /** Every call returns after its line was written. For development: lines interleave with console.log. @default false */
  readonly sync?: boolean
  /** Longest time that the end of the process waits for the sinks. @default 5000 */
  readonly shutdownTimeoutMs?: Duration
  /** SIGTERM, SIGINT and SIGHUP wait for the sinks before they end a process that does not listen to them. @default true */
  readonly handleSignals?: boolean
  /** One line on standard error, at most one a second of each kind, for all that goes wrong inside; without it only for losses. @default false */
  readonly diagnostics?: boolean
  /**
   * Is told what goes wrong inside, soon after: a sink that cannot write or never will again, a failed rotation,
   * damaged memory, events that were cut. Never called from within a log call; what it throws is counted.
   */
  readonly onError?: (error: SinkError | PipelineError) => void
  /** Name of the service, in `context`. @default FAPILOG_SERVICE */
  readonly service?: string
  /** Deployment environment, in `context`. @default FAPILOG_ENV */
  readonly env?: string
  /** Version of the service, in `context`. @default FAPILOG_VERSION */
  readonly version?: string
  /** Show UTC instead of local time in `pretty`. @default false */
  readonly utc?: boolean
}
