// Ten million numbered events around a small ring: exact counts, in order, whatever their size.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { createLogger, type Logger, type LoggerOptions, type SinkMetrics } from 'fapilog'
import { total } from './support/capture.ts'
import { eachLine, numberAt } from './support/lines.ts'

const EVENTS = 1_000_000
const KEY = Buffer.from('"n":')
const TEXT = 'x'.repeat(9000)

const folder = mkdtempSync(join(tmpdir(), 'fapilog-soak-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function soakLogger(path: string, queue: LoggerOptions['queue']): Logger {
  return createLogger({
    format: 'pino',
    sinks: [{ type: 'file', path }],
    queue: { ringBytes: '1 MB', maxEventBytes: '16 KB', blockTimeoutMs: '1m', ...queue },
  })
}

/** Length of the text of event `i`; the length is in the line, too. */
const rounds: readonly [name: string, length: (i: number) => number][] = [
  ['events without text', () => 0],
  // Steps of one ring unit (8 bytes): the ring is a multiple of some of these sizes, so that records end
  // exactly at its end in every lap.
  ['events of one size, 8 bytes of text', () => 8],
  ['events of one size, 16 bytes of text', () => 16],
  ['events of one size, 24 bytes of text', () => 24],
  ['events of one size, 32 bytes of text', () => 32],
  ['events of one size, 40 bytes of text', () => 40],
  ['events of growing size', (i) => i % 64],
  ['events of varied size', (i) => Math.imul(i, 2654435761) >>> 24],
  ['mostly small events', (i) => (i % 500 === 0 ? 7000 + (i % 2000) : i % 24)],
  ['events with a burst of large ones', (i) => (i % 50_000 < 50 ? 8000 : 4)],
]

/** Checks a file of lines `…"n":<i>,"l":<length>,"t":"xxx"…` and deletes it. */
function check(
  path: string,
  length: (i: number) => number,
): { lines: number; wrong: string[]; last: number; reports: number } {
  let lines = 0
  let reports = 0
  let last = -1
  const wrong: string[] = []
  const rest = eachLine(path, (bytes, start, end) => {
    // A report of lost events is a WARNING: `{"level":40`, where events have 30.
    if (bytes[start + 9] === 52) {
      reports++
      return
    }
    lines++
    const at = bytes.indexOf(KEY, start) + KEY.length
    const i = numberAt(bytes, at)
    const size = length(i)
    // The text is the last field: its length is what is left.
    const open = bytes.indexOf('"t":"', at)
    const whole =
      bytes[start] === 123 &&
      bytes[end - 1] === 125 &&
      end - open - 7 === size &&
      (size === 0 || (bytes[open + 5] === 120 && bytes[end - 3] === 120))
    if (!(i > last && whole) && wrong.length < 5)
      wrong.push(bytes.toString('utf8', start, Math.min(end, start + 200)))
    last = i
  })
  if (rest > 0) wrong.push(`${rest} bytes behind the last line`)
  rmSync(path)
  return { lines, wrong, last, reports }
}

for (const [name, length] of rounds) {
  test.serial(`1,000,000 ${name} arrive complete and in order`, async (t) => {
    const path = join(folder, 'soak.log')
    const log = soakLogger(path, { overflow: 'block' })
    for (let i = 0; i < EVENTS; i++) {
      const size = length(i)
      log.info({ n: i, t: size === 0 ? '' : TEXT.slice(0, size) })
    }
    const receipt = await log.close()
    const metrics = log.metrics()
    t.true(receipt.complete)
    t.deepEqual(check(path, length), {
      lines: EVENTS,
      wrong: [],
      last: EVENTS - 1,
      reports: 0,
    })
    t.is(metrics.submitted, EVENTS)
    t.is(metrics.written, EVENTS)
    t.is(metrics.sinks['file']?.written, EVENTS)
    t.is(metrics.ring.accepted, EVENTS)
    t.is(metrics.ring.damagedBytes, 0)
    t.is(total(metrics.droppedByReason), 0)
  })
}

test.serial('what survives drop-newest is in order, and the rest is counted', async (t) => {
  const path = join(folder, 'drop.log')
  const length = (i: number) => i % 100
  const log = soakLogger(path, { overflow: 'drop-newest', ringBytes: '64 KB' })
  for (let i = 0; i < EVENTS; i++) log.info({ n: i, t: TEXT.slice(0, length(i)) })
  await log.close()
  const metrics = log.metrics()
  const { lines, wrong, reports } = check(path, length)
  t.deepEqual(wrong, [])
  t.is(metrics.sinks['file']?.reports, reports)
  t.is(metrics.submitted, EVENTS)
  t.is(lines + metrics.droppedByReason.full, EVENTS)
  t.is(metrics.sinks['file']?.written, lines)
  t.true(metrics.droppedByReason.full > 0)
  t.is(metrics.ring.damagedBytes, 0)
})

for (const whenFull of ['drop-newest', 'drop-oldest'] as const) {
  test.serial(
    `what survives a full sink queue with ${whenFull} is in order, and the rest is counted`,
    async (t) => {
      const path = join(folder, 'queue.log')
      const length = (i: number) => i % 100
      const log = createLogger({
        format: 'pino',
        sinks: [{ type: 'file', path, queueBytes: 65_536, whenFull }],
        queue: {
          ringBytes: '1 MB',
          maxEventBytes: '16 KB',
          overflow: 'block',
          blockTimeoutMs: '1m',
        },
      })
      for (let i = 0; i < EVENTS; i++) log.info({ n: i, t: TEXT.slice(0, length(i)) })
      await log.close()
      const metrics = log.metrics()
      const sink = metrics.sinks['file'] as SinkMetrics
      const { lines, wrong, reports } = check(path, length)
      t.deepEqual(wrong, [])
      t.is(reports, sink.reports)
      t.is(lines, sink.written)
      t.is(lines + total(sink.dropped), EVENTS)
      t.is(total(sink.dropped), sink.droppedByReason.overflow)
    },
  )
}
