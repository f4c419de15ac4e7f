/**
 * What is logged. Every workload has the calls in the style of each logger, all with the same content; values
 * come from pools of distinct objects, so that no logger can win by remembering a value.
 *
 * @typedef {(log: any, i: number) => void} Call
 *
 * @typedef {object} Workload
 * @property {string} title
 * @property {number} n events of a full run
 * @property {number} burst events of one burst: what fits into an 8 MB ring
 * @property {number} [warm] calls of the warm-up
 * @property {number} [chunk] calls that are timed together (100)
 * @property {boolean} [silent] whether nothing reaches the file
 * @property {(style: string, log: any) => Call} prepare builds the pool and returns the call
 */

/** A small seeded generator (mulberry32), so that every process logs the same values. */
const generator = (seed) => {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const random = generator(20_26)
const integer = (below) => Math.floor(random() * below)
const pick = (list) => list[integer(list.length)]
const float = (below, digits = 3) => Number((random() * below).toFixed(digits))
const hex = (length) => Array.from({ length }, () => integer(16).toString(16)).join('')
const pool = (size, make) => Array.from({ length: size }, (_, i) => make(i))

/** A copy that is one flat string in V8, not a rope of pieces that the first logger call would flatten. */
const flat = (text) => JSON.parse(JSON.stringify(text))

const size = 1024
const mask = size - 1

const methods = ['GET', 'GET', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const statuses = [200, 200, 200, 200, 201, 204, 301, 304, 400, 401, 404, 500]
const resources = ['users', 'orders', 'invoices', 'carts', 'products', 'sessions', 'reports']
const views = ['items', 'history', 'preview', 'summary']
const agents = [
  ...[109, 112, 117, 121, 124, 126].map(
    (v) =>
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${v}.0.0.0 Safari/537.36`,
  ),
  ...[115, 118, 121, 128].map(
    (v) => `Mozilla/5.0 (X11; Linux x86_64; rv:${v}.0) Gecko/20100101 Firefox/${v}.0`,
  ),
  ...['16_6', '17_1', '17_5', '18_0'].map(
    (v) =>
      `Mozilla/5.0 (iPhone; CPU iPhone OS ${v} like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148`,
  ),
  'curl/8.4.0',
  'curl/7.88.1',
  'kube-probe/1.29',
  'ELB-HealthChecker/2.0',
  'python-requests/2.31.0',
  'okhttp/4.12.0',
]

const ip = () => `${10 + integer(200)}.${integer(256)}.${integer(256)}.${1 + integer(254)}`
const url = (i) =>
  `/api/v${1 + integer(2)}/${pick(resources)}/${10_000 + i}/${pick(views)}?page=${integer(40)}`
const requestId = (i) => `req-${hex(8)}-${i.toString(36)}`

const requests = () =>
  pool(size, (i) => ({
    req: {
      id: requestId(i),
      method: pick(methods),
      url: url(i),
      ip: ip(),
      userAgent: pick(agents),
    },
    status: pick(statuses),
    responseTime: float(900),
  }))

const deeps = () =>
  pool(size, (i) => ({
    order: {
      id: 100_000 + i,
      customer: {
        id: hex(12),
        name: `${pick(['Ada', 'Grace', 'Edsger', 'Barbara', 'Tony'])} ${hex(5)}`,
        address: {
          street: `${integer(400)} Main St`,
          city: pick(['Kyiv', 'Lyon', 'Oslo']),
          geo: { lat: float(90, 6), lon: float(180, 6) },
        },
      },
      items: pool(3, (k) => ({
        sku: hex(6),
        quantity: 1 + integer(9),
        price: float(500, 2),
        tags: [`t${k}`, hex(3)],
      })),
      payment: { method: pick(['card', 'sepa', 'cash']), settled: random() < 0.5, reference: null },
    },
    total: float(2000, 2),
  }))

const words = [
  'größe',
  '名前',
  'naïve',
  'emoji 🚀 ok',
  'tab\there',
  'line\nbreak',
  'quote "q"',
  'back\\slash',
  'кот',
  'plain',
]

/** 300 shapes (sets of keys) of 1 to 12 fields of every kind; about a third of the strings need escaping. */
const mixed = () => {
  const kinds = [
    () => integer(1_000_000),
    () => float(10_000, 4),
    () => random() < 0.5,
    () => null,
    () => pick(words) + hex(4),
    () => `id-${hex(10)}`,
    () => `${pick(words)} ${pick(words)} ${hex(20)}`,
    () => [integer(9), hex(3), pick(words)],
    () => ({ code: integer(600), reason: pick(words), at: float(1e6, 1) }),
    () => new Date(1.7e12 + integer(1e9)),
    () => ({ inner: { k: hex(6), list: [1, integer(5), { z: pick(words) }] } }),
  ]
  const names = [
    'user',
    'count',
    'elapsed',
    'état',
    'tenant',
    'path',
    'retry',
    'zone',
    'bytes',
    'ключ',
    'flag',
    'meta',
  ]
  const shapes = pool(300, (s) =>
    pool(1 + (s % 12), (k) => [`${names[(s + k) % 12]}${s % 25}_${k}`, pick(kinds)]),
  )
  return pool(size, (i) =>
    Object.fromEntries(shapes[i % 300].map(([name, make]) => [name, make()])),
  )
}

const longs = () =>
  pool(64, () => {
    const part = () => (random() < 0.1 ? pick(words) : `${hex(7)} `)
    let text = ''
    while (text.length < 10_240) text += part()
    return flat(text.slice(0, 10_240))
  })

const errors = () =>
  pool(64, (i) => {
    const error = Object.assign(new Error(`connection to ${ip()} lost`), {
      code: 'ECONNRESET',
      attempt: i,
    })
    return error.stack && error // V8 makes the text of the stack when it is first read: not the logger's work
  })

/** `info(object, message)` in each style. */
const withMessage = (style, objects, message, mask) =>
  ({
    pino: (log, i) => log.info(objects[i & mask], message),
    bunyan: (log, i) => log.info(objects[i & mask], message),
    winston: (log, i) => log.info(message, objects[i & mask]),
    log4js: (log, i) => log.info(message, objects[i & mask]),
    logtape: (log, i) => log.info(message, objects[i & mask]),
  })[style]

/** `info({ hello: 'world' })`, the object made by the call; an empty message where the style wants one. */
const hello = (style, log) =>
  ({
    pino: () => log.info({ hello: 'world' }),
    bunyan: () => log.info({ hello: 'world' }, ''),
    winston: () => log.info('', { hello: 'world' }),
    log4js: () => log.info({ hello: 'world' }),
    logtape: () => log.info('', { hello: 'world' }),
  })[style]

const childOf = (style, log, bindings) =>
  style === 'log4js'
    ? log.childOf(bindings)
    : style === 'logtape'
      ? log.with(bindings)
      : log.child(bindings)

/** @type {Record<string, Workload>} */
export const workloads = {
  message: {
    title: "info('hello world')",
    n: 400_000,
    burst: 20_000,
    prepare: () => (log) => log.info('hello world'),
  },
  'message-varying': {
    title: 'info(`order …`), a counter in the message',
    n: 400_000,
    burst: 20_000,
    prepare: () => (log, i) => log.info(`order ${i} placed`),
  },
  hello: {
    title: "info({ hello: 'world' })",
    n: 400_000,
    burst: 20_000,
    prepare: (style, log) => hello(style, log),
  },
  numbers: {
    title: 'three numbers',
    n: 400_000,
    burst: 20_000,
    prepare: (style) =>
      ({
        pino: (log, i) => log.info({ iteration: i, int: i * 2, double: i / 2 }),
        bunyan: (log, i) => log.info({ iteration: i, int: i * 2, double: i / 2 }, ''),
        winston: (log, i) => log.info('', { iteration: i, int: i * 2, double: i / 2 }),
        log4js: (log, i) => log.info({ iteration: i, int: i * 2, double: i / 2 }),
        logtape: (log, i) => log.info('', { iteration: i, int: i * 2, double: i / 2 }),
      })[style],
  },
  request: {
    title: 'request record',
    n: 200_000,
    burst: 20_000,
    prepare: (style) => withMessage(style, requests(), 'request completed', mask),
  },
  deep: {
    title: 'deep object',
    n: 120_000,
    burst: 6_000,
    prepare: (style) => withMessage(style, deeps(), 'order placed', mask),
  },
  child: {
    title: "child with 2 bindings, info({ hello: 'world' })",
    n: 400_000,
    burst: 20_000,
    prepare: (style, log) =>
      hello(style, childOf(style, log, { component: 'billing', tenant: 42 })),
  },
  'child-once': {
    title: 'create a child and log once',
    n: 200_000,
    burst: 20_000,
    prepare: (style) => {
      const ids = pool(size, requestId)
      const routes = pool(size, url)
      return (log, i) =>
        childOf(style, log, { requestId: ids[i & mask], route: routes[i & mask] }).info(
          'hello world',
        )
    },
  },
  mixed: {
    title: '300 shapes, unicode',
    n: 200_000,
    burst: 20_000,
    prepare: (style) => withMessage(style, mixed(), 'mixed event', mask),
  },
  long: {
    title: 'string of 10 KB',
    n: 12_000,
    burst: 400,
    warm: 2_000,
    prepare: () => {
      const texts = longs()
      return (log, i) => log.info(texts[i & 63])
    },
  },
  error: {
    title: 'Error',
    n: 40_000,
    burst: 4_000,
    prepare: (style) => {
      const list = errors()
      return {
        pino: (log, i) => log.error(list[i & 63], 'request failed'),
        bunyan: (log, i) => log.error(list[i & 63], 'request failed'),
        winston: (log, i) => log.error('request failed', list[i & 63]),
        log4js: (log, i) => log.error('request failed', list[i & 63]),
        logtape: (log, i) => log.error('request failed', { error: list[i & 63] }),
      }[style]
    },
  },
  disabled: {
    title: "debug('hello world') at level INFO",
    n: 20_000_000,
    burst: 10_000_000,
    warm: 200_000,
    chunk: 10_000,
    silent: true,
    prepare: () => (log) => log.debug('hello world'),
  },
}
