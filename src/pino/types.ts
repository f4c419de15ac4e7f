// The public types. Outside they have the names that pino's have; a namespace could not say `type Logger = Logger`.

import type { EventEmitter } from 'node:events'
import type { LoggerOptions as FapilogOptions } from 'fapilog'
import type { Formatters, MixinMergeStrategyFn, SerializerFn } from './features.js'
import type { LevelComparison, LevelMapping } from './levels.js'
import type { DestinationStream } from './output.js'
import type { RedactOptions } from './redaction.js'
import type { TimeFn } from './time.js'

export type { RedactOptions as redactOptions } from './redaction.js'
// For the namespace alone.
export type PinoDestinationStream = DestinationStream
export type PinoLevelMapping = LevelMapping
export type PinoSerializerFn = SerializerFn
export type PinoTimeFn = TimeFn

/** Names of the levels that every logger has. */
export type PinoLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
/** What a threshold may be. */
export type PinoLevelWithSilent = PinoLevel | 'silent'
/** A level, also one of the application's own. */
export type PinoLevelOrString = PinoLevel | (string & {})
/** A threshold, also a level of the application's own. */
export type PinoLevelWithSilentOrString = PinoLevelWithSilent | (string & {})
/** Fields of a logger. */
// biome-ignore lint/suspicious/noExplicitAny: as pino declares it
export type PinoBindings = Record<string, any>

/** A log method: a message with arguments for its placeholders, or an object (or Error) and then a message. */
export interface PinoLogFn {
  (message: string, ...args: unknown[]): void
  (fields: unknown, message?: string, ...args: unknown[]): void
}

/** Is told of a threshold that was set. */
export type PinoLevelChangeEventListener<Custom extends string = never> = (
  level: PinoLevelWithSilentOrString,
  value: number,
  previousLevel: PinoLevelWithSilentOrString,
  previousValue: number,
  logger: PinoLogger<Custom>,
) => void

/** What every logger has. */
export interface PinoBaseLogger {
  /** The threshold; setting it changes this logger, and children that have none of their own. */
  level: PinoLevelWithSilentOrString
  /** Logs at fatal (60); returns when the line is written. */
  fatal: PinoLogFn
  /** Logs at error (50). */
  error: PinoLogFn
  /** Logs at warn (40). */
  warn: PinoLogFn
  /** Logs at info (30). */
  info: PinoLogFn
  /** Logs at debug (20). */
  debug: PinoLogFn
  /** Logs at trace (10). */
  trace: PinoLogFn
  /** Does nothing. */
  silent: PinoLogFn
  /** What stands before every message. */
  readonly msgPrefix: string | undefined
}

/** What a logger has besides its methods. */
export interface PinoLoggerExtras<Custom extends string = never> extends EventEmitter {
  /** The version of pino whose behaviour this is. */
  readonly version: string
  /** Names and numbers of the levels. */
  levels: LevelMapping
  /** Number of the threshold. */
  levelVal: number
  /** A logger whose lines have these fields too. */
  child(bindings: PinoBindings, options?: PinoChildLoggerOptions): PinoLogger<Custom>
  /** Is called with each child. */
  onChild: (child: PinoLogger<Custom>) => void
  on(event: 'level-change', listener: PinoLevelChangeEventListener<Custom>): this
  addListener(event: 'level-change', listener: PinoLevelChangeEventListener<Custom>): this
  once(event: 'level-change', listener: PinoLevelChangeEventListener<Custom>): this
  prependListener(event: 'level-change', listener: PinoLevelChangeEventListener<Custom>): this
  prependOnceListener(event: 'level-change', listener: PinoLevelChangeEventListener<Custom>): this
  removeListener(event: 'level-change', listener: PinoLevelChangeEventListener<Custom>): this
  /** Whether a call at this level would be logged. False for names that are no level. */
  isLevelEnabled(level: PinoLevelWithSilentOrString): boolean
  /** The fields of this logger and those above it, without `pid` and `hostname`. */
  bindings(): PinoBindings
  /** Adds fields to the lines of this logger. */
  setBindings(bindings: PinoBindings): void
  /** Calls back when everything logged before was written. */
  flush(done?: (error?: Error) => void): void
}

/** A logger; `Custom` are the names of its own levels. */
export type PinoLogger<Custom extends string = never, OnlyCustom extends boolean = boolean> = Omit<
  PinoBaseLogger,
  [OnlyCustom] extends [true] ? Exclude<PinoLevel, Custom> : never
