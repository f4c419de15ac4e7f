// What is bundled: settings to check, a file, an adapter, and what is not allowed. app PATH
import { createLogger } from 'fapilog'
import { fapilog } from 'fapilog/express'

const path = process.argv[2]
const log = createLogger({ format: 'pino', sinks: [{ type: 'file', path }] })
fapilog({ logger: log }).logger.info({ orderId: 42 }, 'order placed')
try {
  createLogger({ levl: 'INFO' })
} catch (error) {
  log.warn(error.code)
}
log.close().then(({ complete }) => console.log(complete))
