// Logs events with every kind of value and string, into one file for each format. values.mjs FOLDER
import { join } from 'node:path'
import { createLogger } from 'fapilog'

const FORMATS = ['json', 'pino', 'ecs', 'otel', 'pretty', 'logfmt', 'simple', 'minimal']

const [, , folder] = process.argv
const log = createLogger({
  name: 'values',
  level: 'TRACE',
  sinks: FORMATS.map((format) => ({ type: 'file', path: join(folder, `${format}.log`), format })),
})

class Order {
  id = 7
  get total() {
    return 12.5
  }
}

/** Runtimes write stacks differently: the same one for all. */
function failure() {
  const error = new TypeError('refused', { cause: new Error('declined') })
  error.stack = 'TypeError: refused\n    at pay (/app/pay.js:3:9)'
  error.cause.stack = 'Error: declined\n    at card (/app/card.js:1:1)'
  return error
}

const circular = { name: 'circle' }
circular.self = circular

// Strings on both sides of every limit at which they are copied in another way.
for (const length of [0, 1, 3, 4, 15, 16, 17, 31, 32, 33, 95, 96, 97, 300, 5000]) {
  for (const [kind, character] of Object.entries({ ascii: 'a', latin: 'ü', wide: '→', pair: '😀' }))
    log.info(`text ${kind}`, { length, text: character.repeat(length) })
  log.info(`é${'b'.repeat(length)}`, { [`key${'k'.repeat(length)}`]: length })
}
log.info('lone surrogates', { high: 'a\ud800', low: `\udc00${'z'.repeat(50)}` })
log.info('escapes', { text: '"\\\n\r\t\u0000\u001b[31m\u2028' })
log.info('numbers', { zero: -0, big: 2n ** 70n, nan: NaN, inf: -Infinity, e: 1e300, i: 2 ** 31 })
log.info('nothing', { undef: undefined, nil: null, yes: true, symbol: Symbol('s') })
log.info('dates', { date: new Date(0), invalid: new Date(NaN) })
log.info('collections', {
  map: new Map([['k', { v: 1 }]]),
  set: new Set([1, 'two']),
  bytes: new Uint8Array([1, 2, 255]),
  buffer: Buffer.from('bytes'),
  floats: new Float64Array([0.5]),
  list: [1, [2, [3]], { four: 4 }],
})
log.info('objects', {
  order: new Order(),
  bare: Object.assign(Object.create(null), { a: 1 }),
  json: { toJSON: () => ({ from: 'toJSON' }) },
  throws: {
    get x() {
      throw new Error('getter')
    },
  },
  url: new URL('https://example.com/a?b=c'),
  pattern: /a+/g,
  proxy: new Proxy({ inside: 1 }, {}),
  circular,
})
log.error(failure(), 'payment failed', { orderId: 1 })
log.info('printf %s %d %j %%', 'text', 4.5, { a: 1 })
log.info({ a: 1 }, 'fields first')
log.debug('lazy', () => ({ called: true }))
log.child({ request_id: 'r-1' }, { name: 'child' }).warn('of a child')
log.audit('audited', { password: 'hunter2', nested: { token: 'abc' } })
const { complete } = await log.close()
log.info('after the end')
const { submitted, written, droppedByReason } = log.metrics()
console.log(JSON.stringify({ complete, submitted, written, closed: droppedByReason.closed }))
