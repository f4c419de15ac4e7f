// GENERATED from src/ by `npm run build:ts`. Do not edit: change src/ and commit the result.
/**
 * The fields of the asynchronous scope that a call is made in: a request, a job. Every logger of the container
 * adds them to its events; fields of the logger and of the call with the same names come before them.
 */
interface LogContext {
  /**
   * Runs `fn` with `fields` added to those of the scope around it. What `fn` starts, awaited or not, has them too;
   * nothing else has.
   *
   * @returns what `fn` returns
   */
  run<T>(fields: object, fn: () => T): T;
  /**
   * The scope that the call is made in, for code that comes back without it (a listener of a socket): the returned
   * function runs others in it, and returns what they return. Outside of any `run` it only calls them.
   */
  capture(): <T>(fn: () => T) => T;
  /**
   * Adds fields to the scope of the nearest `run`, for all that runs in it. Scopes that were started inside it
   * before keep what they have.
   *
   * @returns false outside of any `run`, where nothing is changed: the fields would be everybody's
   */
  set(fields: object): boolean;
  /** Removes fields from the scope of the nearest `run`. @returns false outside of any `run` */
  unset(...keys: string[]): boolean;
  /** A copy of the fields of the scope; `{}` outside of any `run`. */
  get(): Record<string, unknown>;
  /** One field of the scope. */
  get(key: string): unknown;
  /**
   * `correlation_id` of the scope. If it has none, it becomes the scope's `request_id` or else a new id.
   * `undefined` outside of any `run`.
   */
  readonly correlationId: string | undefined;
}
/** A new correlation id: a random UUID. */
declare function newCorrelationId(): string;
/** What a `traceparent` header says, named as the fields of an event are. */
interface TraceParent {
  /** Id of the trace: 32 lower-case hexadecimal digits, not all zero. */
  readonly trace_id: string;
  /** Id of the caller's span: 16 lower-case hexadecimal digits, not all zero. */
  readonly span_id: string;
  /** Flags: two hexadecimal digits; the lowest bit says that the caller records the trace. */
  readonly trace_flags: string;
}
/**
 * Reads a `traceparent` header. Strict: what the standard calls invalid (upper case, wrong lengths, ids of zeros,
 * version `ff`, anything behind version `00`) is `undefined`, and so is what is no string.
 */
