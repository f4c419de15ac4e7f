// The logger of the drop-in. Children inherit from their parent, as those of pino do: what a program hangs on a logger, its
// children have too.

import { EventEmitter } from 'node:events'
import {
  attempt,
  combined,
  type Features,
  type Formatters,
  isPlain,
  type Serializers,
  shown,
} from './features.js'
import type { LevelComparison, LevelMapping, NativeLevels } from './levels.js'
import type { Native } from './native.js'
import type { DestinationStream } from './output.js'
import { problem } from './problem.js'
import { redaction } from './redaction.js'
import {
  chindingsSym,
  errorKeySym,
  formattersSym,
  getLevelSym,
  hooksSym,
  levelCompSym,
  levelValSym,
  messageKeySym,
  msgPrefixSym,
  serializersSym,
  setLevelSym,
  streamSym,
  stringifySym,
  useOnlyCustomLevelsSym,
  writeSym,
} from './symbols.js'
import type { PinoChildLoggerOptions } from './types.js'
import { version } from './version.js'
import {
  featuresSym,
  linesSym,
  type Method,
  method,
  nativeSym,
  type Write,
  type Writing,
  writePlain,
  writeShaped,
} from './write.js'

/** Functions that see calls and lines. */
export interface Hooks {
  /** Called in place of the method. */
  logMethod?: ((this: never, args: never, method: never, level: number) => void) | undefined
  /** Changes a line on its way to the stream; lines come back to this thread for it. */
  streamWrite?: ((line: string) => string) | undefined
}

const nativeLevelsSym = Symbol('nativeLevels')
const methodsSym = Symbol('methods')
const nameSym = Symbol('name')
const noop = () => undefined

type Bindings = Record<string, unknown>

/** Keys of bindings that are options of `child`, from a time when it had only one argument. */
const NO_BINDINGS = ['level', 'serializers', 'formatters', 'customLevels']

/** What a logger is made of. */
export interface Parts {
  readonly native: Native
  readonly name: string | undefined
  readonly features: Features
  readonly levels: LevelMapping
  readonly nativeLevels: NativeLevels
  readonly comparison: LevelComparison
  readonly onlyCustomLevels: boolean
  readonly hooks: Hooks
  readonly msgPrefix: string | undefined
  readonly stream: DestinationStream
  readonly lines: DestinationStream | undefined
  readonly onChild: ((child: never) => void) | undefined
}

/** A logger. */
export class Pino extends EventEmitter {
  declare levels: LevelMapping
  declare onChild: (child: never) => void
  declare [nativeSym]: Native
  declare [featuresSym]: Features
  declare [linesSym]: DestinationStream | undefined
  declare [streamSym]: DestinationStream
  declare [writeSym]: Write
  declare [levelValSym]: number
  declare [levelCompSym]: LevelComparison
  declare [useOnlyCustomLevelsSym]: boolean
  declare [hooksSym]: Hooks
  declare [msgPrefixSym]: string | undefined
  declare [messageKeySym]: string
  declare [errorKeySym]: string
  declare [serializersSym]: Serializers
  declare [formattersSym]: Formatters
  declare private [nativeLevelsSym]: NativeLevels
  declare private [methodsSym]: Map<number, Method>
  declare private [nameSym]: string | undefined

  constructor(parts: Parts) {
    super()
    const { features } = parts
    this.levels = parts.levels
    this.onChild = (parts.onChild as ((child: never) => void) | undefined) ?? noop
    this[nativeSym] = parts.native
    this[linesSym] = parts.lines
    this[streamSym] = parts.stream
    this[levelCompSym] = parts.comparison
    this[useOnlyCustomLevelsSym] = parts.onlyCustomLevels
    this[hooksSym] = parts.hooks
    this[msgPrefixSym] = parts.msgPrefix
    this[messageKeySym] = features.messageKey
    this[errorKeySym] = features.errorKey
    this[nativeLevelsSym] = parts.nativeLevels
    this[methodsSym] = new Map()
    this[nameSym] = parts.name
    this.equip(features)
  }

  get [Symbol.toStringTag](): string {
    return 'Pino'
  }

  get version(): string {
    return version
  }

  /** Name of the threshold. @throws {ConfigurationError} when set to something that is no level */
  get level(): string {
    return this[getLevelSym]()
  }

  set level(level: string) {
    this[setLevelSym](level)
  }

  /** Number of the threshold. */
  get levelVal(): number {
    return this[levelValSym]
  }

  set levelVal(value: number) {
    throw problem('levelVal', value, 'nothing: set level instead')
  }

  get msgPrefix(): string | undefined {
    return this[msgPrefixSym]
  }

  silent(): void {}

  isLevelEnabled(level: string): boolean {
    const value = this.levels.values[level]
    return value !== undefined && this[levelCompSym](value, this[levelValSym])
  }

