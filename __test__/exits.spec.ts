// Every ending of a process: nothing is lost that could be written, and the status is what it would have been.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { numbers, type RunOptions, run, upTo } from './support/child.ts'

const fixture = fileURLToPath(new URL('./fixtures/signal.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'fapilog-exits-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const COUNT = 20_000
type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'
const SIGNALS: readonly Signal[] = ['SIGTERM', 'SIGINT', 'SIGHUP']

/** Sends `signals` when the child says that it is ready. */
const sending = (...signals: Signal[]): RunOptions['meanwhile'] => {
  return (child, mark) => {
    child.stderr?.once('data', () => {
      mark()
      signals.forEach((signal, i) => void setTimeout(() => child.kill(signal), i * 200))
    })
  }
}

const content = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

// How, events that are on file afterwards.
const ways: [how: string, events: number][] = [
  ['itself, at once', COUNT],
  ['from outside, idle', COUNT],
  ['from outside, blocked for ever', COUNT],
  ['with a listener', 2 * COUNT],
  ['with a listener that stays', COUNT],
  ['with once, then itself', 2 * COUNT],
  ['another listener removed', COUNT],
  ['after close', COUNT],
]

for (const signal of SIGNALS) {
  for (const [how, events] of ways) {
    test.serial(
      `${signal}, ${how}: every event is on file, and the status is as without a logger`,
      async (t) => {
        const path = join(folder, `${signal} ${how}.log`)
        const meanwhile = sending(signal)
        const args = (log: string) => [fixture, how, signal, String(COUNT), log]
        const without = await run(process.execPath, args(''), { meanwhile })
        const ended = await run(process.execPath, args(path), { meanwhile })
        t.deepEqual([ended.code, ended.signal], [without.code, without.signal], ended.stderr)
        t.is(ended.stderr, without.stderr)
        t.deepEqual(numbers(content(path)), upTo(events))
      },
    )
  }

  test.serial(
    `${signal} while the program logs for ever ends it at once, with all that came before`,
    async (t) => {
      const path = join(folder, `${signal} for ever.log`)
      const ended = await run(
        process.execPath,
        [
          fixture,
          'from outside, logging for ever',
          signal,
          '1000',
          path,
          '{"queue":{"overflow":"block"}}',
        ],
        { meanwhile: sending(signal) },
      )
      t.is(ended.signal, signal)
      t.true(ended.sinceMark < 2000, `${ended.sinceMark} ms`)
      const found = numbers(content(path).replace(/[^\n]*$/, ''))
      t.true(found.length > 1000)
      t.deepEqual(found, upTo(found.length))
    },
  )
}

test.serial('a signal waits for a stalled sink only as long as it may, and says so', async (t) => {
  const ended = await run(
    process.execPath,
    [fixture, 'from outside, idle', 'SIGTERM', '20000', 'stdout', '{"shutdownTimeoutMs":700}'],
    { deaf: true, meanwhile: sending('SIGTERM') },
  )
  t.is(ended.signal, 'SIGTERM')
  t.true(ended.sinceMark >= 650 && ended.sinceMark < 1200, `${ended.sinceMark} ms`)
  t.regex(ended.stderr, /fapilog: SIGTERM: 700 ms were over with unwritten events in stdout/)
})

test.serial('a second signal ends a process at once that still drains', async (t) => {
  for (const second of ['SIGTERM', 'SIGINT'] as const) {
    const ended = await run(
      process.execPath,
      [fixture, 'from outside, idle', 'SIGTERM', '20000', 'stdout', '{"shutdownTimeoutMs":9000}'],
      { deaf: true, meanwhile: sending('SIGTERM', second) },
    )
    t.is(ended.signal, second)
    t.true(ended.sinceMark >= 150 && ended.sinceMark < 1000, `${ended.sinceMark} ms`)
  }
})

test.serial('handleSignals: false leaves signals alone', async (t) => {
  const ended = await run(
    process.execPath,
    [
      fixture,
      'from outside, idle',
      'SIGTERM',
      '20000',
      'stdout',
      '{"shutdownTimeoutMs":9000,"handleSignals":false}',
    ],
    { deaf: true, meanwhile: sending('SIGTERM') },
  )
  t.is(ended.signal, 'SIGTERM')
  t.true(ended.sinceMark < 500, `${ended.sinceMark} ms`)
})