declare function parseTraceparent(header: unknown): TraceParent | undefined;
/** Base class of every error that fapilog throws or reports. */
declare class FapilogError extends Error {
  /** Stable code, `FAPILOG_…`. */
  readonly code: string;
  constructor(code: string, message: string, options?: {
    cause?: unknown;
  });
}
/** One problem of a configuration, or of a plugin. */
interface ConfigurationProblem {
  /** Where, for example `sinks[0].rotate.maxBytes`. */
  readonly path: string;
  /** The value that was given. */
  readonly value: unknown;
  /** What is allowed there. */
  readonly expected: string;
  /** Names of which the nearest is suggested. */
  readonly candidates?: readonly string[];
  /** What is near to it. @default the value, or the last part of the path */
  readonly name?: string;
  /** Where the value comes from when it was not given in code: a file, an environment variable. */
  readonly source?: string;
}
/** Settings that cannot work. Lists every problem, with path, value, what is allowed and the nearest name. */
declare class ConfigurationError extends FapilogError {
  /** All problems found. */
  readonly problems: readonly ConfigurationProblem[];
  constructor(message: string, problems?: readonly ConfigurationProblem[], options?: {
    cause?: unknown;
  });
  /** Builds the error from its problems. */
  static of(problems: readonly ConfigurationProblem[]): ConfigurationError;
}
/** A plugin that cannot be used, or failed. */
declare class PluginError extends FapilogError {
  /** What keeps it from being a plugin; none for one that has failed. */
  readonly problems: readonly ConfigurationProblem[];
  constructor(message: string, options?: {
    cause?: unknown;
    problems?: readonly ConfigurationProblem[];
  });
  /** Builds the error from its problems. */
  static of(who: string, problems: readonly ConfigurationProblem[]): PluginError;
}
/** The pipeline itself cannot work: no native binary, no thread, no memory. */
declare class PipelineError extends FapilogError {}
/** A sink cannot be opened, or has failed for good. */
declare class SinkError extends FapilogError {}
/** Built-in levels in order of severity: [name, value]. */
declare const LEVELS: readonly [readonly ["TRACE", 5], readonly ["DEBUG", 10], readonly ["INFO", 20], readonly ["WARNING", 30], readonly ["ERROR", 40], readonly ["CRITICAL", 50], readonly ["AUDIT", 60], readonly ["SECURITY", 70]];
/** Names of the built-in levels, lowest severity first. */
type LevelName = (typeof LEVELS)[number][0];
/** Every spelling that is accepted where a level is asked for. */
type LevelInput = LevelName | Lowercase<LevelName> | 'WARN' | 'warn' | 'FATAL' | 'fatal';
/** What `level` may be set to: a level, or `'silent'` to log nothing. */
type LevelSetting = LevelInput | 'silent' | 'SILENT';
/** Version of these contracts. A plugin names the major version it was written for. */
declare const PLUGIN_API_VERSION = "1.0";
/** An event as plugins see it: a plain object, theirs to change. */
interface PluginEvent {
  /** Time of the event, RFC 3339 in UTC with milliseconds. */
  timestamp: string;
  /** Level in upper case. */
  level: LevelName | (string & {});
  /** What the call said, with its format filled in. */
  message: string;
  /** Name of the logger. A change of it has no effect. */
  readonly logger?: string;
  /** Who and where: correlation, request, user, tenant, trace. */
  context: Record<string, unknown>;
  /** What the logger has to say: origin, exception, truncations. */
  diagnostics: Record<string, unknown>;
  /** What the call and its child loggers passed. */
  data: Record<string, unknown>;
}
/** Sections to be merged into an event. */
interface Enrichment {
  /** For `context`: who and where. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** For `diagnostics`: about the logger itself. */
  readonly diagnostics?: Readonly<Record<string, unknown>>;
  /** For `data`: beside what the call passed. */
  readonly data?: Readonly<Record<string, unknown>>;
}
/** State of a plugin's health check. */
interface PluginHealth {
  /** Whether it can do its work. */
  readonly healthy: boolean;
  /** What else there is to say. */
  readonly details?: unknown;
}
type Awaitable<T> = T | PromiseLike<T>;
/** What every plugin may have. */
interface PluginCommon {
  /** Unique among the plugins of a logger; the key in metrics. */
  readonly name: string;
  /** The plugin's own version, such as `1.0.0`. */
  readonly version?: string;
  /** Version of the contracts it was written for. @default '1.0' */
  readonly apiVersion?: string;
  /** Is called once before the first event; events wait for it. */
  start?(): Awaitable<void>;
  /** Is called once after the last event. */
  stop?(): Awaitable<void>;
  /** Says whether the plugin can do its work. */
  health?(): Awaitable<PluginHealth>;
  /** Longest time that one call may take, in milliseconds. 1 to 3,600,000. @default 30_000 */
  readonly timeoutMs?: number;
  /** Failures in a row after which the plugin is not asked for a while. 1 to 1,000,000. @default 5 */
  readonly maxFailures?: number;
  /** How long that while is, in milliseconds; then one event tries it. 0 to 3,600,000. @default 30_000 */
  readonly cooldownMs?: number;
  /** Events of a batch that an asynchronous method for one event works on at once. 1 to 1,000. @default 1 */
  readonly concurrency?: number;
}
/** Adds to events, before redaction. A failure lets the event go on without the addition. */
interface Enricher extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'enricher';
  /** Returns what is to be merged into the event; nothing for nothing. */
  enrich?(event: PluginEvent): Awaitable<Enrichment | undefined | void>;
  /** As `enrich` for all events of a batch: one result for each. Has precedence. */
  enrichBatch?(events: PluginEvent[]): Awaitable<readonly (Enrichment | undefined | void)[] | undefined | void>;
}
/** Says which events go on, before redaction. A failure lets the event go on. */
interface Filter extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'filter';
  /** Returns false for an event that ends here. */
  filter?(event: PluginEvent): Awaitable<boolean>;
  /** As `filter` for all events of a batch: one result for each. Has precedence. */
  filterBatch?(events: PluginEvent[]): Awaitable<readonly boolean[]>;
}
/** Takes secrets out of events. A failure withholds the event's message and fields. */
interface Redactor extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'redactor';
  /** Returns the event, or nothing when it has changed the one it got. */
  redact?(event: PluginEvent): Awaitable<PluginEvent | undefined | void>;
  /** As `redact` for all events of a batch: one result for each. Has precedence. */
  redactBatch?(events: PluginEvent[]): Awaitable<readonly (PluginEvent | undefined | void)[] | undefined | void>;
}
/** Changes events or ends them, after redaction. A failure lets the event go on as it was. */
interface Processor extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'processor';
  /** Returns the event, nothing when it has changed the one it got, or null for an event that ends here. */
  process?(event: PluginEvent): Awaitable<PluginEvent | null | undefined | void>;
  /** As `process` for all events of a batch: one result for each. Has precedence. */
  processBatch?(events: PluginEvent[]): Awaitable<readonly (PluginEvent | null | undefined | void)[] | undefined | void>;
}
/** A destination. A failure is retried: every event is written at least once, or counted as dropped. */
interface Sink extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'sink';
  /** Lowest level that it takes. @default every level the logger lets through */
  readonly level?: LevelInput;
  /** Format of the lines for `writeLines`. @default 'json' */
  readonly format?: FormatName;
  /** Bound of its queue in bytes. 65,536 to 1,073,741,824. @default 8,388,608 */
  readonly queueBytes?: number;
  /** What happens when the queue is full. @default 'drop-oldest' */
  readonly whenFull?: 'block' | 'drop-oldest' | 'drop-newest';
  /**
   * Failed writes in a row after which it is not tried for `cooldownMs`; meanwhile its lines go to the `fallback`, or
   * are dropped and counted. 1 to 1,000,000. @default it is tried for as long as it takes; 5 with a `fallback`
   */
  readonly maxFailures?: number;
  /** Name of a sink in the setting `sinks` that writes the lines that this one fails to write. @default none */
  readonly fallback?: string;
  /** Writes one event. What has failed is tried again, what was written is not. */
  writeEvent?(event: PluginEvent): Awaitable<void>;
  /** Writes the events of a batch. A throw or a rejection is a failure of all of them. Has precedence. */
  write?(events: PluginEvent[]): Awaitable<void>;
  /** Writes the lines of `format`, each ended by a line feed. Has precedence. */
  writeLines?(lines: string): Awaitable<void>;
}
/** Any plugin. */
type Plugin = Enricher | Filter | Redactor | Processor | Sink;
/** Kinds of plugins. */
type PluginKind = Plugin['kind'];
/** A value that JSON has a word for. */
type Json = string | number | boolean | null | readonly Json[] | {
  readonly [name: string]: Json;
};
/** A value that is no object. */
type Scalar = string | number | boolean | null;
/** A number of bytes, or text such as `"8 MB"` (1 KB = 1,024 bytes). */
type Size = number | string;
/** A number of milliseconds, or text such as `"5s"`, `"10m"`, `"30d"`. */
type Duration = number | string;
/** Events below the level that are kept, and written once something goes wrong. */
interface RetroactiveOptions {
  /** Lowest level that is kept. @default 'DEBUG' */
  readonly level?: LevelInput;
  /** An event at or above this level has what was kept for its scope written before it. @default 'ERROR' */
  readonly trigger?: LevelInput;
  /** Most that is written at once, the latest events. Allowed: a size, 1 KB to 64 MB. @default '64 KB' */
  readonly maxBytes?: Size;
  /** Most events that are written at once, the latest. Allowed: 1 to 1,000,000. @default 1000 */
  readonly maxEvents?: number;
  /** Older events are not written. Allowed: a duration, 1 ms to 1 h. @default '30s' */
  readonly maxAge?: Duration;
  /**
   * Size of the buffer for all scopes of the logger; the oldest events are overwritten. Allowed: a size, 64 KB to
   * 1 GB.
   * @default '4 MB'
   */
  readonly memory?: Size;
}
/** How an event becomes a line. */
type FormatName = 'json' | 'pino' | 'ecs' | 'otel' | 'pretty' | 'logfmt' | 'simple' | 'minimal';
/** Lines of the format `pino`, whichever sink they go to. */
interface PinoOptions {
  /** Key of the message. @default 'msg' */
  readonly messageKey?: string;
  /** Field whose Error gives the message of a call that has none; empty for none. @default 'err' */
  readonly errorKey?: string;
  /** The time: milliseconds or seconds since 1970, `2026-01-02T03:04:05.678Z`, or left out. @default 'epoch' */
  readonly timestamp?: 'epoch' | 'unix' | 'iso' | 'none';
  /** `pid` and `hostname` in every line. @default true */
  readonly origin?: boolean;
  /** What lines of a level say of it, by name of the level. @default `{ level: 30 }` and so on */
  readonly levels?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** Lines end with CR LF. @default false */
  readonly crlf?: boolean;
}
/** When a sink that fails is not tried for a while. */
interface BreakerOptions {
  /** Failed attempts in a row after which the sink is not tried. Allowed: 1 to 1,000,000. @default 5 */
  readonly failures?: number;
  /** Time until it is tried once more, with the next lines. Allowed: a duration, 1 ms to 1 d. @default '30s' */
  readonly probeMs?: Duration;
}
/** What every sink has. */
interface SinkCommonOptions {
  /**
   * Key of the sink in metrics and receipts; no other sink may have it.
   * @default the type; `file-2`, `file-3`, … when it is taken
   */
  readonly name?: string;
  /** Format of this sink. @default the logger's */
  readonly format?: FormatName;
  /** Lowest level that the sink takes. @default every level the logger lets through */
  readonly level?: LevelInput;
  /** Colour of the `pretty` format. @default by terminal, `NO_COLOR` and `FORCE_COLOR` */
  readonly color?: boolean;
  /** Bound of the sink's queue of formatted lines. Allowed: a size, 64 KB to 1 GB. @default '2 MB' */
  readonly queueBytes?: Size;
  /**
   * What happens when the queue is full: the ring fills and its `overflow` decides, or lines are dropped and
   * counted at this sink.
   * @default 'block'
   */
  readonly whenFull?: 'block' | 'drop-oldest' | 'drop-newest';
  /** Name of the sink that writes the lines that this one fails to write. */
  readonly fallback?: string;
  /**
   * When a failing sink is not tried for a while; its lines go to the `fallback`, or are dropped and counted.
   * @default the defaults below if there is a `fallback`, else it is tried for as long as it takes
   */
  readonly breaker?: BreakerOptions;
}
/** Standard output. */
interface StdoutSinkOptions extends SinkCommonOptions {
  /** What it is. */
  readonly type: 'stdout';
}
/** Standard error. */
interface StderrSinkOptions extends SinkCommonOptions {
  /** What it is. */
  readonly type: 'stderr';
}
/** When a file is rotated, and what happens to rotated files. */
interface RotateOptions {
  /** Rotate before a line would make the file longer than this. Allowed: a size, from 1. @default no limit */
  readonly maxBytes?: Size;
  /**
   * Rotate at every full hour, day (midnight), week (Monday), or at multiples of a duration of the wall clock.
   * @default never
   */
  readonly interval?: 'hourly' | 'daily' | 'weekly' | Duration;
  /** Align intervals and name rotated files in UTC instead of local time. @default false */
  readonly utc?: boolean;
  /** Compress rotated files in the background. @default 'none' */
  readonly compress?: 'none' | 'gzip';
  /** Rotated files kept. Allowed: 0 to 1,000,000. @default all */
  readonly keepFiles?: number;
  /** Bytes kept in rotated files, as they lie on disk. Allowed: a size, from 0. @default no limit */
  readonly keepBytes?: Size;
  /** Rotated files whose last line is older are deleted. Allowed: a duration, from 1 ms. @default never */
  readonly keepFor?: Duration;
}
/** How the files of a sink are encrypted. */
interface EncryptFileOptions {
  /**
   * The variable of the environment that holds the key: 32 bytes in base64 or hexadecimal.
   * @default 'FAPILOG_ENCRYPTION_KEY'
   */
  readonly keyVariable?: string;
}
/** A file, rotating or not. Several processes may write to the same path. */
interface FileSinkOptions extends SinkCommonOptions {
  /** What it is. */
  readonly type: 'file';
  /** The active file; relative paths start at the working directory. */
  readonly path: string;
  /** Permission bits of files it creates, whatever the umask. Unix only. Allowed: up to `0o777`. @default 0o600 */
  readonly mode?: number;
  /**
   * Permission bits of directories it creates; the umask may take some away. Unix only. Allowed: up to `0o777`.
   * @default 0o700
   */
  readonly dirMode?: number;
  /** Create missing directories. @default true */
  readonly mkdir?: boolean;
  /** Rotation: see `rotate`. @default never */
  readonly rotate?: RotateOptions;
  /** Encrypts the file and those that it is rotated into. */
  readonly encrypt?: EncryptFileOptions;
}
/** A sink that takes everything and keeps nothing. */
interface NullSinkOptions extends SinkCommonOptions {
  /** What it is. */
  readonly type: 'null';
}
/** Lines kept in memory, read with `log.takeLines(name)`. For tests. */
interface MemorySinkOptions extends SinkCommonOptions {
  /** What it is. */
  readonly type: 'memory';
  /** Bytes kept; the oldest lines go first. Allowed: a size, 1 KB to 1 GB. @default '64 MB' */
  readonly maxBytes?: Size;
}
/** A destination for log lines: a name for the plain cases, an object for the rest. */
type SinkOptions = 'stdout' | 'stderr' | 'null' | StdoutSinkOptions | StderrSinkOptions | FileSinkOptions | NullSinkOptions | MemorySinkOptions;
/** The ring between a log call and the native threads. */
interface QueueOptions {
  /**
   * Size of the ring, rounded up to a power of two. Memory is used as it fills for the first time. Allowed: a
   * size, 64 KB to 1 GB.
   * @default '8 MB'
   */
  readonly ringBytes?: Size;
  /**
   * What happens to an event for which the ring has no room: dropped and counted, or the call waits.
   * @default 'drop-newest'
   */
  readonly overflow?: 'drop-newest' | 'block';
  /**
   * Longest wait of a call under `block`; then the event is dropped and counted. Allowed: a duration, 0 to 1 h.
   * @default 1000
   */
  readonly blockTimeoutMs?: Duration;
  /** Events at or above this level may use the last eighth of the ring. @default 'ERROR' */
  readonly protectedLevel?: LevelSetting;
  /**
   * Longer events are cut value by value, with a visible marker; none is dropped for its size. At most a quarter
   * of the ring, which is also the default of a ring below 1 MB. Allowed: a size, 16 KB to 64 MB.
   * @default '256 KB'
   */
  readonly maxEventBytes?: Size;
  /**
   * Events that may be on their way to plugins and back; beyond that the ring fills and its `overflow` decides.
   * Allowed: a size, 64 KB to 1 GB.
   * @default '8 MB'
   */
  readonly pluginBytes?: Size;
}
/** Keeps whole traces or drops them. */
interface TraceSamplingOptions {
  /** The part of the traces that is kept. Allowed: a number, 0 to 1. @default 0.1 */
  readonly rate?: number;
  /**
   * The field that holds the trace id. Events without it are kept. A W3C trace id is judged as OpenTelemetry
   * judges it.
   * @default 'trace_id'
   */
  readonly field?: string;
  /** Events at or above this level always go on; `'SILENT'` protects none. @default 'ERROR' */
  readonly protectedLevel?: LevelSetting;
}
/** Keeps a part of the events. */
interface SamplingOptions {
  /** The part of the events below `protectedLevel` that is kept. Allowed: a number, 0 to 1. @default 1 */
  readonly rate?: number;
  /** Rates of single levels, by name; also of protected ones. @default {} */
  readonly levels?: Readonly<Record<string, number>>;
  /**
   * Decides by these parts of an event instead of by chance, the same in every process: `message`, `level`,
   * `logger`, or names of fields.
   * @default by chance
   */
  readonly by?: readonly string[];
  /** Events at or above this level always go on; `'SILENT'` protects none. @default 'ERROR' */
  readonly protectedLevel?: LevelSetting;
}
/** Keeps about so many events a second. */
interface AdaptiveSamplingOptions {
  /** Events below `protectedLevel` kept in a second, about. Allowed: a number, 0 to 1000000000. @default 100 */
  readonly targetPerSecond?: number;
  /** The part that is kept at the least, even above the target. Allowed: a number, 0 to 1. @default 0.01 */
  readonly minRate?: number;
  /** The part that is kept at the most, even below the target. Allowed: a number, 0 to 1. @default 1 */
  readonly maxRate?: number;
  /** Events at or above this level always go on; `'SILENT'` protects none. @default 'ERROR' */
  readonly protectedLevel?: LevelSetting;
}
/** Keeps the first event of each kind. */
interface FirstOccurrenceOptions {
  /**
   * What makes two events the same: `message`, `level`, `logger`, or names of fields (`user.id` looks inside an
   * object).
   * @default ['message']
   */
  readonly by?: readonly string[];
  /** How long a window is; the first event of a kind opens it. Allowed: a duration, 1 ms to 1 d. @default '60s' */
  readonly windowMs?: Duration;
  /** The part of the later ones that is kept. Allowed: a number, 0 to 1. @default 0 */
  readonly rate?: number;
  /**
   * Keys remembered at a time; beyond that, one that was not used for long is forgotten. Allowed: 1 to 1,000,000.
   * @default 10000
   */
  readonly maxKeys?: number;
  /** Events at or above this level always go on; `'SILENT'` protects none. @default 'ERROR' */
  readonly protectedLevel?: LevelSetting;
}
/** Writes events that repeat themselves once, and then how often they did. */
interface DedupeOptions {
  /**
   * What makes two events the same: `message`, `level`, `logger`, or names of fields (`user.id` looks inside an
   * object).
   * @default ['level', 'logger', 'message']
   */
  readonly by?: readonly string[];
  /** How long a window is; the first event of a kind opens it. Allowed: a duration, 1 ms to 1 d. @default '5s' */
  readonly windowMs?: Duration;
  /**
   * Keys remembered at a time; beyond that, one that was not used for long is forgotten. Allowed: 1 to 1,000,000.
   * @default 10000
   */
  readonly maxKeys?: number;
  /** Events at or above this level always go on; `'SILENT'` protects none. @default 'AUDIT' */
  readonly protectedLevel?: LevelSetting;
}
/** Lets so many events of each kind through in a window, and gives notice of the others. */
interface ThrottleOptions {
  /**
   * What makes two events the same: `message`, `level`, `logger`, or names of fields (`user.id` looks inside an
   * object).
   * @default ['logger']
   */
  readonly by?: readonly string[];
  /** Events of one kind that go on in a window. Allowed: 1 to 1,000,000,000. @default 1000 */
  readonly limit?: number;
  /** How long a window is; the first event of a kind opens it. Allowed: a duration, 1 ms to 1 d. @default '1s' */
  readonly windowMs?: Duration;
  /**
   * Keys remembered at a time; beyond that, one that was not used for long is forgotten. Allowed: 1 to 1,000,000.
   * @default 10000
   */
  readonly maxKeys?: number;
  /** Events at or above this level always go on; `'SILENT'` protects none. @default 'ERROR' */
  readonly protectedLevel?: LevelSetting;
}
/** A token bucket for each key. */
interface RateLimitOptions {
  /**
   * The key: `message`, `level`, `logger`, or names of fields. Events without it share one bucket.
   * @default all events share one bucket
   */
  readonly by?: readonly string[];
  /** Events of one key that go on in a second, in the long run. Allowed: a number, 0 to 1000000000. @default 5 */
  readonly perSecond?: number;
  /** Events of one key that may go on at once. Allowed: 1 to 1,000,000,000. @default 10 */
  readonly burst?: number;
  /**
   * Keys remembered at a time; beyond that, one that was not used for long is forgotten. Allowed: 1 to 1,000,000.
   * @default 10000
   */
  readonly maxKeys?: number;
  /** Events at or above this level always go on; `'SILENT'` protects none. @default 'ERROR' */
  readonly protectedLevel?: LevelSetting;
}
/** Which events go on. What a filter ends is counted as filtered, by level. */
interface FilterOptions {
  /**
   * Lowest level by the logger's name, in which `*` stands for any characters; the name that says more wins.
   * @default {}
   */
  readonly minLevels?: Readonly<Record<string, LevelSetting>>;
  /** Keeps whole traces or drops them. */
  readonly traceSampling?: TraceSamplingOptions;
  /** Keeps a part of the events. */
  readonly sampling?: SamplingOptions;
  /** Keeps about so many events a second, however many there are. */
  readonly adaptiveSampling?: AdaptiveSamplingOptions;
  /** Keeps the first event of each kind in a window. */
  readonly firstOccurrence?: FirstOccurrenceOptions;
  /** Writes events that repeat themselves once, and at the end of the window how often they did. */
  readonly dedupe?: DedupeOptions;
  /** Lets so many events of each kind through in a window, and says at its end how many there were besides. */
  readonly throttle?: ThrottleOptions;
  /** Lets so many events a second of each key through. */
  readonly rateLimit?: RateLimitOptions;
}
/** What every event says besides what its call said. */
interface EnrichOptions {
  /** Fields of every event. A field of the same name of a logger, its scopes or the call wins. @default {} */
  readonly fields?: Readonly<Record<string, Json>>;
  /**
   * Gives every `withContext` scope that has no `correlation_id` one: its `request_id`, or else a new id; without
   * it only those that are asked for theirs have one.
   * @default false
   */
  readonly correlation?: boolean;
  /** The field `k8s` with what the downward API says about the pod. Nothing outside of a cluster. @default false */
  readonly kubernetes?: boolean;
  /** The field `runtime` with the version of Node.js, the platform and the architecture. @default false */
  readonly runtime?: boolean;
}
/** Encrypts the values of fields. */
interface EncryptOptions {
  /** Names of the fields; `user.email` looks inside an object. @default [] */
  readonly fields?: readonly string[];
  /**
   * The variable of the environment that holds the key: 32 bytes in base64 or hexadecimal.
   * @default 'FAPILOG_ENCRYPTION_KEY'
   */
  readonly keyVariable?: string;
}
/** Keeps events below a size. */
interface SizeGuardOptions {
  /**
   * The largest event, measured as it travels: values, keys and a header. Allowed: a size, 256 to 64 MB.
   * @default '64 KB'
   */
  readonly maxBytes?: Size;
  /**
   * `truncate`: its longest texts are cut, with a visible marker, and if that is not enough its largest fields
   * left out; `drop`: it ends there, counted as filtered.
   * @default 'truncate'
   */
  readonly action?: 'truncate' | 'drop';
}
/** What becomes of events that have been redacted. */
interface ProcessorOptions {
  /** Other names of fields, which stay where they are: `user.mail` looks inside an object. @default {} */
  readonly rename?: Readonly<Record<string, string>>;
  /** Fields that are left out. @default [] */
  readonly drop?: readonly string[];
  /** Encrypts the values of fields. */
  readonly encrypt?: EncryptOptions;
  /** Keeps events below a size. */
  readonly sizeGuard?: SizeGuardOptions;
}
/** Sends events to sinks. Everything that it asks for has to be so. */
interface RoutingRule {
  /** Lowest level. */
  readonly level?: LevelInput;
  /** Highest level. */
  readonly maxLevel?: LevelInput;
  /** Names of loggers, in which `*` stands for any characters; one of them has to be the event's. @default any */
  readonly loggers?: string | readonly string[];
  /** Fields and the value, or the values, that they may have; `user.plan` looks inside an object. @default {} */
  readonly where?: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  /** Fields that have to be there, and not `null`. @default [] */
  readonly has?: readonly string[];
  /** Names of the sinks that get the event. @default [] */
  readonly sinks?: readonly string[];
}
/** Which sinks get an event. A sink that is not named here gets all of them. */
interface RoutingOptions {
  /** The rules, in order; at most 63. @default [] */
  readonly rules?: readonly RoutingRule[];
  /** Whether all rules that match count, or only the first. @default true */
  readonly overlap?: boolean;
  /** Names of the sinks that get the events that no rule matches. @default [] */
  readonly otherwise?: readonly string[];
}
/** What is given up, step by step, while sinks cannot keep up. Pressure is how full the fullest ring is, or the fullest queue of a sink that blocks, from 0 to 1. */
interface PressureOptions {
  /**
   * From this pressure on batches grow, and wait while their sink is busy. Allowed: a number, 0 to 1.
   * @default 0.25
   */
  readonly batchAt?: number;
  /** From this pressure on events below `sampleBelow` are sampled. Allowed: a number, 0 to 1. @default 0.5 */
  readonly sampleAt?: number;
  /** From this pressure on events below `queue.protectedLevel` are dropped. Allowed: a number, 0 to 1. @default 0.8 */
  readonly dropAt?: number;
  /** Events below this level are sampled, unless `queue.protectedLevel` is lower. @default 'WARNING' */
  readonly sampleBelow?: LevelSetting;
  /** The part of them that goes on. Allowed: a number, 0 to 1. @default 0.1 */
  readonly rate?: number;
  /**
   * A step is taken back when the pressure was below half of its mark for so long; then the one before it, and so
   * on. Allowed: a duration, 1 ms to 1 h.
   * @default '1s'
   */
  readonly holdMs?: Duration;
}
/** What becomes of a secret: a mask in its place, the mask and its last four letters or digits, a keyed hash, or nothing at all. */
type RedactStrategy = 'mask' | 'keep-last-4' | 'hash' | 'remove';
/** A field by its name. */
interface RedactField {
  /** The name, in any spelling. */
  readonly name: string;
  /** What becomes of it. @default `redact`'s `strategy` */
  readonly strategy?: RedactStrategy;
}
/** A place in an event. */
interface RedactPath {
  /** Where it is. */
  readonly path: string;
  /** What becomes of it. @default `redact`'s `strategy` */
  readonly strategy?: RedactStrategy;
}
/** A regular expression for what is secret in texts. */
interface RedactPattern {
  /** What it is called in errors. */
  readonly name?: string;
  /**
   * The expression, in the syntax of the Rust crate `regex`; flags `i`, `m` and `s` of a `RegExp` count. Of a
   * group called `secret` only its text is redacted.
   */
  readonly regex: string | RegExp;
  /** What becomes of it. @default `redact`'s `strategy` */
  readonly strategy?: RedactStrategy;
}
/** A kind of secret that is known by its looks. */
interface RedactDetector {
  /** The kind. */
  readonly name: 'card' | 'iban' | 'email' | 'phone' | 'ssn' | 'jwt' | 'privateKey' | 'apiKey' | 'authorization' | 'url';
  /** What becomes of it. @default `redact`'s `strategy` */
  readonly strategy?: RedactStrategy;
}
/** What nobody may see. */
interface RedactOptions {
  /** Ready-made rules, which can be combined. @default [] */
  readonly presets?: readonly ('CREDENTIALS' | 'PCI-DSS' | 'GDPR' | 'UK-GDPR' | 'CCPA' | 'HIPAA' | 'CONTACT-INFO' | 'PERSONAL-IDENTIFIERS' | 'ONLINE-IDENTIFIERS' | 'FINANCIAL-IDENTIFIERS' | 'US-GOVERNMENT-IDS' | 'UK-GOVERNMENT-IDS' | 'EU-GOVERNMENT-IDS')[];
  /**
   * Names of fields, found among the words of a key at any depth: `api key` finds `apiKey` and `X-API-KEY`.
   * @default []
   */
  readonly fields?: readonly (string | RedactField)[];
  /** Places, from the top of the event. @default [] */
  readonly paths?: readonly (string | RedactPath)[];
  /**
   * Names of fields whose value is taken out, whatever it is; `true` for `body`, `payload`, `raw`, `dump` and
   * their kind.
   * @default false
   */
  readonly block?: boolean | readonly string[];
  /**
   * Paths of the only fields that stay; the context of the line and the type, message and stack of errors stay
   * too.
   * @default []
   */
  readonly allow?: readonly string[];
  /** Regular expressions, at most 64. @default [] */
  readonly patterns?: readonly (string | RegExp | RedactPattern)[];
  /**
   * Kinds of secrets found by their looks in messages, texts, errors and stacks; `true` for all but `phone` and
   * `url`.
   * @default those of the presets
   */
  readonly detectors?: boolean | readonly ('card' | 'iban' | 'email' | 'phone' | 'ssn' | 'jwt' | 'privateKey' | 'apiKey' | 'authorization' | 'url' | RedactDetector)[];
  /**
   * User names and passwords in URLs, and query parameters with the names of credentials.
   * @default `true` with the preset `CREDENTIALS`
   */
  readonly urls?: boolean;
  /** What becomes of what a rule finds that says nothing else. @default 'mask' */
  readonly strategy?: RedactStrategy;
  /** What stands in the place of secrets. @default '***' */
  readonly mask?: string;
  /**
   * Key of the strategy `hash`, which is a mask without one. Not with `durability: 'crash-safe'`, which keeps the
   * settings in a file.
   */
  readonly hashKey?: string;
  /** Environment variable that has the key instead. */
  readonly hashKeyEnv?: string;
  /** Longer texts are cut, visibly; in characters. Allowed: 1 to 1,000,000. @default no limit */
  readonly maxStringLength?: number;
  /** Texts that contain JSON are read, and the rules applied to their keys. @default false */
  readonly jsonStrings?: boolean;
  /**
   * Text looked at in one event; what is beyond is withheld and counted. Allowed: a size, 1 KB to 64 MB.
   * @default '256 KB'
   */
  readonly maxScanBytes?: Size;
}
/** Options of `createLogger`. */
interface LoggerOptions {
  /** Name of the logger, in every line. */
  readonly name?: string;
  /** Threshold; `log.level` changes it later. @default 'INFO' */
  readonly level?: LevelSetting;
  /**
   * Thresholds of loggers by name: of one (`http`, and all below it, `http.client`), of all below a name (`db.*`),
   * of all (`*`). The most specific counts.
   * @default {}
   */
  readonly levels?: Readonly<Record<string, LevelSetting>>;
  /** Levels of your own, 8 at most: names, which are also methods, and values that no other level has. @default {} */
  readonly customLevels?: Readonly<Record<string, number>>;
  /** Keeps events below the level and writes them once something goes wrong. @default off */
  readonly retroactive?: RetroactiveOptions;
  /** Format of the sinks that name none. @default `'pretty'` on a terminal, else `'json'` */
  readonly format?: FormatName;
  /** Lines of the format `pino`. */
  readonly pino?: PinoOptions;
  /** Settings by name, below every other source. */
  readonly preset?: 'dev' | 'production' | 'serverless' | 'hardened' | 'minimal' | 'fastify';
  /** A file of settings as JSON; relative paths start at the working directory. */
  readonly configFile?: string;
  /** Read the file again when it changes and apply what can change at run time. @default false */
  readonly watchConfig?: boolean;
  /** Destinations. @default ['stdout'] */
  readonly sinks?: readonly SinkOptions[];
  /** The ring between log calls and native threads. */
  readonly queue?: QueueOptions;
  /** Which events go on. */
  readonly filters?: FilterOptions;
  /** What every event says besides. */
  readonly enrich?: EnrichOptions;
  /** What becomes of events that have been redacted. */
  readonly processors?: ProcessorOptions;
  /** Which sinks get an event. @default every sink gets every event of its level */
  readonly routing?: RoutingOptions;
  /** What is given up, step by step, while sinks cannot keep up. @default off: nothing before the ring is full */
  readonly pressure?: PressureOptions;
  /** What nobody may see. */
  readonly redact?: RedactOptions;
  /**
   * `fsync`: every batch is synced to the device (`fdatasync`) before it counts as written. Slow, for sinks of
   * type `file`. `crash-safe`: the ring lies in a file, so that what was logged before the process was killed is
   * written by the next start.
   * @default 'memory'
   */
  readonly durability?: 'memory' | 'fsync' | 'crash-safe';
  /**
   * Folder of the rings of `crash-safe`, on a local file system.
   * @default `.fapilog` beside the first file sink's path
   */
  readonly crashSafeDir?: string;
  /**
   * Every call returns after its line was written; for development, where lines are to stand between those of
   * `console.log`.
   * @default false
   */
  readonly sync?: boolean;
  /**
   * How long `flush`, `close` and the end of the process wait for the sinks; what is not written by then is
   * counted as dropped. Allowed: a duration, 0 to 1 h.
   * @default 5000
   */
  readonly shutdownTimeoutMs?: Duration;
  /**
   * SIGTERM, SIGINT and SIGHUP let the sinks write what is left, for up to `shutdownTimeoutMs`, before they end a
   * process that does not listen to them.
   * @default true
   */
  readonly handleSignals?: boolean;
  /**
   * One line on standard error for everything that goes wrong inside, at most one a second of each kind; without
   * it only for losses.
   * @default false
   */
  readonly diagnostics?: boolean;
  /**
   * Is told what goes wrong inside, soon after and never from within a log call: a sink that cannot write or never
   * will again, a failed rotation, damaged memory, events that were cut, a change of the watched file that cannot
   * be used. What it throws is counted.
   */
  readonly onError?: (error: SinkError | PipelineError) => void;
  /**
   * `trace_id` and `span_id` of the active OpenTelemetry span in every event; needs `@opentelemetry/api`.
   * @default false
   */
  readonly otel?: boolean;
  /** Plugins in JavaScript. @default [] */
  readonly plugins?: readonly Plugin[];
  /**
   * How `json`, `logfmt` and `simple` write the time of an event: as RFC 3339 with 3, 6 or 9 digits behind the
   * second, or as a number since 1970. An event has milliseconds; further digits are 0.
   * @default 'iso'
   */
  readonly timestamp?: 'iso' | 'iso-us' | 'iso-ns' | 'epoch-ms' | 'epoch-us' | 'epoch-ns';
  /** Name of the service, in `context`. */
  readonly service?: string;
  /** Deployment environment, in `context`. */
  readonly env?: string;
  /** Version of the service, in `context`. */
  readonly version?: string;
  /** `pretty` shows UTC instead of local time; all other formats always do. @default false */
  readonly utc?: boolean;
}
/** The settings that `reconfigure` can change. */
type LiveOptions = Pick<LoggerOptions, 'level' | 'levels' | 'filters' | 'routing' | 'redact' | 'sync'>;
/** Events by level, under the upper-case names of levels of your own too; levels without events are left out. */
type EventsByLevel = Readonly<Partial<Record<LevelName, number>>>;
/** Latencies, in seconds. */
interface HistogramMetrics {
  /** How many. */
  readonly count: number;
  /** All together. */
  readonly sum: number;
  /** The longest. */
  readonly max: number;
  /** Quantiles, at most 10 % above the true value. */
  readonly p50: number;
  /** 90 % take at most this long. */
  readonly p90: number;
  /** 99 %. */
  readonly p99: number;
  /** 99.9 %. */
  readonly p999: number;
  /** Upper bounds from 100 µs to 100 s, and how many latencies are at most so long. */
  readonly buckets: readonly (readonly [bound: number, count: number])[];
}
/** Counters of one sink since the logger was created. */
interface SinkMetrics {
  /** Events written. */
  readonly written: number;
  /** The same by level. */
  readonly writtenByLevel: EventsByLevel;
  /** Events that it does not take, because of its level or because routing sends them elsewhere, by level. */
  readonly skipped: EventsByLevel;
  /** Events that its fallback has written instead, by level. */
  readonly diverted: EventsByLevel;
  /** Events written for sinks that failed; they are counted there. */
  readonly takenOver: number;
  /** Whether the sink is tried: always, once to see, or not now. */
  readonly state: 'closed' | 'half-open' | 'open';
  /** Times that it was given up for a while. */
  readonly opened: number;
  /** Events lost at this sink, by level. */
  readonly dropped: EventsByLevel;
  /** The same, by reason: the queue was full, the destination failed for good, the time at the end was over. */
  readonly droppedByReason: {
    /** Its queue was full. */
    readonly overflow: number;
    /** Its destination is gone for good. */
    readonly failed: number;
    /** Unwritten when the time at the end was over. */
    readonly shutdown: number;
  };
  /** Events left in the ring's file for the next start, by level: only with `durability: 'crash-safe'`. */
  readonly kept: EventsByLevel;
  /** Events of `written` that the device has not confirmed, by level: only with `durability: 'fsync'`. */
  readonly unsynced: EventsByLevel;
  /** Reports about lost events written; they are in none of the other counters. */
  readonly reports: number;
  /** Bytes written. */
  readonly bytes: number;
  /** Batches written. */
  readonly batches: number;
  /** Bytes queued or being written. */
  readonly queuedBytes: number;
  /** Failed write attempts; each is retried. */
  readonly errors: number;
  /** Text of the latest failure. */
  readonly lastError: string | null;
  /** Whether the latest write failed. */
  readonly failing: boolean;
  /** How long events take, one latency for each batch of lines. */
  readonly latency: {
    /** From the call that logged the oldest event of the batch until it was written; the clock ticks every 1 ms. */
    readonly written: HistogramMetrics;
    /** Time in the queue of the sink. */
    readonly queued: HistogramMetrics;
    /** Time of the write, retries included. */
    readonly write: HistogramMetrics;
  };
  /** Files rotated, compressed and deleted by retention. */
  readonly rotations: number;
  /** Rotated files compressed. */
  readonly compressed: number;
  /** Rotated files deleted by retention. */
  readonly deleted: number;
  /** Times the file was opened again because it was moved, removed, or `reopen()` was called. */
  readonly reopened: number;
  /** Failures of rotation, compression or retention; lines went on being written. */
  readonly maintenanceErrors: number;
}
/** Counters of one plugin since the logger was created. */
interface PluginMetrics {
  /** What it is. */
  readonly kind: 'enricher' | 'filter' | 'redactor' | 'processor' | 'sink';
  /** Events shown to it. */
  readonly events: number;
  /** Events it has ended. */
  readonly dropped: number;
  /** Events for which it failed: it threw, rejected, gave back what is no event, or took too long. */
  readonly failures: number;
  /** Of these, the ones that took too long. */
  readonly timeouts: number;
  /** Events it was not asked about, because it had failed too often or is disabled. */
  readonly skipped: number;
  /** Events that went on without message and fields, because it redacts and has failed. */
  readonly withheld: number;
  /** Whether it is asked: `half-open` is the one attempt after a pause. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** False after `disablePlugin`. */
  readonly enabled: boolean;
  /** Text of the latest failure. */
  readonly lastError: string | null;
  /** Time that it needs for the events of a batch. */
  readonly latency: HistogramMetrics;
}
/** How far the pipeline gives up something because it cannot keep up. */
type PressureRung = 'normal' | 'batching' | 'sampling' | 'dropping';
/** Counters of one stage. */
interface StageMetrics {
  /** Events changed. */
  readonly changed: number;
  /** Events that ended there, by level. */
  readonly filtered: EventsByLevel;
  /** Events of its own that it has added; they are counted as reports at the sinks and nowhere else. */
  readonly notices: number;
  /** The part of the events that it lets through at the moment, 0 to 1; for sampling. */
  readonly rate?: number;
  /** Keys that it remembers; for what tells events apart. */
  readonly keys?: number;
  /** Keys that it had to forget for want of room. */
  readonly evicted?: number;
  /** Values made unreadable. */
  readonly redacted: number;
  /** Values, or fields of whole events, that nobody sees because they could not be redacted. */
  readonly withheld: number;
  /** Time that one event of each chunk takes there; for `plugins`, that of a batch until all of them have answered. */
  readonly latency: HistogramMetrics;
}
/**
 * All counters. At rest, for each sink:
 * `submitted = written + skipped + diverted + dropped at the sink + dropped before it + filtered + sampled`.
 */