  /**
   * A logger whose lines have these fields too.
   *
   * @throws {ConfigurationError} for options that are not right
   */
  child(bindings: Bindings, options?: PinoChildLoggerOptions): Pino {
    if (!bindings) throw problem('bindings', bindings, 'an object; {} for no further fields')
    const child = Object.create(this) as Pino
    const own = this[featuresSym]
    const { redact, serializers, formatters, msgPrefix, customLevels, level } = options ?? {}
    // The formatter of bindings is for the logger that was given it.
    if (serializers || formatters || redact || own.formatters.bindings) {
      child.equip({
        ...own,
        ...(serializers && { serializers: combined(own.serializers, serializers) }),
        formatters: { ...own.formatters, bindings: undefined, ...defined({ ...formatters }) },
        ...(redact && { redaction: redaction(redact) }),
      })
    }
    if (customLevels)
      throw problem('child.customLevels', customLevels, 'none: name them in the options of pino()')
    if (typeof msgPrefix === 'string') child[msgPrefixSym] = (this[msgPrefixSym] ?? '') + msgPrefix
    child[nativeSym] = this[nativeSym].child(visible(child[featuresSym], bindings))
    if (level !== undefined && level !== this.level) child[setLevelSym](level || this.level)
    if (this.onChild !== noop) this.onChild(child as never)
    return child
  }

  /** The fields of this logger and those above it. */
  bindings(): Bindings {
    const { pid: _pid, hostname: _hostname, ...rest } = this[nativeSym].bindings()
    const name = this[nameSym]
    return name === undefined ? rest : { name, ...rest }
  }

  /** Adds fields to the lines of this logger, and of children that are made later. */
  setBindings(bindings: Bindings): void {
    this[nativeSym] = this[nativeSym].child(visible(this[featuresSym], bindings))
  }

  /**
   * Calls back when everything logged before was written.
   *
   * @throws {ConfigurationError} when the callback is no function
   */
  flush(done?: (error?: Error) => void): void {
    if (done !== undefined && done !== null && typeof done !== 'function')
      throw problem('flush', done, 'a function')
    const lines = this[linesSym] as { flush?: (done: () => void) => void } | undefined
    if (lines === undefined)
      this[nativeSym].flush().then(
        () => done?.(),
        (error: Error) => done?.(error),
      )
    else if (typeof lines.flush === 'function') lines.flush(done ?? noop)
    else done?.()
  }

  /** The fields as text, for whoever looks for one in it. */
  get [chindingsSym](): string {
    const text = this[stringifySym](this.bindings()).slice(1, -1)
    return text === '' ? '' : `,${text}`
  }

  [stringifySym](value: unknown): string {
    try {
      return JSON.stringify(value)
    } catch {
      return '"[unable to serialize, circular reference is too complex to analyze]"'
    }
  }

  [getLevelSym](): string {
    return this.levels.labels[this[levelValSym]] ?? ''
  }

  [setLevelSym](given: string | number): void {
    const { labels, values } = this.levels
    const level = typeof given === 'number' ? labels[given] : given
    const value = level === undefined ? undefined : values[level]
    if (level === undefined || value === undefined)
      throw problem('level', given, `one of ${[...Object.keys(values), 'silent'].join(', ')}`)
    const before = this[levelValSym]
    this[levelValSym] = value
    const methods = this as unknown as Record<string, unknown>
    for (const [label, number] of Object.entries(values))
      methods[label] = this[levelCompSym](number, value)
        ? this.methodOf(number, label === 'fatal' && !this[useOnlyCustomLevelsSym])
        : noop
    this.emit('level-change', level, value, labels[before], before, this)
  }

  /** Takes what calls and bindings need. */
  private equip(features: Features): void {
    this[featuresSym] = features
    this[serializersSym] = features.serializers
    this[formattersSym] = features.formatters
    this[writeSym] = isPlain(features) ? writePlain : writeShaped
  }

  private methodOf(number: number, isFatal: boolean): Method {
    const methods = this[methodsSym]
    // Fatal calls wait, and no other level has this number.
    const key = isFatal ? Number.NaN : number
    const known = methods.get(key)
    if (known !== undefined) return known
    const index = this[nativeLevelsSym].byNumber.get(number)?.index as number
    const plain = method(number, index)
    const made = isFatal ? waiting(plain) : plain
    const hook = this[hooksSym].logMethod as
      | ((this: Writing, args: unknown[], method: Method, level: number) => void)
      | undefined
    const hooked: Method =
      hook === undefined
        ? made
        : function (...args) {
            hook.call(this, args, made, number)
          }
    methods.set(key, hooked)
    return hooked
  }
}

/** A method that returns when its line is written, because the process may not live much longer. */
function waiting(call: Method): Method {
  return function LOG(...args) {
    call.apply(this, args)
    const stream = this[linesSym] as { flushSync?: () => void } | undefined
    try {
      if (stream === undefined) this[nativeSym].flushSync()
      else stream.flushSync?.()
    } catch {
      // A log call never throws.
    }
  }
}

/** The fields of a logger as formatter, serializers and redaction leave them. */
export function visible(features: Features, given: Bindings): Bindings {
  const { bindings: formatter } = features.formatters
  const bindings = ((formatter === undefined ? given : formatter(given)) ?? {}) as Bindings
  const all: Bindings = {}
  for (const key of Object.keys(bindings)) {
    const value = attempt(() => bindings[key])
    if (value !== undefined && !NO_BINDINGS.includes(key)) all[key] = shown(features, key, value)
  }
  return all
}

function defined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<T>
}
