// Options → checked settings → the document that the native side gets.

import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { isatty } from 'node:tty'
import type { z } from 'zod/mini'
import { ConfigurationError, type ConfigurationProblem } from '../errors.js'
import { LEVEL_NAMES, levelIndex, levelName } from '../levels.js'
import type { LoggerOptions } from './options.js'
import {
  namesAt,
  type ResolvedSettings,
  type ResolvedSink,
  SINK_TYPES,
  settingsSchema,
} from './schema.js'

/** Sinks that have room in the journal of a ring's file (crates/ring/src/journal.rs). */
const MAX_CRASH_SAFE_SINKS = 14

type Issue = z.core.$ZodIssue

/** Checks options. @throws {ConfigurationError} that lists every problem */
export function resolveSettings(options: LoggerOptions): ResolvedSettings {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw ConfigurationError.of([
      { path: 'options', value: options, expected: 'an object of options' },
    ])
  }
  const result = settingsSchema.safeParse(options)
  if (!result.success)
    throw ConfigurationError.of(
      result.error.issues.flatMap((issue) => problems(issue, [], options)),
    )
  const settings = result.data
  const { queue } = settings
  const quarter = ringBytes(settings) / 4
  const maxEventBytes =
    options.queue?.maxEventBytes === undefined
      ? Math.min(queue.maxEventBytes, quarter)
      : queue.maxEventBytes
  const found = repeatedNames(settings.sinks)
  if (maxEventBytes > quarter) {
    found.push({
      path: 'queue.maxEventBytes',
      value: maxEventBytes,
      expected: `at most a quarter of queue.ringBytes (${quarter})`,
    })
  }
  found.push(...crashSafeProblems(settings))
  if (found.length > 0) throw ConfigurationError.of(found)
  return { ...settings, queue: { ...queue, maxEventBytes } }
}

function repeatedNames(sinks: ResolvedSettings['sinks']): ConfigurationProblem[] {
  const names = explicitNames(sinks)
  return names.flatMap((name, index) =>
    name === undefined || names.indexOf(name) === index
      ? []
      : [{ path: `sinks[${index}].name`, value: name, expected: 'a name that no other sink has' }],
  )
}

function explicitNames(sinks: ResolvedSettings['sinks']): (string | undefined)[] {
  return sinks.map((sink) => (typeof sink === 'string' ? undefined : sink.name))
}

/** Size of the ring: the setting, rounded up to a power of two. */
export function ringBytes(settings: ResolvedSettings): number {
  return 2 ** Math.ceil(Math.log2(settings.queue.ringBytes))
}

/** The document for the native side. */
export function nativeDocument(settings: ResolvedSettings): string {
  const names = new Set(explicitNames(settings.sinks).filter((name) => name !== undefined))
  const sinks = settings.sinks.map((sink) => {
    const full: ResolvedSink =
      typeof sink === 'string' ? { type: sink, queueBytes: 2 << 20, whenFull: 'block' } : sink
    const name = full.name ?? freeName(full.type, names)
    const terminal = isTerminal(full)
    const format = full.format ?? settings.format ?? (terminal ? 'pretty' : 'json')
    return {
      name,
      destination: destination(full, settings.durability === 'crash-safe'),
      format,
      color: full.color ?? wantsColor(terminal),
      level: full.level === undefined ? 'TRACE' : levelName(levelIndex(full.level) as number),
      queueBytes: full.queueBytes,
      whenFull: full.whenFull,
    }
  })
  const { env } = process
  return JSON.stringify({
    constants: {
      name: settings.name ?? null,
      service: settings.service ?? env['FAPILOG_SERVICE'] ?? null,
      env: settings.env ?? env['FAPILOG_ENV'] ?? null,
      version: settings.version ?? env['FAPILOG_VERSION'] ?? null,
      hostname: hostname(),
      pid: process.pid,
      utc: settings.utc,
    },
    sinks,
    fsync: settings.durability === 'fsync',
    diagnostics: { all: settings.diagnostics, collect: settings.onError !== undefined },
    ...(settings.durability === 'crash-safe' ? { crashSafe: crashSafe(settings) } : {}),
  })
}

/** The file sinks, which make a crash-safe logger possible. */
function fileSinks(settings: ResolvedSettings) {
  return settings.sinks.filter((sink) => typeof sink !== 'string' && sink.type === 'file')
}

/** Where the ring's file goes and what it is called. */
function crashSafe(settings: ResolvedSettings): object {
  const [first] = fileSinks(settings)
  const beside = typeof first === 'object' && first.type === 'file' ? dirname(first.path) : '.'
  const name = (settings.name ?? 'fapilog').replaceAll(/[^\w-]+/g, '_').slice(0, 64)
  return { directory: resolve(settings.crashSafeDir ?? join(beside, '.fapilog')), name }
}

