// biome-ignore-all lint/suspicious/noConfusingVoidType: a method that has only changed its event returns void

// What a plugin is: the types that its author sees. src/settings/plugins.ts has the bounds and checks them.

import type { LevelInput, LevelName } from '../levels.js'
import type { FormatName } from '../settings/options.js'

/** Version of these contracts. A plugin names the major version it was written for. */
export const PLUGIN_API_VERSION = '1.0'

/** An event as plugins see it: a plain object, theirs to change. */
export interface PluginEvent {
  /** Time of the event, RFC 3339 in UTC with milliseconds. */
  timestamp: string
  /** Level in upper case. */
  level: LevelName | (string & {})
  /** What the call said, with its format filled in. */
  message: string
  /** Name of the logger. A change of it has no effect. */
  readonly logger?: string
  /** Who and where: correlation, request, user, tenant, trace. */
  context: Record<string, unknown>
  /** What the logger has to say: origin, exception, truncations. */
  diagnostics: Record<string, unknown>
  /** What the call and its child loggers passed. */
  data: Record<string, unknown>
}

/** Sections to be merged into an event. */
export interface Enrichment {
  /** For `context`: who and where. */
  readonly context?: Readonly<Record<string, unknown>>
  /** For `diagnostics`: about the logger itself. */
  readonly diagnostics?: Readonly<Record<string, unknown>>
  /** For `data`: beside what the call passed. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** State of a plugin's health check. */
export interface PluginHealth {
  /** Whether it can do its work. */
  readonly healthy: boolean
  /** What else there is to say. */
  readonly details?: unknown
}

type Awaitable<T> = T | PromiseLike<T>

/** What every plugin may have. */
export interface PluginCommon {
  /** Unique among the plugins of a logger; the key in metrics. */
  readonly name: string
  /** The plugin's own version, such as `1.0.0`. */
  readonly version?: string
  /** Version of the contracts it was written for. @default '1.0' */
  readonly apiVersion?: string
  /** Is called once before the first event; events wait for it. */
  start?(): Awaitable<void>
  /** Is called once after the last event. */
  stop?(): Awaitable<void>
  /** Says whether the plugin can do its work. */
  health?(): Awaitable<PluginHealth>
  /** Longest time that one call may take, in milliseconds. 1 to 3,600,000. @default 30_000 */
  readonly timeoutMs?: number
  /** Failures in a row after which the plugin is not asked for a while. 1 to 1,000,000. @default 5 */
  readonly maxFailures?: number
  /** How long that while is, in milliseconds; then one event tries it. 0 to 3,600,000. @default 30_000 */
  readonly cooldownMs?: number
  /** Events of a batch that an asynchronous method for one event works on at once. 1 to 1,000. @default 1 */
  readonly concurrency?: number
}

/** Adds to events, before redaction. A failure lets the event go on without the addition. */
export interface Enricher extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'enricher'
  /** Returns what is to be merged into the event; nothing for nothing. */
  enrich?(event: PluginEvent): Awaitable<Enrichment | undefined | void>
  /** As `enrich` for all events of a batch: one result for each. Has precedence. */
  enrichBatch?(
    events: PluginEvent[],
  ): Awaitable<readonly (Enrichment | undefined | void)[] | undefined | void>
}

/** Says which events go on, before redaction. A failure lets the event go on. */
export interface Filter extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'filter'
  /** Returns false for an event that ends here. */
  filter?(event: PluginEvent): Awaitable<boolean>
  /** As `filter` for all events of a batch: one result for each. Has precedence. */
  filterBatch?(events: PluginEvent[]): Awaitable<readonly boolean[]>
}

/** Takes secrets out of events. A failure withholds the event's message and fields. */
export interface Redactor extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'redactor'
  /** Returns the event, or nothing when it has changed the one it got. */
  redact?(event: PluginEvent): Awaitable<PluginEvent | undefined | void>
  /** As `redact` for all events of a batch: one result for each. Has precedence. */
  redactBatch?(
    events: PluginEvent[],
  ): Awaitable<readonly (PluginEvent | undefined | void)[] | undefined | void>
}

/** Changes events or ends them, after redaction. A failure lets the event go on as it was. */
export interface Processor extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'processor'
  /** Returns the event, nothing when it has changed the one it got, or null for an event that ends here. */
  process?(event: PluginEvent): Awaitable<PluginEvent | null | undefined | void>
  /** As `process` for all events of a batch: one result for each. Has precedence. */
  processBatch?(
    events: PluginEvent[],
  ): Awaitable<readonly (PluginEvent | null | undefined | void)[] | undefined | void>
}

/** A destination. A failure is retried: every event is written at least once, or counted as dropped. */
export interface Sink extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'sink'
  /** Lowest level that it takes. @default every level the logger lets through */
  readonly level?: LevelInput
  /** Format of the lines for `writeLines`. @default 'json' */
  readonly format?: FormatName
  /** Bound of its queue in bytes. 65,536 to 1,073,741,824. @default 8,388,608 */
  readonly queueBytes?: number
  /** What happens when the queue is full. @default 'drop-oldest' */
  readonly whenFull?: 'block' | 'drop-oldest' | 'drop-newest'
  /**
   * Failed writes in a row after which it is not tried for `cooldownMs`; meanwhile its lines go to the `fallback`, or
   * are dropped and counted. 1 to 1,000,000. @default it is tried for as long as it takes; 5 with a `fallback`
   */
  readonly maxFailures?: number
  /** Name of a sink in the setting `sinks` that writes the lines that this one fails to write. @default none */
  readonly fallback?: string
  /** Writes one event. What has failed is tried again, what was written is not. */
  writeEvent?(event: PluginEvent): Awaitable<void>
  /** Writes the events of a batch. A throw or a rejection is a failure of all of them. Has precedence. */
  write?(events: PluginEvent[]): Awaitable<void>
  /** Writes the lines of `format`, each ended by a line feed. Has precedence. */
  writeLines?(lines: string): Awaitable<void>
}

/** How long a call may take when the plugin does not say, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 30_000
/** After how many failures in a row a plugin is not asked for a while. */
export const DEFAULT_MAX_FAILURES = 5
/** How long that while is, in milliseconds. */
export const DEFAULT_COOLDOWN_MS = 30_000

/** Any plugin. */
export type Plugin = Enricher | Filter | Redactor | Processor | Sink
/** Kinds of plugins. */
export type PluginKind = Plugin['kind']

/** The methods of which a plugin of a kind needs one. One for a batch has precedence over one for an event. */
export const PLUGIN_METHODS = {
  enricher: ['enrich', 'enrichBatch'],
  filter: ['filter', 'filterBatch'],
  redactor: ['redact', 'redactBatch'],
  processor: ['process', 'processBatch'],
  sink: ['writeEvent', 'write', 'writeLines'],
} as const satisfies Readonly<Record<PluginKind, readonly string[]>>

/** The kinds of plugins. */
export const PLUGIN_KINDS = Object.keys(PLUGIN_METHODS) as readonly PluginKind[] as readonly [
  PluginKind,
  ...PluginKind[],
]

/** Whether a plugin written for a version of the contracts works with these. */
export function supports(apiVersion: string): boolean {
  const [major, minor] = apiVersion.split('.').map(Number)
  const [ourMajor, ourMinor] = PLUGIN_API_VERSION.split('.').map(Number)
  return major === ourMajor && (minor as number) <= (ourMinor as number)
}
