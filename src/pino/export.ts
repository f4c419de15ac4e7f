// `pino`: a function that has everything else as properties.

import standard from 'pino-std-serializers'
import { destination } from './destination.js'
import type { SerializerFn } from './features.js'
import { type LevelMapping, mappings } from './levels.js'
import { multistream } from './multistream.js'
import { createPino } from './pino.js'
import type { RedactOptions } from './redaction.js'
import * as symbolsByName from './symbols.js'
import { stdTimeFunctions } from './time.js'
import { transport } from './transport.js'
import type * as types from './types.js'
import { version } from './version.js'

/** Names and numbers of the levels that every logger has. */
export const levels: LevelMapping = mappings()

/** Serializers of the package pino-std-serializers. */
export interface StdSerializers {
  /** Errors, their causes in message and stack; what loggers have for `err`. */
  readonly err: SerializerFn
  /** Errors with their causes below `cause`. */
  readonly errWithCause: SerializerFn
  /** A request of `node:http`, below `req`. */
  readonly mapHttpRequest: SerializerFn
  /** A response of `node:http`, below `res`. */
  readonly mapHttpResponse: SerializerFn
  /** A request of `node:http`. */
  readonly req: SerializerFn
  /** A response of `node:http`. */
  readonly res: SerializerFn
  /** A serializer that gets what `err` makes. */
  readonly wrapErrorSerializer: (serializer: SerializerFn) => SerializerFn
  /** A serializer that gets what `req` makes. */
  readonly wrapRequestSerializer: (serializer: SerializerFn) => SerializerFn
  /** A serializer that gets what `res` makes. */
  readonly wrapResponseSerializer: (serializer: SerializerFn) => SerializerFn
}

/** Serializers for what HTTP servers log. */
export const stdSerializers: StdSerializers = { ...standard }

/** Where loggers keep their parts, as far as pino-http and Fastify ask for them. */
export const symbols: Readonly<Record<string, symbol>> = { ...symbolsByName }

type CreatePino = typeof createPino

/** What `pino` is: a function, and everything else as its properties. */
export interface PinoExport extends CreatePino {
  /** Makes what native threads write to. */
  destination: typeof destination
  /** Makes a stream of a target's name. */
  transport: typeof transport
  /** Makes one stream of several. */
  multistream: typeof multistream
  /** Names and numbers of the levels that every logger has. */
  levels: LevelMapping
  /** Serializers for what HTTP servers log. */
  stdSerializers: StdSerializers
  /** Functions for the option `timestamp`. */
  stdTimeFunctions: typeof stdTimeFunctions
  /** Where loggers keep their parts. */
  symbols: typeof symbols
  /** The version of pino whose behaviour this is. */
  version: string
  /** The same. */
  default: PinoExport
  /** The same. */
  pino: PinoExport
}

/** Creates a logger that is called, and writes lines, as pino's. */
export const pino: PinoExport = Object.assign(createPino, {
  destination,
  transport,
  multistream,
  levels,
  stdSerializers,
  stdTimeFunctions,
  symbols,
  version,
}) as PinoExport
pino.default = pino
pino.pino = pino

/** The types as properties, for `pino.Logger`. @hidden */
export declare namespace pino {
  export type BaseLogger = types.PinoBaseLogger
  export type Bindings = types.PinoBindings
  export type ChildLoggerOptions = types.PinoChildLoggerOptions
  export type Level = types.PinoLevel
  export type LevelChangeEventListener<Custom extends string = never> =
    types.PinoLevelChangeEventListener<Custom>
  export type LevelOrString = types.PinoLevelOrString
  export type LevelWithSilent = types.PinoLevelWithSilent
  export type LevelWithSilentOrString = types.PinoLevelWithSilentOrString
  export type LogFn = types.PinoLogFn
  export type Logger<
    Custom extends string = never,
    OnlyCustom extends boolean = boolean,
  > = types.PinoLogger<Custom, OnlyCustom>
  export type LoggerExtras<Custom extends string = never> = types.PinoLoggerExtras<Custom>
  export type LoggerOptions<
    Custom extends string = never,
    OnlyCustom extends boolean = boolean,
  > = types.PinoLoggerOptions<Custom, OnlyCustom>
  export type MixinFn<Custom extends string = never> = types.PinoMixinFn<Custom>
  export type TransportOptions = types.PinoTransportOptions
  export type TransportTargetOptions = types.PinoTransportTargetOptions
  export type DestinationStream = types.PinoDestinationStream
  export type LevelMapping = types.PinoLevelMapping
  export type redactOptions = RedactOptions
  export type SerializerFn = types.PinoSerializerFn
  export type TimeFn = types.PinoTimeFn
}
