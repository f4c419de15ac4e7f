// Checked settings → the document that the native side gets.

import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { wantsColor } from '../color.js'
import type { LevelTable } from '../levels.js'
import { DEFAULT_COOLDOWN_MS, DEFAULT_MAX_FAILURES, type Sink } from '../plugins/contracts.js'
import { placesOf } from '../plugins/places.js'
import { LEVELS } from '../wire/layout.js'
import { kubernetesFields } from './kubernetes.js'
import { redactDocument } from './redact-document.js'
import type { ResolvedSettings } from './schema.js'
import type { ResolvedSink } from './sink.js'
import { sinkNames } from './sink-names.js'

/** File descriptors of the sinks that may be terminals. */
const STANDARD_STREAMS: Readonly<Record<string, number>> = { stdout: 1, stderr: 2 }
/** Bound of the queue of a plugin that is a sink, when it does not say. */
const PLUGIN_QUEUE_BYTES = 8 << 20
/** How long a sink's thread waits for JavaScript, which says itself when the plugin has taken too long for one call. */
const ANSWER_MS = 86_400_000

/**
 * The document for the native side.
 *
 * @param isTerminal - whether a standard stream (1, 2) is one
 */
export function nativeDocument(
  settings: ResolvedSettings,
  levels: LevelTable,
  isTerminal: (fd: number) => boolean,
): string {
  const names = sinkNames(settings.sinks)
  const sinks = settings.sinks.map((sink, index) => {
    const fd = STANDARD_STREAMS[sink.type]
    const terminal = fd !== undefined && isTerminal(fd)
    return {
      name: names[index] as string,
      destination: destination(sink, settings.durability === 'crash-safe'),
      format: sink.format ?? settings.format ?? (terminal ? 'pretty' : 'json'),
      color: sink.color ?? wantsColor(terminal),
      level: (levels.find(sink.level) ?? levels.lowest).name,
      queueBytes: sink.queueBytes,
      whenFull: sink.whenFull,
      ...breakerOf(sink),
    }
  })
  for (const plugin of settings.plugins) {
    if (plugin.kind === 'sink') sinks.push(pluginSink(plugin, levels))
  }
  return JSON.stringify({
    constants: {
      name: settings.name ?? null,
      service: settings.service ?? null,
      env: settings.env ?? null,
      version: settings.version ?? null,
      hostname: hostname(),
      pid: process.pid,
      utc: settings.utc,
      pino: pinoDocument(settings.pino),
      timestamp: settings.timestamp,
    },
    customLevels: levels.levels.slice(LEVELS.length).map(({ name, value }) => ({ name, value })),
    sinks,
    ...changeable(settings),
    ...(settings.pressure === undefined ? {} : { pressure: pressureDocument(settings) }),
    plugins: {
      places: placesOf(settings.plugins),
      queueBytes: settings.queue.pluginBytes,
    },
    fsync: settings.durability === 'fsync',
    diagnostics: { all: settings.diagnostics, collect: settings.onError !== undefined },
    ...(settings.durability === 'crash-safe' ? { crashSafe: crashSafe(settings) } : {}),
  })
}

/** What the native side writes as it is: levels as the text of their object. */
function pinoDocument({ levels, ...same }: ResolvedSettings['pino']): object {
  const texts = Object.entries(levels).map(([name, said]) => [name, JSON.stringify(said)])
  return { ...same, levels: Object.fromEntries(texts) }
}

/** What can change while events flow: the document of `NativePipeline.reconfigure`. */
export function changeable(settings: ResolvedSettings): object {
  const { filters, processors, redact, routing } = settings
  const stages = {
    filters,
    enrich: { fields: staticFields(settings.enrich) },
    ...(redact === undefined ? {} : { redact: redactDocument(redact) }),
    processors,
  }
  return { stages, ...(routing === undefined ? {} : { routing }) }
}

/** Fields of every event: found out about this process, and given. */
function staticFields({ fields, kubernetes, runtime }: ResolvedSettings['enrich']): object {
  const { version: node, platform, arch } = process
  const k8s = kubernetes ? kubernetesFields() : undefined
  return {
    ...(k8s === undefined ? {} : { k8s }),
    ...(runtime ? { runtime: { node, platform, arch } } : {}),
    ...fields,
  }
}

/** What is protected in the ring is protected on the way as well. */
function pressureDocument({ pressure, queue }: ResolvedSettings): object {
  return { ...pressure, protectedLevel: queue.protectedLevel }
}

/** A fallback needs a breaker, whether the user has named one or not. */
function breakerOf({ fallback, breaker }: ResolvedSink): object {
  if (fallback === undefined) return breaker === undefined ? {} : { breaker }
  return { fallback, breaker: breaker ?? { failures: 5, probeMs: 30_000 } }
}

/** When a plugin that is a destination is not tried for a while. */
function pluginBreaker({ fallback, maxFailures, cooldownMs }: Sink): object {
  if (fallback === undefined && maxFailures === undefined) return {}
  const breaker = {
    failures: maxFailures ?? DEFAULT_MAX_FAILURES,
    probeMs: cooldownMs ?? DEFAULT_COOLDOWN_MS,
  }
  return { breaker, ...(fallback === undefined ? {} : { fallback }) }
}

/** A plugin that is a destination; a slow one must not hold up the others. */
function pluginSink(plugin: Sink, levels: LevelTable) {
  return {
    name: plugin.name,
    destination: { type: 'plugin', timeoutMs: ANSWER_MS },
    format: (plugin.writeLines && plugin.format) ?? 'json',
    color: false,
    level: (levels.find(plugin.level) ?? levels.lowest).name,
    queueBytes: plugin.queueBytes ?? PLUGIN_QUEUE_BYTES,
    whenFull: plugin.whenFull ?? 'drop-oldest',
    ...pluginBreaker(plugin),
  }
}

/** Where the ring's file goes and what it is called. */
function crashSafe(settings: ResolvedSettings): object {
  const first = settings.sinks.find((sink) => sink.type === 'file')
  const beside = first === undefined ? '.' : dirname(first.path)
  const name = (settings.name ?? 'fapilog').replaceAll(/[^\w-]+/g, '_').slice(0, 64)
  return { directory: resolve(settings.crashSafeDir ?? join(beside, '.fapilog')), name }
}

function destination(sink: ResolvedSink, absolute: boolean): object {
  switch (sink.type) {
    case 'memory':
      return { type: 'memory', maxBytes: sink.maxBytes }
    case 'file': {
      const { keepFor, interval, ...rotate } = sink.rotate
      // Whoever recovers has another working directory. What names a directory is refused later, as it is.
      const path = absolute && !/[\\/]$/.test(sink.path) ? resolve(sink.path) : sink.path
      return {
        type: 'file',
        path,
        mode: sink.mode,
        dirMode: sink.dirMode,
        mkdir: sink.mkdir,
        rotate: {
          ...rotate,
          ...(interval === undefined ? {} : { interval }),
          ...(keepFor === undefined ? {} : { keepForMs: keepFor }),
        },
        ...(sink.encrypt === undefined ? {} : { encrypt: sink.encrypt }),
      }
    }
    default:
      return { type: sink.type }
  }
}
