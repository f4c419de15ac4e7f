/**
 * What context costs per log call, in nanoseconds of the calling thread:
 *
 *   node benches/context.mjs [--rounds 15] [--json out.json]
 *
 * Every row logs `info({ hello: 'world' })`. Rows are interleaved, the least of all rounds is printed: what a
 * busy machine adds is not the logger's. fapilog writes to a sink of type null and is flushed between rounds, so
 * that no call waits for room; pino writes to /dev/null.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { writeFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { parseArgs } from 'node:util'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import pino from 'pino'
import { load, settings } from './lib/fapilog.mjs'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, json: { type: 'string' } },
})
const CALLS = 20_000

const { createLogger } = await load()
const create = (options) => createLogger({ ...settings('', options), sinks: ['null'] })
const fields = { request_id: 'req-4f2a91c0-1x', tenant: 42 }

const hello = (log) => {
  for (let i = 0; i < CALLS; i++) log.info({ hello: 'world' })
}

const debug = (log) => {
  for (let i = 0; i < CALLS; i++) log.debug({ hello: 'world' })
}

const plain = create()
const child = create()
const bound = child.child(fields)
const used = create()
const traced = create({ otel: true })
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const tracer = new BasicTracerProvider().getTracer('bench')
const inSpan = trace.setSpan(context.active(), tracer.startSpan('one'))
const inOther = trace.setSpan(context.active(), tracer.startSpan('other'))
const retroactive = create({ retroactive: {} })
const storage = new AsyncLocalStorage()
const destination = () => pino.destination({ dest: devNull, sync: true, minLength: 4096 })
const pinoPlain = pino(destination())
const pinoMixin = pino({ mixin: () => storage.getStore() ?? {} }, destination())

const rows = [
  { title: 'no context in use', log: plain, round: () => hello(plain) },
  { title: 'child with the two fields', log: child, round: () => hello(bound) },
  { title: 'context in use, outside of a scope', log: used, round: () => hello(used) },
  {
    title: 'inside a scope with the two fields',
    log: used,
    round: () => used.withContext(fields, () => hello(used)),
  },
  {
    title: 'a scope of its own for every call',
    log: used,
    round: () => {
      for (let i = 0; i < CALLS; i++) used.withContext(fields, () => used.info({ hello: 'world' }))
    },
  },
  { title: 'otel, no span', log: traced, round: () => hello(traced) },
  {
    title: 'otel, inside a span',
    log: traced,
    round: () => context.with(inSpan, () => hello(traced)),
  },
  {
    title: 'otel, two calls in each of two spans in turn',
    log: traced,
    round: () => {
      for (let i = 0; i < CALLS; i += 4) {
        for (const active of [inSpan, inOther]) {
          context.with(active, () => {
            traced.info({ hello: 'world' })
            traced.info({ hello: 'world' })
          })
        }
      }
    },
  },
  {
    title: 'context.with of OpenTelemetry alone, half a call',
    round: () => {
      for (let i = 0; i < CALLS; i += 2) context.with(inSpan, () => undefined)
    },
  },
  { title: 'debug below the level', log: plain, round: () => debug(plain) },
  { title: 'retroactive, info', log: retroactive, round: () => hello(retroactive) },
  { title: 'retroactive, debug that is kept', log: retroactive, round: () => debug(retroactive) },
  {
    title: 'AsyncLocalStorage.run alone',
    round: () => {
      for (let i = 0; i < CALLS; i++) storage.run(fields, () => undefined)
    },
  },
  { title: 'pino', round: () => hello(pinoPlain) },
  {
    title: 'pino, mixin that reads an AsyncLocalStorage',
    round: () => storage.run(fields, () => hello(pinoMixin)),
  },
]

used.withContext({}, () => used.info('in use from now on'))
for (const row of rows) row.ns = Number.POSITIVE_INFINITY
const rounds = Number(values.rounds)
for (let round = -2; round < rounds; round++) {
  for (const row of rows) {
    const start = process.hrtime.bigint()
    row.round()
    const ns = Number(process.hrtime.bigint() - start) / CALLS
    if (round >= 0) row.ns = Math.min(row.ns, ns)
    row.log?.flushSync()
  }
}

const [{ ns: base }] = rows
console.log(
  `ns per call, least of ${rounds} rounds of ${CALLS} calls, Node.js ${process.versions.node}`,
)
for (const { title, ns } of rows) {
  console.log(
    `${title.padEnd(46)}${ns.toFixed(0).padStart(7)}${(ns - base).toFixed(0).padStart(7)}`,
  )
}
if (values.json) {
  const written = rows.map(({ title, ns }) => ({ title, ns }))
  writeFileSync(values.json, `${JSON.stringify(written, null, 2)}\n`)
}
for (const log of [plain, child, used, traced, retroactive]) await log.close()
