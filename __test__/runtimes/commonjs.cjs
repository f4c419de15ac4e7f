// Logs to standard output. commonjs.cjs COUNT
const { createLogger } = require('fapilog')

const count = Number(process.argv[2])
const log = createLogger({ format: 'minimal', queue: { overflow: 'block' } })
for (let n = 0; n < count; n++) log.info(`line ${n}`)
