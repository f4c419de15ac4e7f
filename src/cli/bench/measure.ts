// Runs every subject through every workload in turns, until the time is over.

import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fapilog, type LogCalls, pino, type Subject } from './subjects.js'

/** Calls of one round: what fits into the default ring many times over. */
const ROUND = 5_000
const MIN_ROUNDS = 5

const REQUEST = {
  method: 'GET',
  url: '/orders/42?page=2',
  statusCode: 200,
  responseTime: 12.7,
  headers: { host: 'example.org', 'user-agent': 'curl/8.1.2', accept: '*/*' },
}

const WORKLOADS: Readonly<Record<string, (log: LogCalls) => void>> = {
  'message only': (log) => {
    for (let i = 0; i < ROUND; i++) log.info('order placed')
  },
  'two fields': (log) => {
    for (let i = 0; i < ROUND; i++) log.info({ orderId: i, city: 'Berlin' }, 'order placed')
  },
  'request with headers': (log) => {
    for (let i = 0; i < ROUND; i++) log.info(REQUEST, 'request completed')
  },
}

/** What one subject took for one workload. */
export interface Result {
  readonly workload: string
  readonly subject: string
  /** Nanoseconds until a call returned, in the best round and in the middle one. */
  readonly callNs: { readonly best: number; readonly median: number }
  /** Nanoseconds for each event until all of a round were on file. */
  readonly onFileNs: { readonly best: number; readonly median: number }
  readonly events: number
  /** Lines that are not in the file. */
  readonly missing: number
}

interface Row {
  readonly call: number[]
  readonly onFile: number[]
}

/** Measures for about `timeMs`. */
export async function measure(timeMs: number): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fapilog-bench-'))
  try {
    const results: Result[] = []
    const share = timeMs / Object.keys(WORKLOADS).length
    for (const [workload, calls] of Object.entries(WORKLOADS)) {
      const path = (name: string) => join(folder, `${workload}-${name}.log`)
      const subjects = [await fapilog(path('fapilog')), await pino(path('pino'))].filter(
        (subject) => subject !== undefined,
      )
      const rows = await rounds(subjects, calls, share)
      for (const [index, subject] of subjects.entries()) {
        await subject.close()
        const { call, onFile } = rows[index] as Row
        const events = (call.length + 1) * ROUND
        const lines = await countLines(path(subject.name.split(' ')[0] as string))
        results.push({
          workload,
          subject: subject.name,
          callNs: summary(call),
          onFileNs: summary(onFile),
          events,
          missing: events - lines,
        })
      }
    }
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function rounds(
  subjects: readonly Subject[],
  calls: (log: LogCalls) => void,
  timeMs: number,
): Promise<Row[]> {
  const rows = subjects.map((): Row => ({ call: [], onFile: [] }))
  const end = performance.now() + timeMs
  for (const { log, flush } of subjects) {
    // Warm-up: counted as events, not measured.
    calls(log)
    await flush()
  }
  for (let round = 0; round < MIN_ROUNDS || performance.now() < end; round++) {
    for (const [index, { log, flush }] of subjects.entries()) {
      const start = performance.now()
      calls(log)
      const returned = performance.now()
      await flush()
      const { call, onFile } = rows[index] as Row
      call.push(((returned - start) / ROUND) * 1e6)
      onFile.push(((performance.now() - start) / ROUND) * 1e6)
    }
  }
  return rows
}

function summary(values: readonly number[]): { best: number; median: number } {
  const sorted = values.toSorted((a, b) => a - b)
  return { best: sorted[0] as number, median: sorted[sorted.length >> 1] as number }
}

async function countLines(path: string): Promise<number> {
  let lines = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes = chunk as Buffer
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++
  }
  return lines
}