> &
  PinoLoggerExtras<Custom> & { [Name in Custom]: PinoLogFn }

/** Fields that a function adds to each call. */
export type PinoMixinFn<Custom extends string = never> = (
  fields: object,
  level: number,
  logger: PinoLogger<Custom>,
) => object

/** Options of `pino()`. Names that pino does not know either are not looked at. */
export interface PinoLoggerOptions<
  Custom extends string = never,
  OnlyCustom extends boolean = boolean,
> {
  /** Settings of fapilog for what pino has no option for: rotation, redaction, filters, sinks. */
  fapilog?: FapilogOptions
  /** @default 'info' */
  level?: PinoLevelWithSilentOrString
  /** Name of the logger, in every line. */
  name?: string | undefined
  /** Fields of every line; `null` for none, the name included. @default `{ pid, hostname }` */
  base?: PinoBindings | null | undefined
  /** `false`: no time. A function that is one of `stdTimeFunctions` costs nothing. @default true */
  timestamp?: TimeFn | boolean
  /** @default 'msg' */
  messageKey?: string
  /** @default 'err' */
  errorKey?: string
  /** Key of an object with the fields of the call. @default none */
  nestedKey?: string | null
  /** Functions that make parts of a line. */
  formatters?: Formatters
  /** What is logged of a field, by its name. @default `{ err: stdSerializers.err }`, on the native side */
  serializers?: { [key: string]: SerializerFn }
  /** Places whose values nobody may see. */
  redact?: string[] | RedactOptions
  /** Adds fields to each call. */
  mixin?: PinoMixinFn<Custom>
  /** How these and the fields of the call become one object. @default those of the call win */
  mixinMergeStrategy?: MixinMergeStrategyFn
  /** At most 8 besides pino's. */
  customLevels?: { [Name in Custom]: number }
  /** @default false */
  useOnlyCustomLevels?: OnlyCustom
  /** @default 'ASC' */
  levelComparison?: 'ASC' | 'DESC' | LevelComparison
  /** Functions that see calls and lines. */
  hooks?: {
    /** Is called in place of the method, which is its second argument. */
    logMethod?:
      | ((
          this: PinoLogger<Custom>,
          args: Parameters<PinoLogFn>,
          method: PinoLogFn,
          level: number,
        ) => void)
      | undefined
    /** Changes each line; they come back to this thread for it. */
    streamWrite?: ((line: string) => string) | undefined
  }
  /** Depth of what has circles. @default circles are marked, whatever the depth */
  depthLimit?: number
  /** Properties and elements of what has circles. @default no limit */
  edgeLimit?: number
  /** Stands before every message. */
  msgPrefix?: string
  /** Lines end with CR LF. @default false */
  crlf?: boolean
  /** Accepted: circles and BigInts are always safe. */
  safe?: boolean
  /** `false`: nothing is logged. @default true */
  enabled?: boolean
  /** Is called with each child. */
  onChild?: (child: PinoLogger<Custom>) => void
  /** `pino/file`, or `pino-pretty` if it is installed; see `pino.transport`. */
  transport?: PinoTransportOptions
}

/** Options of `child`. */
export interface PinoChildLoggerOptions {
  /** Threshold of the child. @default the parent's */
  level?: PinoLevelWithSilentOrString | undefined
  /** Serializers besides the parent's, or in their place. */
  serializers?: { [key: string]: SerializerFn } | undefined
  /** Refused: levels are named in the options of `pino()`. */
  customLevels?: Record<string, number> | undefined
  /** `bindings` for this child's own, `log` in place of the parent's. */
  formatters?: Formatters | undefined
  /** In place of the parent's. */
  redact?: string[] | RedactOptions | undefined
  /** Stands behind the prefix of the parent. */
  msgPrefix?: string | undefined
}

/** One target of `pino.transport`. */
export interface PinoTransportTargetOptions {
  /** `pino/file` or `pino-pretty`. */
  target: string
  /** Those of `pino.destination`, with the path as `destination`; or those of pino-pretty. */
  options?: Record<string, unknown>
  /** Lowest level that it takes. @default 'info' among several, else all that are logged */
  level?: PinoLevelWithSilentOrString
}

/** Options of `pino.transport`. */
export interface PinoTransportOptions extends Partial<PinoTransportTargetOptions> {
  /** Several targets. */
  targets?: readonly PinoTransportTargetOptions[]
  /** Numbers of levels that pino does not have. */
  levels?: Record<string, number>
  /** Each line goes only to the targets of the highest level that take it. @default false */
  dedupe?: boolean
}
