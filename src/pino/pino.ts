// Options of pino → settings of fapilog → the first logger.

import { hostname } from 'node:os'
import { createLogger, type LoggerOptions as FapilogOptions } from 'fapilog'
import { err } from 'pino-std-serializers'
import { destination } from './destination.js'
import { bounding, combined, type Features, type Formatters, type MixinFn } from './features.js'
import {
  comparison,
  DEFAULT_LEVELS,
  type LevelMapping,
  mappings,
  type NativeLevels,
  nativeLevels,
} from './levels.js'
import { type Hooks, Pino, visible } from './logger.js'
import type { Native } from './native.js'
import { type DestinationStream, type Output, output } from './output.js'
import { problem } from './problem.js'
import { redaction } from './redaction.js'
import { epochTime, nativeTime, nullTime, type TimeFn } from './time.js'
import { transport } from './transport.js'
import type { PinoLogger, PinoLoggerOptions } from './types.js'

type Options = PinoLoggerOptions<string>

type Json = string | number | boolean | null

/** Closes what a logger has left behind when neither it nor a child of it can be called any more. */
const abandoned = new FinalizationRegistry<() => void>((close) => close())

/**
 * Creates a logger that is called, and writes lines, as pino's.
 *
 * @param options - see `PinoLoggerOptions`; or what would be the second argument
 * @param stream - a path, `pino.destination()`, or anything with a method `write`. @default standard output
 * @throws {ConfigurationError} for options that are wrong, or that this cannot do: it says what to do instead
 * @throws {SinkError} when a file cannot be opened
 */
export function createPino<Custom extends string = never, OnlyCustom extends boolean = boolean>(
  options?: PinoLoggerOptions<Custom, OnlyCustom> | DestinationStream | string,
  stream?: DestinationStream | string,
): PinoLogger<Custom, OnlyCustom> {
  const [given, to] = sorted(options as Options | DestinationStream | string | undefined, stream)
  return build(given, to) as never
}

/** The arguments, whichever way they come. */
function sorted(
  given: Options | DestinationStream | string | null | undefined,
  second: DestinationStream | string | undefined,
): [Options, unknown] {
  const first = given ?? {}
  if (typeof first === 'string') return [{}, destination(first)]
  if (isStream(first)) return [{}, first]
  const { transport: wanted } = first
  if (wanted) {
    if (second !== undefined && second !== null)
      throw problem('transport', wanted, 'only one of it and a stream')
    if (isStream(wanted)) throw problem('transport', wanted, 'options; a stream is an argument')
    return [first, transport(wanted)]
  }
  return [first, typeof second === 'string' ? destination(second) : (second ?? undefined)]
}

const isStream = (value: object): value is DestinationStream =>
  typeof (value as DestinationStream).write === 'function'

function build(options: Options, stream: unknown): Pino {
  const { customLevels, useOnlyCustomLevels = false, hooks = {}, fapilog = {}, onChild } = options
  if ((options as { prettyPrint?: unknown }).prettyPrint)
    throw problem('prettyPrint', true, "transport: { target: 'pino-pretty' } instead")
  if (useOnlyCustomLevels && !customLevels)
    throw problem('customLevels', customLevels, 'levels, as useOnlyCustomLevels is set')
  if (fapilog.sinks !== undefined && stream !== undefined)
    throw problem('fapilog.sinks', fapilog.sinks, 'only one of it and a stream')
  const levels = mappings(customLevels ?? {}, useOnlyCustomLevels)
  const nativeLevelsOf = nativeLevels(levels)
  const threshold = thresholdOf(options, levels)
  const features = featuresOf(options)
  const to = output(stream, nativeLevelsOf, hooks.streamWrite !== undefined)
  const compare = comparison(options.levelComparison)
  const native = start(options, features, levels, nativeLevelsOf, to)
  const pino = new Pino({
    native,
    name: native.name,
    features,
    levels,
    nativeLevels: nativeLevelsOf,
    comparison: compare,
    onlyCustomLevels: useOnlyCustomLevels,
    hooks: hooks as Hooks,
    msgPrefix: options.msgPrefix,
    stream: (stream ?? process.stdout) as DestinationStream,
    lines: to.stream,
    onChild: onChild as ((child: never) => void) | undefined,
  })
  for (const one of to.destinations) one.attach(native)
  abandoned.register(pino, () => {
    for (const one of to.destinations) one.detach(native)
    void native.close()
  })
  pino.level = threshold
  // What a transport wants to know before it reads lines.
  const emitter = stream as { emit?(event: string, message: object): void } | undefined
  if (typeof emitter?.emit === 'function') {
    const { messageKey, errorKey } = features
    emitter.emit('message', { code: 'PINO_CONFIG', config: { levels, messageKey, errorKey } })
  }
  return pino
}

