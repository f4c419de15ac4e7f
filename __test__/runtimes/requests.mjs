// A server with the request log, asked many times at once. requests.mjs PATH COUNT
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from 'fapilog'
import { fapilog } from 'fapilog/express'

const [, , path, count] = process.argv
const log = createLogger({ format: 'json', sinks: [{ type: 'file', path }] })
const db = log.child({}, { name: 'db' })
const requests = fapilog({ logger: log })
const server = createServer((request, response) =>
  requests(request, response, async () => {
    await sleep(Math.random() * 5)
    db.info('query')
    response.end('ok')
  }),
)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address()
const echoed = await Promise.all(
  Array.from({ length: Number(count) }, async (_, n) => {
    const headers = { 'x-request-id': `r-${n}` }
    const answer = await fetch(`http://127.0.0.1:${port}/orders/${n}?q=1`, { headers })
    await answer.text()
    return answer.headers.get('x-request-id') === `r-${n}`
  }),
)
server.closeAllConnections()
server.close()
await requests.end()
await log.close()
console.log(echoed.filter(Boolean).length)