interface Metrics {
  /** Log calls at an enabled level. */
  readonly submitted: number;
  /** The same by level. */
  readonly submittedByLevel: EventsByLevel;
  /** Events that every sink has written, or does not take because of its level. */
  readonly written: number;
  /** Events lost before the sinks, by level. */
  readonly dropped: EventsByLevel;
  /** The same, by reason: ring full, `block` timed out, logged after close, not encodable, damaged, pressure. */
  readonly droppedByReason: {
    /** No room in the ring. */
    readonly full: number;
    /** No room in the ring in `queue.blockTimeoutMs`, with `overflow: 'block'`. */
    readonly timeout: number;
    /** Logged after the end of the pipeline. */
    readonly closed: number;
    /** Not to be put into the ring at all. */
    readonly encode: number;
    /** Overwritten in the ring before they were read: a bug of some native code in the process. */
    readonly damaged: number;
    /** Below the protected level, on the highest rung of the setting `pressure`. */
    readonly pressure: number;
  };
  /** Events that a stage ended on purpose, by level. */
  readonly filtered: EventsByLevel;
  /** Events of the lowest levels that did not go on because of the setting `pressure`, by level. */
  readonly sampled: EventsByLevel;
  /** What the setting `pressure` does. */
  readonly pressure: {
    /** What is given up at the moment. */
    readonly rung: PressureRung;
    /** How full the fullest ring or queue was when that was last looked at, 0 to 1. */
    readonly fill: number;
    /** How often each rung was entered from below. */
    readonly entered: Readonly<Record<Exclude<PressureRung, 'normal'>, number>>;
  };
  /** Events in the ring or in the slowest sink's queue. */
  readonly inFlight: number;
  /** Sinks by name. */
  readonly sinks: Readonly<Record<string, SinkMetrics>>;
  /** Stages (filters, enrichers, redactors, processors) by name. */
  readonly stages: Readonly<Record<string, StageMetrics>>;
  /** Plugins by name. */
  readonly plugins: Readonly<Record<string, PluginMetrics>>;
  /** The shared memory that events travel through. */
  readonly ring: {
    /** Threads that log. */
    readonly rings: number;
    /** Room in all rings. */
    readonly capacityBytes: number;
    /** Bytes published and not yet taken by the drain thread. */
    readonly depthBytes: number;
    /** Events taken out of the ring. */
    readonly accepted: number;
    /** Bytes that could not be read as records; always 0 unless memory was overwritten. */
    readonly damagedBytes: number;
    /** Events that had values cut to stay within the limits; these are not lost. */
    readonly truncated: number;
  };
  /** From the log call of the first event of a chunk until it is taken out of the ring; the clock ticks every 1 ms. */
  readonly waited: HistogramMetrics;
  /** Time that the drain thread needs for a chunk of events: decoding, stages, formats. */
  readonly drain: HistogramMetrics;
  /** Events below the level that were kept, and those of them that were logged later; the others are in no counter. */
  readonly retroactive: {
    /** Events kept for a scope that may want them. */
    readonly kept: number;
    /** Events of these that were logged. */
    readonly replayed: number;
  };
  /** What was found worth saying about the pipeline itself, on standard error and to `onError`. */
  readonly diagnostics: {
    /** Things said, here or there. */
    readonly reported: number;
    /** Lines that standard error was spared. */
    readonly suppressed: number;
    /** Errors that `onError` was not told of, because there were too many at once. */
    readonly lost: number;
    /** Errors thrown by `onError`. */
    readonly thrown: number;
    /** Times that OpenTelemetry threw when it was asked for the active span; the events went without its ids. */
    readonly otel: number;
  };
}
/**
 * How well something does: `failing` when the latest write failed or nobody reads any more, `degraded` when the queue
 * is over 80 % full or something failed or was lost in the last minute.
 */
