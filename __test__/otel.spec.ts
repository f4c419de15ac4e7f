// The ids of the active OpenTelemetry span, with the real SDK.

import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { context, INVALID_SPAN_CONTEXT, type Span, TraceFlags, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import test from 'ava'
import type { Logger } from 'fapilog'
import { type Json, memoryLogger, takeEvent, takeEvents } from './support/capture.ts'
import { run } from './support/child.ts'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const tracer = new BasicTracerProvider().getTracer('test')

const inSpan = <T>(name: string, fn: (span: Span) => T): T =>
  tracer.startActiveSpan(name, (span) => {
    try {
      return fn(span)
    } finally {
      span.end()
    }
  })

const ids = ({ context }: { context: Json }) => [context['trace_id'], context['span_id']]
const idsOf = (span: Span) => [span.spanContext().traceId, span.spanContext().spanId]

const seen = (log: Logger) => takeEvents(log).map(ids)

test('an event has the ids of the span that is active when it is logged', async (t) => {
  const log = memoryLogger({ otel: true })
  const expected: unknown[] = []
  log.info('m')
  expected.push([undefined, undefined])
  await inSpan('outer', async (outer) => {
    log.info('m')
    expected.push(idsOf(outer))
    inSpan('inner', (inner) => {
      log.child({ a: 1 }).info('m')
      expected.push(idsOf(inner))
    })
    await sleep(1)
    log.info('m')
    expected.push(idsOf(outer))
  })
  log.info('m')
  expected.push([undefined, undefined])
  t.deepEqual(seen(log), expected)
  t.deepEqual((expected[1] as unknown[])[0], (expected[2] as unknown[])[0])
})

test('300 concurrent spans each keep to their own events', async (t) => {
  const log = memoryLogger({ otel: true })
  await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      inSpan(`span ${i}`, async (span) => {
        for (let step = 0; step < 5; step++) {
          log.info('m', { expected: idsOf(span) })
          await (step % 2 === 0 ? sleep(i % 4) : Promise.resolve())
        }
      }),
    ),
  )
  const events = takeEvents(log)
  t.is(events.length, 1500)
  t.true(events.every((event) => String(ids(event)) === String(event.data['expected'])))
})

test('the active span comes before the context, the logger and the call before it', (t) => {
  const log = memoryLogger({ otel: true })
  inSpan('one', (span) => {
    log.withContext({ trace_id: 'context', span_id: 'context', a: 1 }, () => {
      log.info('m')
      log.child({ trace_id: 'logger' }).info('m', { span_id: 'call' })
    })
    const [first, second] = takeEvents(log)
    t.deepEqual(ids(first as { context: Json }), idsOf(span))
    t.is(first?.data['a'], 1)
    t.deepEqual(ids(second as { context: Json }), ['logger', 'call'])
  })
})

test('a span that is not recorded has ids, one that is none has not', (t) => {
  const log = memoryLogger({ otel: true })
  const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.NONE }
  context.with(trace.setSpanContext(context.active(), remote), () => log.info('m'))
  context.with(trace.setSpanContext(context.active(), INVALID_SPAN_CONTEXT), () => log.info('m'))
  t.deepEqual(seen(log), [
    [remote.traceId, remote.spanId],
    [undefined, undefined],
  ])
})

test('without the setting there are no ids', (t) => {
  const log = memoryLogger()
  inSpan('one', () => log.info('m'))
  t.deepEqual(ids(takeEvent(log)), [undefined, undefined])
})

test('a span that throws costs the event its ids, and is counted', (t) => {
  const log = memoryLogger({ otel: true })
  const hostile = {
    spanContext() {
      throw new Error('no')
    },
  } as unknown as Span
  context.with(trace.setSpan(context.active(), hostile), () => log.info('m', { a: 1 }))
  t.deepEqual(takeEvent(log).data, { a: 1 })
  t.is(log.metrics().diagnostics.otel, 1)
})

test('where OpenTelemetry is not installed, the setting is refused and its absence is not noticed', async (t) => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const folder = await mkdtemp(join(tmpdir(), 'fapilog-otel-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const target = join(folder, 'node_modules', 'fapilog')
  for (const part of ['dist', 'lazy', 'native', 'package.json'])
    await cp(join(root, part), join(target, part), { recursive: true })
  await writeFile(
    join(folder, 'main.mjs'),
    `import { createLogger } from 'fapilog'
createLogger({ format: 'minimal' }).info('without')
try { createLogger({ otel: true }) } catch (error) { console.log(error.code, error.problems[0].path) }
`,
  )
  const { stdout } = await run(process.execPath, [join(folder, 'main.mjs')])
  t.deepEqual(stdout.trim().split('\n').sort(), ['FAPILOG_CONFIGURATION otel', 'INFO without'])
})