/** What `durability: 'crash-safe'` asks of the other settings. */
function crashSafeProblems(settings: ResolvedSettings): ConfigurationProblem[] {
  const { durability } = settings
  if (durability !== 'crash-safe') return []
  const count = fileSinks(settings).length
  if (count === 0 || count > MAX_CRASH_SAFE_SINKS) {
    return [
      {
        path: 'durability',
        value: durability,
        expected: `1 to ${MAX_CRASH_SAFE_SINKS} sinks of type file, not ${count}`,
      },
    ]
  }
  return settings.sinks.flatMap((sink, index) =>
    typeof sink === 'object' && sink.type === 'file' && sink.whenFull !== 'block'
      ? [
          {
            path: `sinks[${index}].whenFull`,
            value: sink.whenFull,
            expected: "'block' with durability 'crash-safe', which drops no line at a file",
          },
        ]
      : [],
  )
}

/** The type, numbered when it is taken. */
function freeName(type: string, names: Set<string>): string {
  let name = type
  for (let number = 2; names.has(name); number++) name = `${type}-${number}`
  names.add(name)
  return name
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
      }
    }
    default:
      return { type: sink.type }
  }
}

function isTerminal(sink: ResolvedSink): boolean {
  return (sink.type === 'stdout' && isatty(1)) || (sink.type === 'stderr' && isatty(2))
}

/** NO_COLOR and FORCE_COLOR as https://no-color.org and https://force-color.org define them. */
function wantsColor(terminal: boolean): boolean {
  const { env } = process
  const forced = env['FORCE_COLOR']
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return terminal && env['TERM'] !== 'dumb'
}

function show(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else text += text === '' ? String(part) : `.${String(part)}`
  }
  return text === '' ? 'options' : text
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const part of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[part]
  return value
}

function problems(
  issue: Issue,
  base: readonly PropertyKey[],
  input: unknown,
): ConfigurationProblem[] {
  const path = [...base, ...issue.path]
  const value = at(input, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const names = namesAt(path, input)
        const shown = path.length === 0 ? key : `${show(path)}.${key}`
        return {
          path: shown,
          value: at(input, [...path, key]),
          expected: `no such setting; known are ${names.join(', ')}`,
          candidates: names,
          name: key,
        }
      })
    case 'invalid_value':
      return [
        {
          path: show(path),
          value,
          expected: `one of ${issue.values.map((known) => JSON.stringify(known)).join(', ')}`,
          candidates: issue.values.map(String),
        },
      ]
    case 'invalid_union': {
      if ('discriminator' in issue && issue.discriminator === 'type') {
        return [
          {
            path: show(path[path.length - 1] === 'type' ? path : [...path, 'type']),
            value: path[path.length - 1] === 'type' ? value : at(input, [...path, 'type']),
            expected: `one of ${SINK_TYPES.map((type) => JSON.stringify(type)).join(', ')}`,
            candidates: SINK_TYPES,
          },
        ]
      }
      if (hasOwnMessage(issue)) return [{ path: show(path), value, expected: issue.message }]
      // The branch that got furthest is the one that was meant.
      const chosen = issue.errors.find((branch) =>
        branch.some(
          (one) =>
            one.path.length > 0 || one.code === 'unrecognized_keys' || 'discriminator' in one,
        ),
      )
      if (typeof value === 'object' && value !== null && chosen !== undefined)
        return chosen.flatMap((one) => problems(one, path, input))
      const branches = issue.errors.flat()
      const values = branches.flatMap((one) =>
        one.code === 'invalid_value' ? one.values.map(String) : [],
      )
      const others = branches.flatMap((one) => alternative(one))
      const expected = [
        ...(values.length > 0
          ? [`one of ${values.map((known) => JSON.stringify(known)).join(', ')}`]
          : []),
        ...new Set(others),
      ]
      return [{ path: show(path), value, expected: expected.join(' or '), candidates: values }]
    }
    case 'invalid_type':
      return [{ path: show(path), value, expected: article(issue.expected) }]
    case 'too_small':
      return [
        { path: show(path), value, expected: `at least ${issue.minimum}${unit(issue.origin)}` },
      ]
    case 'too_big':
      return [
        { path: show(path), value, expected: `at most ${issue.maximum}${unit(issue.origin)}` },
      ]
    default:
      return [{ path: show(path), value, expected: issue.message, ...levelNames(issue) }]
  }
}

/** Whether the schema says itself what is right. */
function hasOwnMessage(issue: Issue): boolean {
  return issue.code === 'invalid_union' && issue.message !== 'Invalid input'
}

/** What one branch of a union would have taken. */
function alternative(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [article(issue.expected)]
  if (issue.code === 'custom' || hasOwnMessage(issue)) return [issue.message]
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(alternative) : []
}

function article(type: string): string {
  const name = type === 'int' ? 'integer' : type
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

function unit(origin: string): string {
  return origin === 'string' ? ' character(s)' : origin === 'array' ? ' element(s)' : ''
}

function levelNames(issue: Issue): { candidates?: readonly string[] } {
  if (!issue.message.startsWith('a level')) return {}
  const names = [...LEVEL_NAMES, 'WARN', 'FATAL']
  return { candidates: issue.message.includes('SILENT') ? [...names, 'SILENT'] : names }
}
