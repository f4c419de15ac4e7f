// `fapilog/bridges`: what logs through something else arrives in fapilog.

export { type ConsoleMethod, captureConsole } from './console.js'
export { captureDebug, type DebugModule } from './debug.js'
export type { LevelMethod } from './levels.js'
export { type PinoDestination, pinoDestination } from './pino.js'
export type { Capture } from './restoring.js'
export { captureWarnings } from './warnings.js'
export { type WinstonTransportOptions, winstonTransport } from './winston.js'
