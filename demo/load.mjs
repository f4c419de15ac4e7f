// The load: a process of its own that keeps a number of connections busy for some seconds. Started by run.mjs,
// which it tells its counts; or by hand: node demo/load.mjs http://127.0.0.1:3000 8 50
import http from 'node:http'
import { performance } from 'node:perf_hooks'

const [url = 'http://127.0.0.1:3000', seconds = '8', connections = '50'] = process.argv.slice(2)
const target = new URL(url)
const agent = new http.Agent({
  keepAlive: true,
  maxSockets: Number(connections),
  scheduling: 'fifo',
})

const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0', 'okhttp/4.12.0', 'curl/8.9.1']
const COUNTRIES = ['DE', 'FR', 'JP', 'BR', 'IN', 'US']
const CITIES = ['Köln', 'Orléans', '東京', 'São Paulo', 'पुणे', 'Boise']
const CATEGORIES = ['books', 'games', 'garden', 'kitchen', 'music']

const counts = { requests: 0, errors: 0, byStatus: {} }
const latencies = []
let random = 42

/** A whole number below `limit`, the same ones in every run. */
function below(limit) {
  random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
  return (random >>> 8) % limit
}

/** The next request: mostly lists and orders, now and then something slow, missing or broken. */
function next() {
  const kind = below(100)
  if (kind < 55) {
    return { path: `/products?category=${CATEGORIES[below(5)]}&page=${1 + below(40)}` }
  }
  if (kind < 90) return { method: 'POST', path: '/orders', body: order() }
  if (kind < 94) return { path: `/reports/${1 + below(500)}` }
  if (kind < 97) return { path: `/invoices/${1 + below(9000)}` }
  return { path: `/products/${below(1000)}/reviews` }
}

function order() {
  const place = below(COUNTRIES.length)
  const items = Array.from({ length: 1 + below(4) }, () => ({
    sku: `${CATEGORIES[below(5)].slice(0, 3)}-${below(4000)}`,
    quantity: 1 + below(9),
    price: 4.9 + below(60),
  }))
  const customer = { id: below(100_000), country: COUNTRIES[place], city: CITIES[place] }
  return JSON.stringify({ customer, items })
}

function send({ method = 'GET', path, body }) {
  return new Promise((resolve) => {
    const started = performance.now()
    const headers = { 'user-agent': AGENTS[below(AGENTS.length)] }
    if (body !== undefined) {
      headers['content-type'] = 'application/json'
      headers['content-length'] = Buffer.byteLength(body)
    }
    const failed = () => {
      counts.errors++
      resolve()
    }
    const { hostname: host, port } = target
    const request = http.request({ agent, host, port, method, path, headers }, (response) => {
      response.on('error', failed)
      response.on('end', () => {
        latencies.push(performance.now() - started)
        counts.requests++
        counts.byStatus[response.statusCode] = (counts.byStatus[response.statusCode] ?? 0) + 1
        resolve()
      })
      response.resume()
    })
    request.on('error', failed)
    request.end(body)
  })
}

// Nobody is left to tell the counts to.
process.on('disconnect', () => process.exit())

const started = performance.now()
const end = started + Number(seconds) * 1000
async function connection() {
  while (performance.now() < end) await send(next())
}

await Promise.all(Array.from({ length: Number(connections) }, connection))
agent.destroy()

const elapsedMs = performance.now() - started
latencies.sort((a, b) => a - b)
const percentile = (share) => latencies[Math.floor(latencies.length * share)] ?? 0
const result = { ...counts, elapsedMs, p50Ms: percentile(0.5), p99Ms: percentile(0.99) }
if (process.send === undefined) console.log(JSON.stringify(result))
else process.send(result, () => process.disconnect())