/** Name of the level that the options ask for. Names of pino's levels are taken in any case. */
function thresholdOf(
  { level = 'info', enabled }: Options,
  { labels, values }: LevelMapping,
): string {
  if (enabled === false) return 'silent'
  const lower = String(level).toLowerCase()
  const name = labels[level as never] ?? (lower in DEFAULT_LEVELS ? lower : level)
  if (values[name] !== undefined) return name
  throw problem('level', level, `one of ${[...Object.keys(values), 'silent'].join(', ')}`)
}

function featuresOf(options: Options): Features {
  const { mixin, msgPrefix, redact, nestedKey, depthLimit, edgeLimit } = options
  if (mixin !== undefined && mixin !== null && typeof mixin !== 'function')
    throw problem('mixin', mixin, 'a function')
  if (msgPrefix !== undefined && typeof msgPrefix !== 'string')
    throw problem('msgPrefix', msgPrefix, 'a text')
  const time = timeOf(options)
  return {
    messageKey: options.messageKey ?? 'msg',
    errorKey: options.errorKey ?? 'err',
    nestedKey: nestedKey || undefined,
    serializers: combined({ err }, options.serializers),
    formatters: options.formatters ?? {},
    redaction: redact ? redaction(redact) : undefined,
    mixin: (mixin as MixinFn | undefined) ?? undefined,
    mixinMergeStrategy: options.mixinMergeStrategy,
    time: nativeTime(time) === undefined ? time : undefined,
    bounded:
      depthLimit === undefined && edgeLimit === undefined
        ? undefined
        : bounding(depthLimit, edgeLimit),
  }
}

function timeOf(options: Options): TimeFn {
  const { timestamp = !('timestamp' in options) } = options
  return typeof timestamp === 'function' ? timestamp : timestamp ? epochTime : nullTime
}

/** Starts a pipeline for the options. */
function start(
  options: Options,
  features: Features,
  levels: LevelMapping,
  { customLevels, byNumber }: NativeLevels,
  to: Output,
): Native {
  const { fapilog = {}, name, base, formatters, serializers, redact } = options
  const origin = { pid: process.pid, hostname: hostname() }
  // The native side knows the fields that lines usually have, unless something here wants to see them.
  const isUsual = !('base' in options || formatters?.bindings || serializers || redact)
  const settings: FapilogOptions = {
    ...fapilog,
    ...(isUsual && name !== undefined ? { name } : {}),
    // Which calls are logged is decided here, by the numbers of pino.
    level: ([...byNumber.values()][0]?.name ?? 'TRACE') as never,
    customLevels,
    format: fapilog.format ?? 'pino',
    pino: {
      messageKey: features.messageKey,
      // Whose message a line has is decided here.
      errorKey: '',
      timestamp: nativeTime(timeOf(options)) ?? 'none',
      origin: isUsual,
      levels: saidOfLevels(levels, byNumber, formatters?.level),
      crlf: options.crlf === true,
    },
    sinks: fapilog.sinks ?? to.sinks,
    queue: { overflow: 'block', ...fapilog.queue },
    ...(to.sync ? { sync: true } : {}),
    ...(to.fsync ? { durability: 'fsync' } : {}),
  }
  const native = createLogger(settings) as Native
  if (isUsual || base === null) return native
  const fields = 'base' in options ? base : origin
  return native.child(visible(features, { ...fields, ...(name === undefined ? {} : { name }) }))
}

/** What lines say of each level, by the name that the native side has for it. */
function saidOfLevels(
  { labels }: LevelMapping,
  byNumber: NativeLevels['byNumber'],
  formatter: Formatters['level'] = (_label, level) => ({ level }),
) {
  const said = [...byNumber].map(([number, { name }]) => {
    const object = formatter(labels[number] as string, number)
    return [name, JSON.parse(JSON.stringify(object)) as Record<string, Json>] as const
  })
  return Object.fromEntries(said)
}
