// Events at which plugins tend to stumble.

import type { Logger } from 'fapilog'

/** Logs one event, or several of which none is missing when one is filtered out. */
export type Sample = (log: Logger) => void

/** What `validatePlugin` shows every plugin, by name. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  'a plain event': (log) => log.info('order placed', { orderId: 42, items: [{ sku: 'a', n: 2 }] }),
  'an event without message and fields': (log) => log.info(''),
  'an event of every level': (log) => {
    for (const level of ['trace', 'debug', 'warning', 'critical', 'audit', 'security'] as const)
      log[level](level)
  },
  'an error with a cause': (log) =>
    log.error(new Error('outer', { cause: new TypeError('inner') }), 'it failed'),
  'an event of an asynchronous scope': (log) =>
    log.withContext({ correlation_id: 'c-1', userId: 7 }, () => log.info('in a scope')),
  'an event of a named child': (log) => log.child({ part: 'a' }, { name: 'child' }).info('child'),
  'fields named as members of every object': (log) =>
    log.info(
      'odd names',
      JSON.parse('{"__proto__":1,"constructor":2,"hasOwnProperty":3,"":4,"a.b":5}'),
    ),
  'values that JSON does not have': (log) => {
    const cycle: Record<string, unknown> = {
      big: 12n,
      nan: Number.NaN,
      at: new Date(0),
      none: null,
    }
    cycle['self'] = cycle
    log.info('odd values', cycle)
  },
  'text of every kind': (log) =>
    log.info('\u0000\u001b[31m "\\ \u2028 \ud83d\ude00 \ud800 €', { text: '\n\r\t%s %d' }),
  'fields ten deep': (log) => {
    let deep: unknown = 'ground'
    for (let depth = 0; depth < 10; depth++) deep = { deep }
    log.info('deep', { deep })
  },
  'a thousand fields': (log) => {
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`field${i}`, i]))
    log.info('wide', wide)
  },
  'a text of 100 KB': (log) => log.info('long', { text: 'x'.repeat(100_000) }),
  'two hundred events at once': (log) => {
    for (let i = 0; i < 200; i++) log.info('burst', { i })
  },
}