type HealthStatus = 'healthy' | 'degraded' | 'failing';
/** State of one sink. Times are milliseconds since the Unix epoch. */
interface SinkHealth {
  /** How it is. */
  readonly status: HealthStatus;
  /** Since when; for `degraded` the latest trouble. */
  readonly since: number;
  /** Text of the latest failure. */
  readonly lastError: string | null;
  /** When that was. */
  readonly lastErrorAt: number | null;
  /** When the sink last lost an event. */
  readonly lastLossAt: number | null;
  /** Bytes queued or being written. */
  readonly queuedBytes: number;
  /** Bound of the queue. */
  readonly queueBytes: number;
  /** Their ratio. */
  readonly queueFill: number;
}
/** What `log.health()` returns. */
interface Health {
  /** The worst of the sinks; `degraded` also when the ring is over 80 % full or events are given up under pressure, `closed` after `close()`. */
  readonly status: HealthStatus | 'closed';
  /** Part of the ring, or of all rings, that is in use, 0 to 1. */
  readonly ringFill: number;
  /** Sinks by name. */
  readonly sinks: Readonly<Record<string, SinkHealth>>;
}
/** What one sink says to a flush. */
interface SinkReceipt {
  /** Name of the sink. */
  readonly name: string;
  /** Events written since the logger was created. */
  readonly written: number;
  /** Events dropped since the logger was created. */
  readonly dropped: number;
  /** Events left in the ring's file for the next start (`durability: 'crash-safe'`). */
  readonly kept: number;
  /** Events written since the logger was created that the device has not confirmed (`durability: 'fsync'`). */
  readonly unsynced: number;
  /** Whether everything logged before the call has been dealt with. */
  readonly complete: boolean;
  /** Why not, or the latest error. */
  readonly error: string | null;
}
/** Result of `flush()` and `close()`. */
interface Receipt {
  /** Whether every sink has completed. */
  readonly complete: boolean;
  /** One for each sink. */
  readonly sinks: readonly SinkReceipt[];
}
/** Fields of an event: any object. */
type Fields = Readonly<Record<string, unknown>> | object;
/** Fields that are only made when the level is enabled. */
type LazyFields = () => Fields | undefined;
/**
 * A log method. Never throws, never blocks under `drop-newest`, never calls a getter twice.
 *
 * - `log.info('message')`, `log.info('message', fields)`, `log.info(fields, 'message')`
 * - `log.error(error)`, `log.error(error, 'message', fields)`, `log.error('message', error)`
 * - `log.info('user %s has %d items', name, count)`: `%s %d %i %f %j %o %O %%` as in pino
 * - `log.debug('message', () => fields)`, `log.debug(() => fields, 'message')`: made only when enabled
 */
