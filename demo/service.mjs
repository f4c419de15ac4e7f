// The service of the demo: a small shop on Fastify. Every request gets a child logger with its id, the
// handlers log what they do, and one line says how the request ended.
import Fastify, { LogController } from 'fastify'

const CATEGORIES = ['books', 'games', 'garden', 'kitchen', 'music']
const CARRIERS = ['dhl', 'ups', 'post', 'pick-up']
const TABLES = ['orders', 'order_items', 'stock_moves', 'invoices']

/**
 * Builds the app; the caller listens and closes.
 *
 * @param log - anything with the log methods and `child`; Fastify hands it to handlers as `request.log`
 */
export function buildService(log) {
  let orders = 10_000
  const app = Fastify({
    loggerInstance: log,
    // `request_id` is one of the context keys: it has its place in `context` of the JSON record.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'request_id',
    }),
    genReqId: () => `r-${(++orders).toString(36)}`,
    childLoggerFactory: (logger, bindings, _options, raw) => logger.child(bindings, raw.url),
  })

  app.addHook('onResponse', async (request, reply) => {
    const { statusCode: status, elapsedTime } = reply
    const fields = {
      method: request.method,
      route: request.routeOptions.url ?? request.url,
      status,
      latencyMs: Math.round(elapsedTime * 100) / 100,
      bytes: Number(reply.getHeader('content-length') ?? 0),
    }
    if (status >= 500) request.log.error('request failed', fields)
    else if (status >= 400) request.log.warn('request refused', fields)
    else request.log.info('request completed', fields)
  })

  app.setErrorHandler(async (error, request, reply) => {
    request.log.error(error, 'handler threw', { url: request.url })
    return reply.code(500).send({ error: 'internal error', requestId: request.id })
  })

  app.setNotFoundHandler(async (request, reply) => {
    return reply.code(404).send({ error: `no route ${request.method} ${request.url}` })
  })

  app.get('/products', async (request) => {
    const category = request.query.category ?? CATEGORIES[0]
    const page = Number(request.query.page ?? 1)
    const products = Array.from({ length: 3 + (page % 5) }, (_, i) => ({
      sku: `${category.slice(0, 3)}-${page * 100 + i}`,
      price: 4.9 + ((page * 7 + i * 13) % 60),
    }))
    request.log.info('products listed', {
      category,
      page,
      found: products.length,
      cache: page % 3 === 0 ? 'miss' : 'hit',
      agent: request.headers['user-agent'],
    })
    return { category, page, products }
  })

  app.post('/orders', async (request, reply) => {
    const { customer, items } = request.body
    const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0)
    const orderId = ++orders
    request.log.info('order placed', {
      orderId,
      customer,
      items,
      total: Math.round(total * 100) / 100,
      carrier: CARRIERS[orderId % CARRIERS.length],
      placedAt: new Date(),
    })
    const low = items.find(({ quantity }) => quantity > 7)
    if (low !== undefined) {
      request.log.warn('stock is low', { sku: low.sku, left: 10 - low.quantity })
    }
    return reply.code(201).send({ orderId, total })
  })

  app.get('/reports/:id', async (request) => {
    const id = Number(request.params.id)
    const durationMs = 20 + (id % 60)
    await new Promise((resolve) => setTimeout(resolve, durationMs))
    request.log.warn('slow query', {
      durationMs,
      rows: id * 31,
      sql: `select day, sum(total) from ${TABLES[id % TABLES.length]} where year = ${2020 + (id % 6)} group by day`,
    })
    return { id, rows: id * 31 }
  })

  app.get('/invoices/:id', async (request) => {
    const id = request.params.id
    try {
      render(id)
    } catch (cause) {
      throw Object.assign(new Error(`cannot render invoice ${id}`, { cause }), { invoiceId: id })
    }
  })

  return app
}

/** Fails the way a broken dependency does. */
function render(id) {
  const error = new Error('connect ECONNREFUSED 10.0.0.7:3002')
  throw Object.assign(error, { code: 'ECONNREFUSED', template: `invoice-${id.length}` })
}
