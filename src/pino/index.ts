// `fapilog/pino`: fapilog for code that was written for pino.

export type { Destination, DestinationOptions } from './destination.js'
export { destination } from './destination.js'
export type { PinoExport, StdSerializers } from './export.js'
export { levels, pino, pino as default, stdSerializers, symbols } from './export.js'
export type { Formatters, MixinMergeStrategyFn, SerializerFn } from './features.js'
export type { LevelComparison, LevelMapping } from './levels.js'
export type {
  MultiStream,
  MultiStreamEntry,
  MultiStreamOptions,
  StreamEntry,
} from './multistream.js'
export { multistream } from './multistream.js'
export type { DestinationStream } from './output.js'
export type { RedactOptions as redactOptions } from './redaction.js'
export type { TimeFn } from './time.js'
export { stdTimeFunctions } from './time.js'
export { transport } from './transport.js'
export type {
  PinoBaseLogger as BaseLogger,
  PinoBindings as Bindings,
  PinoChildLoggerOptions as ChildLoggerOptions,
  PinoLevel as Level,
  PinoLevelChangeEventListener as LevelChangeEventListener,
  PinoLevelOrString as LevelOrString,
  PinoLevelWithSilent as LevelWithSilent,
  PinoLevelWithSilentOrString as LevelWithSilentOrString,
  PinoLogFn as LogFn,
  PinoLogger as Logger,
  PinoLoggerExtras as LoggerExtras,
  PinoLoggerOptions as LoggerOptions,
  PinoMixinFn as MixinFn,
  PinoTransportOptions as TransportOptions,
  PinoTransportTargetOptions as TransportTargetOptions,
} from './types.js'
export { version } from './version.js'
