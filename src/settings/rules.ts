// What settings ask of each other.

import type { ConfigurationProblem } from '../errors.js'
import { customLevelProblem, LevelTable } from '../levels.js'
import { isLoggerPattern, LOGGER_PATTERN } from '../thresholds.js'
import { ringBytes } from './ring-bytes.js'
import type { ResolvedSettings } from './schema.js'
import { sinkNames } from './sink-names.js'

/** Sinks that have room in the journal of a ring's file (crates/ring/src/journal.rs). */
const MAX_CRASH_SAFE_SINKS = 14

type Rule = (settings: ResolvedSettings) => ConfigurationProblem[]

/** Every rule; each names all that is wrong. */
export const RULES: readonly Rule[] = [
  customLevels,
  loggerPatterns,
  pinoLevels,
  repeatedNames,
  repeatedPlugins,
  eventsFitTheRing,
  crashSafeSinks,
  routedSinks,
  fallbacks,
  pluginFallbacks,
  crashSafePlugins,
  crashSafeHashKey,
  crashSafePressure,
]

/** Each level of the application's own beside the built-in ones and those before it. */
function customLevels({ customLevels: custom }: ResolvedSettings): ConfigurationProblem[] {
  return Object.entries(custom).flatMap(([name, value], at, all) => {
    const { levels } = new LevelTable(Object.fromEntries(all.slice(0, at)))
    const expected = customLevelProblem(name, value, levels)
    return expected === undefined ? [] : [{ path: `customLevels.${name}`, value, expected }]
  })
}

function loggerPatterns({ levels }: ResolvedSettings): ConfigurationProblem[] {
  return Object.keys(levels)
    .filter((pattern) => !isLoggerPattern(pattern))
    .map((pattern) => ({
      path: `levels[${JSON.stringify(pattern)}]`,
      value: pattern,
      expected: LOGGER_PATTERN,
    }))
}

/** The levels that lines of the format `pino` name otherwise. */
function pinoLevels({ customLevels: custom, pino }: ResolvedSettings): ConfigurationProblem[] {
  const levels = new LevelTable(custom)
  const names = levels.levels.map(({ name }) => name)
  return Object.keys(pino.levels)
    .filter((name) => (levels.find(name)?.index ?? -1) < 0)
    .map((name) => ({
      path: `pino.levels.${name}`,
      value: name,
      expected: `a level: ${names.join(', ')}`,
      candidates: names,
      name,
    }))
}

function repeatedNames({ sinks }: ResolvedSettings): ConfigurationProblem[] {
  const names = sinks.map(({ name }) => name)
  return names.flatMap((name, index) =>
    name === undefined || names.indexOf(name) === index
      ? []
      : [{ path: `sinks[${index}].name`, value: name, expected: 'a name that no other sink has' }],
  )
}

/** Plugins are told apart by name, and those that are sinks from other sinks too. */
function repeatedPlugins({ plugins, sinks }: ResolvedSettings): ConfigurationProblem[] {
  const names = plugins.map(({ name }) => name)
  return plugins.flatMap(({ kind, name }, index) => {
    const taken = kind === 'sink' && sinks.some((sink) => (sink.name ?? sink.type) === name)
    if (names.indexOf(name) === index && !taken) return []
    return [
      {
        path: `plugins[${index}].name`,
        value: name,
        expected: `a name that no other plugin${taken ? ' or sink' : ''} has`,
      },
    ]
  })
}

/** What was left in a ring is written without plugins, and compared with lines that they may have changed. */
function crashSafePlugins({ durability, plugins }: ResolvedSettings): ConfigurationProblem[] {
  if (durability !== 'crash-safe' || plugins.every(({ kind }) => kind === 'sink')) return []
  return [
    {
      path: 'durability',
      value: durability,
      expected: 'another mode with plugins other than sinks, without which recovery would write',
    },
  ]
}

function eventsFitTheRing(settings: ResolvedSettings): ConfigurationProblem[] {
  const quarter = ringBytes(settings) / 4
  const { maxEventBytes } = settings.queue
  if (maxEventBytes <= quarter) return []
  return [
    {
      path: 'queue.maxEventBytes',
      value: maxEventBytes,
      expected: `at most a quarter of queue.ringBytes (${quarter})`,
    },
  ]
}