interface LogMethod {
  (message: string, fields?: Fields | LazyFields): void;
  (message: string, ...args: unknown[]): void;
  (error: Error, message?: string, fields?: Fields | LazyFields): void;
  (fields: Fields | LazyFields, message?: string, ...args: unknown[]): void;
  (value?: unknown, ...args: unknown[]): void;
}
/** Options of a child logger. */
interface ChildOptions<Custom extends string = never> {
  /** Threshold of the child alone. @default that of the setting `levels` for its name, else the parent's */
  readonly level?: LevelSetting | Custom | Uppercase<Custom>;
  /** Name of the child. @default the parent's */
  readonly name?: string;
}
/** A logger with a method for each level of its own. Where a `Logger` is asked for, it is one. */
type LoggerWith<Custom extends string> = Logger<Custom> & { readonly [Name in Custom]: LogMethod };
/** A structured logger. Made by `createLogger` and `child`. */
interface Logger<Custom extends string = never> extends AsyncDisposable {
  /** Logs at TRACE (5). */
  readonly trace: LogMethod;
  /** Logs at DEBUG (10). */
  readonly debug: LogMethod;
  /** Logs at INFO (20). */
  readonly info: LogMethod;
  /** Logs at WARNING (30). */
  readonly warn: LogMethod;
  /** Logs at WARNING (30). */
  readonly warning: LogMethod;
  /** Logs at ERROR (40). */
  readonly error: LogMethod;
  /** Logs at CRITICAL (50). */
  readonly fatal: LogMethod;
  /** Logs at CRITICAL (50). */
  readonly critical: LogMethod;
  /** Logs at AUDIT (60). */
  readonly audit: LogMethod;
  /** Logs at SECURITY (70). */
  readonly security: LogMethod;
  /** Does nothing; pino has it too. */
  readonly silent: LogMethod;
  /**
   * The threshold: the upper-case name of a level, or `SILENT`. Setting it changes this logger and every child that
   * has none of its own, neither given to it nor by the setting `levels`; that of the first logger also in every
   * thread that has joined.
   *
   * @throws {ConfigurationError} when set to something that is not a level
   */
  get level(): LevelName | 'SILENT' | (string & {});
  set level(level: LevelSetting | (string & {}));
  /**
   * Sets the level of all loggers that `pattern` names, those there are and those to come, as the setting `levels`
   * does; without a level, takes it back.
   *
   * @throws {ConfigurationError} when the pattern is none or the level is not one
   */
  setLevels(pattern: string, level?: LevelSetting | Custom | Uppercase<Custom>): void;
  /** Name of the logger, if it has one. */
  readonly name: string | undefined;
  /**
   * What `joinLogger` needs in order to log into the same sinks from another thread: a text that travels in
   * `workerData`. It can be used in this process, until the logger is closed.
   */
  readonly containerId: string;
  /** Whether a call at this level would be logged. False for names that are no level. */
  isLevelEnabled(level: string): boolean;
  /**
   * A logger whose events carry `bindings` too. They are encoded once, here: later changes of the object are
   * not seen. Children hold no native resource.
   */
  child(bindings?: Fields, options?: ChildOptions<Custom>): LoggerWith<Custom>;
  /** A logger whose events carry these fields too, in place of fields that it has under the same names. */
  bind(fields: Fields): LoggerWith<Custom>;
  /** A logger whose events do not carry the bound fields of these names. */
  unbind(...keys: string[]): LoggerWith<Custom>;
  /**
   * What the logger is bound to, read back from its encoded form: an Error is an object, a function its name.
   * Fields of the context are not among them.
   */
  bindings(): Record<string, unknown>;
  /**
   * Runs `fn` with `fields` in every event that any logger of this container logs in it, through awaits, timers and
   * callbacks. The same as `context.run`.
   *
   * @returns what `fn` returns
   */
  withContext<T>(fields: Fields, fn: () => T): T;
  /** The fields of the asynchronous scope that the program is in, shared by all loggers of the container. */
  readonly context: LogContext;
  /**
   * Resolves when everything logged before the call was written by every sink, or names the sinks that did
   * not manage it in time. Never rejects for reasons of a sink.
   *
   * @param timeoutMs - longest wait. @default `shutdownTimeoutMs`
   */
  flush(timeoutMs?: number): Promise<Receipt>;
  /** The same, without the event loop: blocks the thread. */
  flushSync(timeoutMs?: number): Receipt;
  /**
   * Flushes and ends the threads. Calls after it are counted as dropped (`closed`). May be called again: every
   * call resolves with the receipt of the first.
   */
  close(timeoutMs?: number): Promise<Receipt>;
  /** All counters since the logger was created. */
  metrics(): Metrics;
  /** Whether the sinks do their work, and what was last wrong. */
  health(): Health;
  /**
   * Asks each plugin that has a `health` how it is, by name. One that fails or takes longer than its `timeoutMs` is not
   * healthy. Only in the thread that created the logger; there are none in others.
   */
  pluginHealth(): Promise<Readonly<Record<string, PluginHealth>>>;
  /** Asks a plugin again that was disabled. @throws {ConfigurationError} when there is none of this name */
  enablePlugin(name: string): void;
  /**
   * Lets events go on without a plugin; a sink writes nothing then. @throws {ConfigurationError} when there is none
   * of this name
   */
  disablePlugin(name: string): void;
  /** Opens the files again, after logrotate moved them for example. */
  reopen(): void;
  /**
   * Changes settings of the container that this logger belongs to, as if they had been given to `createLogger`. What
   * is `undefined` is taken back: environment, file, preset and default count again.
   *
   * @throws {ConfigurationError} when one is wrong or cannot change at run time; then none is changed. Also for a
   * logger of `joinLogger`, which has no settings of its own
   */
  reconfigure(changes: LiveOptions): void;
  /** The lines of a memory sink, which is empty then. For tests. */
  takeLines(sink?: string): string[];
}
/** A type with more levels wherever it takes a level. */
type WithLevels<Type, Name extends string> = 'INFO' extends Type ? Type | Name | Uppercase<Name> : Other<Type, Name>;
type Other<Type, Name extends string> = Type extends ((...args: never[]) => unknown) ? Type : Type extends readonly (infer Element)[] ? readonly WithLevels<Element, Name>[] : Type extends object ? { readonly [Key in keyof Type]: WithLevels<Type[Key], Name> } : Type;
/** Options of `createLogger` with levels of the application's own. */
type OptionsWith<Levels extends Readonly<Record<string, number>>> = WithLevels<Omit<LoggerOptions, 'customLevels'>, keyof Levels & string> & {
  readonly customLevels: Levels;
};
/**
 * Creates a logger with levels of the application's own, each of which is a method of the logger and its children.
 * Otherwise as without them.
 *
 * @throws {ConfigurationError} also for a level whose name a logger has already
 */
