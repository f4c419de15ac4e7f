// Where a logger keeps its parts, under pino's names. Those that other packages rely on hold what pino has there:
// `serializersSym` and `formattersSym` (Fastify), `chindingsSym` and `stringifySym` (pino-http).

export const setLevelSym: unique symbol = Symbol('pino.setLevel')
export const getLevelSym: unique symbol = Symbol('pino.getLevel')
export const levelValSym: unique symbol = Symbol('pino.levelVal')
export const levelCompSym: unique symbol = Symbol('pino.levelComp')
export const useOnlyCustomLevelsSym: unique symbol = Symbol('pino.useOnlyCustomLevels')
export const chindingsSym: unique symbol = Symbol('pino.chindings')
export const writeSym: unique symbol = Symbol('pino.write')
export const streamSym: unique symbol = Symbol('pino.stream')
export const stringifySym: unique symbol = Symbol('pino.stringify')
export const messageKeySym: unique symbol = Symbol('pino.messageKey')
export const errorKeySym: unique symbol = Symbol('pino.errorKey')
export const msgPrefixSym: unique symbol = Symbol('pino.msgPrefix')

// The same in every copy of pino.
export const serializersSym: unique symbol = Symbol.for('pino.serializers') as never
export const formattersSym: unique symbol = Symbol.for('pino.formatters') as never
export const hooksSym: unique symbol = Symbol.for('pino.hooks') as never
export const needsMetadataGsym: unique symbol = Symbol.for('pino.metadata') as never
