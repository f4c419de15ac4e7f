// biome-ignore-all lint/suspicious/noConfusingVoidType: a method that has only changed its event returns void

// What a plugin is: the types that its author sees, and the functions that check what was written.

import { PluginError } from '../errors.js'
import { type LevelInput, type LevelName, LevelTable } from '../levels.js'
import { nearestName } from '../nearest-name.js'
import { FORMATS } from '../settings/format-names.js'
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
  /** The plugin's own version. */
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
  /** Events of a batch that an asynchronous plugin works on at once. 1 to 1,000. @default 1 */
  readonly concurrency?: number
}

/** Adds to events, before redaction. A failure lets the event go on without the addition. */
export interface Enricher extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'enricher'
  /** Returns what is to be merged into the event; nothing for nothing. */
  enrich(event: PluginEvent): Awaitable<Enrichment | undefined | void>
}

/** Says which events go on, before redaction. A failure lets the event go on. */
export interface Filter extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'filter'
  /** Returns false for an event that ends here. */
  filter(event: PluginEvent): Awaitable<boolean>
}

/** Takes secrets out of events. A failure withholds the event's message and fields. */
export interface Redactor extends PluginCommon {
  /** The kind of plugin. */
  readonly kind: 'redactor'
  /** Returns the event, or nothing when it has changed the one it got. */
  redact(event: PluginEvent): Awaitable<PluginEvent | undefined | void>
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
  ): Awaitable<readonly (PluginEvent | null | undefined)[] | undefined | void>
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
  /** Writes events. A throw or a rejection is a failure of all of them. */
  write?(events: PluginEvent[]): Awaitable<void>
  /** Writes the lines of `format`, each ended by a line feed. Has precedence. */
  writeLines?(lines: string): Awaitable<void>
}

/** How long a call may take when the plugin does not say, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 30_000

/** Any plugin. */
export type Plugin = Enricher | Filter | Redactor | Processor | Sink
/** Kinds of plugins. */
export type PluginKind = Plugin['kind']

/** The methods of which a plugin of a kind needs one. */
const METHODS: Readonly<Record<PluginKind, readonly string[]>> = {
  enricher: ['enrich'],
  filter: ['filter'],
  redactor: ['redact'],
  processor: ['process', 'processBatch'],
  sink: ['write', 'writeLines'],
}

const NUMBERS = {
  timeoutMs: [1, 3_600_000],
  maxFailures: [1, 1_000_000],
  cooldownMs: [0, 3_600_000],
  concurrency: [1, 1000],
  queueBytes: [65_536, 1 << 30],
} as const

const WHEN_FULL: readonly unknown[] = ['block', 'drop-oldest', 'drop-newest']

/** What is wrong with a plugin, or undefined. */
export function pluginProblem(plugin: unknown): string | undefined {
  if (typeof plugin !== 'object' || plugin === null) return 'a plugin is an object'
  const given = plugin as Record<string, unknown>
  const kinds = Object.keys(METHODS)
  if (!kinds.includes(given['kind'] as string)) {
    const near = nearestName(String(given['kind']), kinds)
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`
    return `kind is one of ${kinds.join(', ')}, not ${String(given['kind'])}${hint}`
  }
  if (typeof given['name'] !== 'string' || given['name'] === '') return 'name is a text, not empty'
  const who = `plugin ${given['name']}`
  const methods = METHODS[given['kind'] as PluginKind]
  if (!methods.some((method) => typeof given[method] === 'function')) {
    return `${who}: a ${String(given['kind'])} has a method ${methods.join(' or ')}`
  }
  for (const method of ['start', 'stop', 'health', ...methods]) {
    if (given[method] !== undefined && typeof given[method] !== 'function')
      return `${who}: ${method} is a function`
  }
  for (const [name, [min, max]] of Object.entries(NUMBERS)) {
    const value = given[name]
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= min && value <= max))
      return `${who}: ${name} is a number from ${min} to ${max}`
  }
  const { apiVersion, level, format, whenFull } = given
  if (level !== undefined && (new LevelTable().find(level)?.index ?? -1) < 0)
    return `${who}: level is a built-in level, not ${String(level)}`
  if (format !== undefined && !(FORMATS as readonly unknown[]).includes(format))
    return `${who}: format is one of ${FORMATS.join(', ')}`
  if (whenFull !== undefined && !WHEN_FULL.includes(whenFull))
    return `${who}: whenFull is one of ${WHEN_FULL.join(', ')}`
  if (apiVersion === undefined) return undefined
  if (typeof apiVersion !== 'string' || !/^\d+\.\d+$/.test(apiVersion))
    return `${who}: apiVersion is a text such as '${PLUGIN_API_VERSION}'`
  if (!supports(apiVersion))
    return `${who}: written for version ${apiVersion} of the plugin contracts, this fapilog has ${PLUGIN_API_VERSION}: ${
      Number(apiVersion.split('.')[0]) > Number(PLUGIN_API_VERSION.split('.')[0])
        ? 'upgrade fapilog'
        : 'upgrade the plugin'
    }`
  return undefined
}

/** Whether a plugin written for a version of the contracts works with these. */
export function supports(apiVersion: string): boolean {
  const [major, minor] = apiVersion.split('.').map(Number)
  const [ourMajor, ourMinor] = PLUGIN_API_VERSION.split('.').map(Number)
  return major === ourMajor && (minor as number) <= (ourMinor as number)
}

function defined<P extends Plugin>(plugin: P): P {
  const problem = pluginProblem(plugin)
  if (problem !== undefined) throw new PluginError(problem)
  return plugin
}

/** Makes an enricher. @throws {PluginError} naming what is wrong */
export function defineEnricher(enricher: Omit<Enricher, 'kind'>): Enricher {
  return defined({ ...enricher, kind: 'enricher' })
}

/** Makes a filter. @throws {PluginError} naming what is wrong */
export function defineFilter(filter: Omit<Filter, 'kind'>): Filter {
  return defined({ ...filter, kind: 'filter' })
}

/** Makes a redactor. @throws {PluginError} naming what is wrong */
export function defineRedactor(redactor: Omit<Redactor, 'kind'>): Redactor {
  return defined({ ...redactor, kind: 'redactor' })
}

/** Makes a processor. @throws {PluginError} naming what is wrong */
export function defineProcessor(processor: Omit<Processor, 'kind'>): Processor {
  return defined({ ...processor, kind: 'processor' })
}

/** Makes a sink. @throws {PluginError} naming what is wrong */
export function defineSink(sink: Omit<Sink, 'kind'>): Sink {
  return defined({ ...sink, kind: 'sink' })
}