declare function createLogger<const Levels extends Readonly<Record<string, number>>>(options: OptionsWith<Levels>): LoggerWith<keyof Levels & string>;
/**
 * Creates a logger with a pipeline of its own. Without options it writes INFO and above to stdout: pretty on a
 * terminal, JSON lines otherwise.
 *
 * @param options - see `LoggerOptions`; every default is named there
 * @throws {ConfigurationError} listing every problem of the options
 * @throws {SinkError} when a sink cannot be opened (code `FAPILOG_SINK_OPEN`)
 * @throws {PipelineError} when the native side cannot start
 */
declare function createLogger(options?: LoggerOptions): Logger;
/**
 * Whether a field of this name holds a credential: whether the preset `CREDENTIALS` of redaction masks it.
 *
 * @param name - in any spelling: `accessToken`, `ACCESS-TOKEN`
 */
declare function isCredentialName(name: string): boolean;
/**
 * The value of a field that was encrypted.
 *
 * @param text - what stands in the log, `enc:v1:…`
 * @param options - the name of the field as it stands in `processors.encrypt.fields`, and the key: 32 bytes in base64 or
 *   hexadecimal
 * @returns the value, or undefined if it was not encrypted with this key and for this field, or was changed
 * @throws {ConfigurationError} when the key is none
 */