/** What `durability: 'crash-safe'` asks of the sinks. */
function crashSafeSinks({ durability, sinks }: ResolvedSettings): ConfigurationProblem[] {
  if (durability !== 'crash-safe') return []
  const count = sinks.filter(({ type }) => type === 'file').length
  if (count === 0 || count > MAX_CRASH_SAFE_SINKS) {
    return [
      {
        path: 'durability',
        value: durability,
        expected: `1 to ${MAX_CRASH_SAFE_SINKS} sinks of type file, not ${count}`,
      },
    ]
  }
  const encrypted = sinks.flatMap((sink, index) =>
    sink.type === 'file' && sink.encrypt !== undefined
      ? [
          {
            path: `sinks[${index}].encrypt`,
            value: sink.encrypt,
            expected:
              "none with durability 'crash-safe', whose ring has the same events in a file that is not encrypted",
          },
        ]
      : [],
  )
  const dropping = sinks.flatMap((sink, index) =>
    sink.type === 'file' && sink.whenFull !== 'block'
      ? [
          {
            path: `sinks[${index}].whenFull`,
            value: sink.whenFull,
            expected: "'block' with durability 'crash-safe', which drops no line at a file",
          },
        ]
      : [],
  )
  return [...encrypted, ...dropping]
}

/** Routing names sinks that there are. */
function routedSinks({ sinks, routing }: ResolvedSettings): ConfigurationProblem[] {
  const names = sinkNames(sinks)
  const unknown = (path: string, list: readonly string[]) =>
    list.flatMap((name, index) =>
      names.includes(name) ? [] : [notASink(`${path}[${index}]`, name, names)],
    )
  return [
    ...(routing?.rules ?? []).flatMap((rule, index) =>
      unknown(`routing.rules[${index}].sinks`, rule.sinks),
    ),
    ...unknown('routing.otherwise', routing?.otherwise ?? []),
  ]
}

/** A plugin falls back to a sink of the settings, which has no fallback itself. */
function pluginFallbacks({ plugins, sinks }: ResolvedSettings): ConfigurationProblem[] {
  const names = sinkNames(sinks)
  return plugins.flatMap((plugin, index) => {
    if (plugin.kind !== 'sink' || plugin.fallback === undefined) return []
    const path = `plugins[${index}].fallback`
    const other = sinks[names.indexOf(plugin.fallback)]
    if (other === undefined) return [notASink(path, plugin.fallback, names)]
    if ((other.fallback ?? other.breaker) === undefined) return []
    const expected = 'a sink without a fallback or breaker of its own'
    return [{ path, value: plugin.fallback, expected }]
  })
}

/** A fallback is another sink, which has none itself. */
function fallbacks({ sinks, durability }: ResolvedSettings): ConfigurationProblem[] {
  const names = sinkNames(sinks)
  return sinks.flatMap(({ fallback, breaker, type }, index) => {
    const found: ConfigurationProblem[] = []
    const path = `sinks[${index}]`
    if (durability === 'crash-safe' && type === 'file' && (fallback ?? breaker) !== undefined) {
      found.push({
        path: fallback === undefined ? `${path}.breaker` : `${path}.fallback`,
        value: fallback ?? breaker,
        expected:
          "none with durability 'crash-safe', whose ring keeps the events of a file until it can be written",
      })
    }
    if (fallback === undefined) return found
    const other = sinks[names.indexOf(fallback)]
    if (other === undefined) return [...found, notASink(`${path}.fallback`, fallback, names)]
    if (names[index] === fallback || (other.fallback ?? other.breaker) !== undefined) {
      found.push({
        path: `${path}.fallback`,
        value: fallback,
        expected: 'another sink, one without a fallback or breaker of its own',
      })
    }
    return found
  })
}

function notASink(path: string, name: string, names: readonly string[]): ConfigurationProblem {
  return { path, value: name, expected: `a sink: ${names.join(', ')}`, candidates: names, name }
}
/** Settings are kept in the ring's file, where no key belongs. */
function crashSafeHashKey({ durability, redact }: ResolvedSettings): ConfigurationProblem[] {
  if (durability !== 'crash-safe' || redact?.hashKey === undefined) return []
  return [
    {
      path: 'redact.hashKey',
      value: '…',
      expected:
        "hashKeyEnv instead with durability 'crash-safe', which keeps the settings in a file",
    },
  ]
}

/** Every event is kept until it is in its file, so that nothing can be given up. */
function crashSafePressure({ durability, pressure }: ResolvedSettings): ConfigurationProblem[] {
  if (durability !== 'crash-safe' || pressure === undefined) return []
  const expected =
    "none with durability 'crash-safe', which keeps every event until it is in its file"
  return [{ path: 'pressure', value: pressure, expected }]
}