declare function decryptField(text: string, {
  field,
  key
}: {
  readonly field: string;
  readonly key: string;
}): unknown;
/** Options of `joinLogger`. */
interface JoinOptions {
  /** Threshold of this logger alone. @default the one of the logger that is joined, changes included */
  readonly level?: LevelSetting;
  /** Name of the logger. @default the one of the logger that is joined */
  readonly name?: string;
}
/**
 * A logger that writes into the sinks of another logger of this process, usually the main thread's. Its events
 * keep their order and, in a worker thread, carry `context.thread_id`. Closing it leaves the other one open; when
 * the thread ends, in whatever way, what it has logged is written all the same. Ring and overflow settings are
 * those of the logger that is joined.
 *
 * @param containerId - `containerId` of that logger
 * @param options - what this thread has for itself
 * @throws {PipelineError} `FAPILOG_NOT_SHARED` when no open logger of this process has the id
 * @throws {ConfigurationError} when an option is wrong
 */
declare function joinLogger(containerId: string, options?: JoinOptions): Logger;
/**
 * Settings, pipeline and counters of loggers that belong together. Two containers share nothing: each has its own
 * native threads, ring and sinks. `createLogger(options)` is `new LoggingContainer(options).logger()`.
 *
 * @throws {ConfigurationError} listing every problem of the settings
 * @throws {SinkError} when a sink cannot be opened (code `FAPILOG_SINK_OPEN`)
 * @throws {PipelineError} when the native side cannot start
 */
declare class LoggingContainer implements AsyncDisposable {
  #private;
  constructor(options?: LoggerOptions);
  /** The settings that hold now, from every source and with every default: a copy. */
  get settings(): LoggerOptions;
  /**
   * A logger of this container. Without a name the first one, whose threshold the others follow.
   *
   * @param name - shown in every line instead of the container's
   */
  logger(name?: string, options?: Pick<ChildOptions, 'level'>): Logger;
  /** All counters since the container was made. */
  metrics(): Metrics;
  /** Whether the sinks do their work, and what was last wrong. */
  health(): Health;
  /** Changes settings of every logger of this container: see `Logger.reconfigure`. */
  reconfigure(changes: LiveOptions): void;
  /** Resolves when everything logged before the call was written: see `Logger.flush`. */
  flush(timeoutMs?: number): Promise<Receipt>;
  /** The same, without the event loop: blocks the thread. */
  flushSync(timeoutMs?: number): Receipt;
  /** Flushes and ends the threads: see `Logger.close`. */
  close(timeoutMs?: number): Promise<Receipt>;
  /** `await using container = new LoggingContainer()` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void>;
}
type Value<Name extends keyof LoggerOptions> = NonNullable<LoggerOptions[Name]>;
/** Collects settings; every method returns the builder. Groups add up, everything else is replaced. */
declare class SettingsBuilder {
  private collected;
  /** What was collected: options of `createLogger`. */
  get options(): LoggerOptions;
  /** Name of the logger, in every line. */
  withName(name: Value<'name'>): this;
  /** Threshold; `log.level` changes it later. */
  withLevel(level: Value<'level'>): this;
  /** Thresholds of loggers by name: of one (`http`, and all below it, `http.client`), of all below a name (`db.*`), of all (`*`). The most specific counts. */
  withLevels(levels: Value<'levels'>): this;
  /** Levels of your own, 8 at most: names, which are also methods, and values that no other level has. */
  withCustomLevels(customLevels: Value<'customLevels'>): this;
  /** Keeps events below the level and writes them once something goes wrong. */
  withRetroactive(retroactive: Value<'retroactive'>): this;
  /** Format of the sinks that name none. */
  withFormat(format: Value<'format'>): this;
  /** Lines of the format `pino`. */
  withPino(pino: Value<'pino'>): this;
  /** Settings by name, below every other source. */
  withPreset(preset: Value<'preset'>): this;
  /** A file of settings as JSON; relative paths start at the working directory. */
  withConfigFile(configFile: Value<'configFile'>): this;
  /** Read the file again when it changes and apply what can change at run time. */
  withWatchConfig(watchConfig: Value<'watchConfig'>): this;
  /** Destinations. */
  withSinks(sinks: Value<'sinks'>): this;
  /** The ring between log calls and native threads. */
  withQueue(queue: Value<'queue'>): this;
  /** Which events go on. */
  withFilters(filters: Value<'filters'>): this;
  /** What every event says besides. */
  withEnrich(enrich: Value<'enrich'>): this;
  /** What becomes of events that have been redacted. */
  withProcessors(processors: Value<'processors'>): this;
  /** Which sinks get an event. */
  withRouting(routing: Value<'routing'>): this;
  /** What is given up, step by step, while sinks cannot keep up. */
  withPressure(pressure: Value<'pressure'>): this;
  /** What nobody may see. */
  withRedact(redact: Value<'redact'>): this;
  /** `fsync`: every batch is synced to the device (`fdatasync`) before it counts as written. Slow, for sinks of type `file`. `crash-safe`: the ring lies in a file, so that what was logged before the process was killed is written by the next start. */
  withDurability(durability: Value<'durability'>): this;
  /** Folder of the rings of `crash-safe`, on a local file system. */
  withCrashSafeDir(crashSafeDir: Value<'crashSafeDir'>): this;
  /** Every call returns after its line was written; for development, where lines are to stand between those of `console.log`. */
  withSync(sync: Value<'sync'>): this;
  /** How long `flush`, `close` and the end of the process wait for the sinks; what is not written by then is counted as dropped. */
  withShutdownTimeoutMs(shutdownTimeoutMs: Value<'shutdownTimeoutMs'>): this;
  /** SIGTERM, SIGINT and SIGHUP let the sinks write what is left, for up to `shutdownTimeoutMs`, before they end a process that does not listen to them. */
  withHandleSignals(handleSignals: Value<'handleSignals'>): this;
  /** One line on standard error for everything that goes wrong inside, at most one a second of each kind; without it only for losses. */
  withDiagnostics(diagnostics: Value<'diagnostics'>): this;
  /** Is told what goes wrong inside, soon after and never from within a log call: a sink that cannot write or never will again, a failed rotation, damaged memory, events that were cut, a change of the watched file that cannot be used. What it throws is counted. */
  withOnError(onError: Value<'onError'>): this;
  /** `trace_id` and `span_id` of the active OpenTelemetry span in every event; needs `@opentelemetry/api`. */
  withOtel(otel: Value<'otel'>): this;
  /** Plugins in JavaScript. */
  withPlugins(plugins: Value<'plugins'>): this;
  /** How `json`, `logfmt` and `simple` write the time of an event: as RFC 3339 with 3, 6 or 9 digits behind the second, or as a number since 1970. An event has milliseconds; further digits are 0. */
  withTimestamp(timestamp: Value<'timestamp'>): this;
  /** Name of the service, in `context`. */
  withService(service: Value<'service'>): this;
  /** Deployment environment, in `context`. */
  withEnv(env: Value<'env'>): this;
  /** Version of the service, in `context`. */
  withVersion(version: Value<'version'>): this;
  /** `pretty` shows UTC instead of local time; all other formats always do. */
  withUtc(utc: Value<'utc'>): this;
  /** Adds a destination to those there are. */
  addSink(sink: SinkOptions): this;
  /** Standard output. */
  addStdout(options?: Omit<StdoutSinkOptions, 'type'>): this;
  /** Standard error. */
  addStderr(options?: Omit<StderrSinkOptions, 'type'>): this;
  /**
   * A file, rotating or not. Several processes may write to the same path.
   *
   * @param path - The active file; relative paths start at the working directory
   */
  addFile(path: string, options?: Omit<FileSinkOptions, 'type' | 'path'>): this;
  /** A sink that takes everything and keeps nothing. */
  addNull(options?: Omit<NullSinkOptions, 'type'>): this;
  /** Lines kept in memory, read with `log.takeLines(name)`. For tests. */
  addMemory(options?: Omit<MemorySinkOptions, 'type'>): this;
  private set;
}
/**
 * Makes a logger from settings that are given one by one: a `with…` for every setting, an `add…` for every type of
 * sink. Nothing is checked before the logger is made.
 */
declare class LoggerBuilder extends SettingsBuilder {
  /** `createLogger` with what was collected. May be called again for another logger. */
  build(): Logger;
  /** A `LoggingContainer` with what was collected. */
  buildContainer(): LoggingContainer;
}
/** What metrics are made of: a logger. */
interface MetricsSource {
  /** The counters. */
  metrics(): Metrics;
  /** The state of the sinks. */
  health(): Health;
}
/** Options of a `MetricsCollector`. */
interface MetricsCollectorOptions {
  /** What every name starts with. @default 'fapilog_' */
  readonly prefix?: string;
  /** Labels of every sample, to tell loggers of one process apart. @default none */
  readonly labels?: Readonly<Record<string, string>>;
}
/** What is needed of a `Registry` of the package prom-client. */
interface PrometheusRegistry {
  /** Adds a metric; throws for a name that is taken. */
  registerMetric(metric: never): void;
  /** Removes a metric. */
  removeSingleMetric(name: string): void;
}
/**
 * Metrics of a logger, as an object, as Prometheus text, and in a registry of prom-client. It only reads: counters
 * are kept by the native threads whether there is a collector or not.
 *
 * The number of samples depends on the settings of the logger alone, never on what is logged.
 */
declare class MetricsCollector {
  /** The media type of `prometheus()`, for a `Content-Type` header. */
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  private readonly source;
  private readonly prefix;
  private readonly labels;
  private snapshot;
  /**
   * @param source - a logger
   * @param options - prefix and labels of every metric
   * @throws {ConfigurationError} when the prefix or a label is none of Prometheus's names
   */
  constructor(source: MetricsSource, {
    prefix,
    labels
  }?: MetricsCollectorOptions);
  /** All counters as an object. */
  collect(): Metrics;
  /** State of the sinks. */
  health(): Health;
  /** All metrics in Prometheus's text format. */
  prometheus(): string;
  /**
   * Adds the metrics to a `Registry` of prom-client, which reads them anew at every scrape.
   *
   * @returns how to take them out again
   */
  register(registry: PrometheusRegistry): () => void;
  private families;
  /** One family for a scrape, which asks for all of them at once: they are read once. */
  private registered;
}
/**
 * Checks a plugin of any kind, which may be an instance of a class, and gives it back. A logger does the same.
 *
 * @throws {PluginError} listing every problem
 */
declare function definePlugin<P extends Plugin>(plugin: P): P;
/** Makes an enricher. @throws {PluginError} listing every problem */
declare function defineEnricher(enricher: Omit<Enricher, 'kind'>): Enricher;
/** Makes a filter. @throws {PluginError} listing every problem */
declare function defineFilter(filter: Omit<Filter, 'kind'>): Filter;
/** Makes a redactor. @throws {PluginError} listing every problem */
declare function defineRedactor(redactor: Omit<Redactor, 'kind'>): Redactor;
/** Makes a processor. @throws {PluginError} listing every problem */
declare function defineProcessor(processor: Omit<Processor, 'kind'>): Processor;
/** Makes a sink. @throws {PluginError} listing every problem */
declare function defineSink(sink: Omit<Sink, 'kind'>): Sink;
/** Returns its argument: a configuration that is checked while it is written. `createLogger` takes the result. */
declare function defineConfig<const Config extends LoggerOptions>(config: Config): Config;
export { type AdaptiveSamplingOptions, type BreakerOptions, type ChildOptions, ConfigurationError, type ConfigurationProblem, type DedupeOptions, type Duration, type EncryptFileOptions, type EncryptOptions, type EnrichOptions, type Enricher, type Enrichment, type EventsByLevel, FapilogError, type Fields, type FileSinkOptions, type Filter, type FilterOptions, type FirstOccurrenceOptions, type FormatName, type Health, type HealthStatus, type HistogramMetrics, type JoinOptions, type LazyFields, type LevelInput, type LevelName, type LevelSetting, type LiveOptions, type LogContext, type LogMethod, type Logger, LoggerBuilder, type LoggerOptions, type LoggerWith, LoggingContainer, type MemorySinkOptions, type Metrics, MetricsCollector, type MetricsCollectorOptions, type MetricsSource, type NullSinkOptions, PLUGIN_API_VERSION, type PinoOptions, PipelineError, type Plugin, type PluginCommon, PluginError, type PluginEvent, type PluginHealth, type PluginKind, type PluginMetrics, type PressureOptions, type PressureRung, type Processor, type ProcessorOptions, type PrometheusRegistry, type QueueOptions, type RateLimitOptions, type Receipt, type RedactDetector, type RedactField, type RedactOptions, type RedactPath, type RedactPattern, type RedactStrategy, type Redactor, type RetroactiveOptions, type RotateOptions, type RoutingOptions, type RoutingRule, type SamplingOptions, type Sink, type SinkCommonOptions, SinkError, type SinkHealth, type SinkMetrics, type SinkOptions, type SinkReceipt, type Size, type SizeGuardOptions, type StageMetrics, type StderrSinkOptions, type StdoutSinkOptions, type ThrottleOptions, type TraceParent, type TraceSamplingOptions, createLogger, decryptField, defineConfig, defineEnricher, defineFilter, definePlugin, defineProcessor, defineRedactor, defineSink, isCredentialName, joinLogger, newCorrelationId, parseTraceparent };