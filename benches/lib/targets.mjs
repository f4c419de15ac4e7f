/** What the project promises, checked against a run. */

import { pinoModes } from './subjects.mjs'
import { nanoseconds, pinoBest, ratio } from './table.mjs'

/** @typedef {{ text: string, verdict: 'PASS' | 'FAIL' | 'SKIP', detail: string }} Verdict */

const subject = 'fapilog'
/** @returns {Verdict} */
export const verdict = (text, pass, detail) => ({
  text,
  verdict: pass === null ? 'SKIP' : pass ? 'PASS' : 'FAIL',
  detail,
})
const x = (value) => `${value.toFixed(1)}x`

const callTargets = { message: 10, hello: 10, child: 10, request: 8, deep: 8, mixed: 7 }
const fileTargets = { message: 8, request: 5 }

/** The smaller of two ratios: main-thread CPU with the deferred work, and the median duration of the call. */
const callTarget = (cells, workload, least) => {
  const text = `main-thread cost per call, ${workload}: >= ${least}x cheaper than pino's best mode`
  const own = cells[workload]?.[subject]
  if (!own || own.failed) return verdict(text, null, 'not measured')
  const main = ratio(cells[workload], subject, (c) => c.main)
  const p50 = ratio(cells[workload], subject, (c) => c.callP50)
  const measured = [main, p50].filter(Number.isFinite)
  if (measured.length === 0) return verdict(text, null, 'pino not measured')
  const best =
    pinoBest(cells[workload], (c) => c.main) ?? pinoBest(cells[workload], (c) => c.callP50)
  return verdict(
    text,
    Math.min(...measured) >= least,
    `${x(main)} CPU, ${x(p50)} call p50 (${best.mode})`,
  )
}

const fileTarget = (cells, workload, least) => {
  const text = `until on file, ${workload}: >= ${least}x pino's best throughput`
  const value = cells[workload] ? ratio(cells[workload], subject, (c) => c.onFile) : Number.NaN
  if (!Number.isFinite(value)) return verdict(text, null, 'not measured')
  return verdict(
    text,
    value >= least,
    `${x(value)} (${pinoBest(cells[workload], (c) => c.onFile).mode})`,
  )
}

/** The clock resolves less than a disabled call costs: half a nanosecond is not a difference. */
const disabledTarget = (cells) => {
  const text = "disabled level: not slower than pino's"
  const own = cells.disabled?.[subject]?.callP50?.median
  const best = cells.disabled && pinoBest(cells.disabled, (c) => c.callP50)
  if (own === undefined || !best) return verdict(text, null, 'not measured')
  return verdict(
    text,
    own <= best.value + 0.5,
    `${own.toFixed(2)} ns against ${best.value.toFixed(2)} ns`,
  )
}

const over = (cells, figure) =>
  Object.entries(cells).flatMap(([workload, subjects]) => {
    const value = subjects[subject] && figure(subjects[subject], subjects, workload)
    return Number.isFinite(value) ? [{ workload, value }] : []
  })

/**
 * A call of some microseconds meets the machine's own interruptions in more than one of a thousand cases, whoever makes it:
 * an empty loop of the same length says how long they take.
 */
const tailTarget = (cells) => {
  const text =
    'p99.9 of a single call, while the file is written: < 10 us in every workload, or no more than an empty loop of that length'
  const found = over(cells, (c) => c.singleP999?.median)
  if (found.length === 0) return verdict(text, null, 'not measured')
  const floorOf = (workload) => cells[workload][subject].floorP999?.median ?? 0
  const late = found.filter(({ value }) => value >= 10_000)
  const loops = late.map(
    ({ workload, value }) =>
      `${nanoseconds(value)} ns (${workload}, empty loop ${nanoseconds(floorOf(workload))})`,
  )
  const rest = found.filter(({ value }) => value < 10_000)
  const worst = rest.reduce((a, b) => (b.value > a.value ? b : a), { value: 0, workload: 'none' })
  return verdict(
    text,
    late.every(({ workload, value }) => value <= floorOf(workload)),
    [`worst ${nanoseconds(worst.value)} ns (${worst.workload})`, ...loops].join(', then '),
  )
}

/** Against the pino mode that the times are compared with; the mode that needs least is named beside it. */
const memoryTarget = (cells) => {
  const text = "peak RSS: under that of pino's fastest mode in the same run, in every workload"
  const of = (figure) => {
    const found = over(cells, (c, all) => c.rss?.median / figure(all))
    const none = { value: Number.NaN, workload: '' }
    return found.reduce((a, b) => (a.value >= b.value ? a : b), none)
  }
  const fastest = of((all) => all[pinoBest(all, (p) => p.main)?.mode]?.rss?.median)
  if (!Number.isFinite(fastest.value)) return verdict(text, null, 'not measured')
  const leanest = of((all) => pinoBest(all, (p) => p.rss)?.value)
  const percent = ({ value, workload }) => `${(value * 100).toFixed(0)} % (${workload})`
  return verdict(
    text,
    fastest.value < 1,
    `worst ${percent(fastest)}; of pino's leanest mode, ${percent(leanest)}`,
  )
}

const linesTarget = (cells) => {
  const text = 'lines on file = events logged'
  const own = Object.entries(cells).flatMap(([w, all]) => (all[subject] ? [[w, all[subject]]] : []))
  if (own.length === 0) return verdict(text, null, 'not measured')
  const wrong = own.filter(([, c]) => c.failed || c.lines !== c.expected).map(([w]) => w)
  return verdict(
    text,
    wrong.length === 0,
    wrong.length === 0 ? 'all' : `wrong in ${wrong.join(', ')}`,
  )
}

const numbersTarget = (cells) => {
  const text = 'event of three numbers until on file: >= 4.5 M events/s'
  const value = cells.numbers?.[subject]?.onFile?.median
  if (!Number.isFinite(value)) return verdict(text, null, 'not measured')
  return verdict(text, 1000 / value >= 4.5, `${(1000 / value).toFixed(2)} M/s`)
}

const startupTargets = (startup) => {
  const time = startup?.importMs.fapilog
  const sizes = startup?.binaries ?? []
  const largest = Math.max(...sizes.map((b) => b.bytes))
  const stripped = sizes.every((b) => b.stripped !== false)
  const first = startup?.firstLogger?.fapilog?.['no options'].createMs
  return [
    verdict(
      'first logger without options: < 5 ms',
      first ? first.median < 5 : null,
      first ? `${first.median.toFixed(1)} ms` : 'not measured',
    ),
    verdict(
      'import of the package: < 30 ms',
      time ? time.median < 30 : null,
      time ? `${time.median.toFixed(1)} ms` : 'not measured',
    ),
    verdict(
      'native binary: < 3 MB, stripped',
      sizes.length > 0 ? largest < 3e6 && stripped : null,
      sizes.length > 0
        ? `${(largest / 1e6).toFixed(2)} MB${stripped ? '' : ', not stripped'}`
        : 'none found',
    ),
  ]
}

const idleTargets = (idle) => {
  const own = idle?.find((row) => row.name === subject)
  return [
    verdict(
      'idle CPU: < 0.1 %',
      own ? own.cpuPercent < 0.1 : null,
      own ? `${own.cpuPercent.toFixed(3)} %` : 'not measured',
    ),
    verdict(
      'first event after a pause on file: < 5 ms',
      own ? own.wait.first < 5 && own.wait.median < 5 : null,
      own
        ? `${own.wait.first.toFixed(2)} ms, median of ${own.wait.median.toFixed(2)} ms`
        : 'not measured',
    ),
  ]
}

/** What differs between two loggers that do the same. */
const NOISE = 0.05

/**
 * @param {{ name: string, wallRatio: number, cpuMore: number }[] | undefined} rows what benches/plugins.mjs measured
 * @returns {Verdict[]}
 */
export const pluginTargets = (rows) => {
  const row = (name) => rows?.find((one) => one.name === name)
  const [empty, passing] = [row('an empty list'), row('processor, passing on')]
  const percent = (ratio) => `${((ratio - 1) * 100).toFixed(1)} %`
  return [
    verdict(
      'no plugin registered: no difference',
      empty ? Math.abs(empty.wallRatio - 1) < NOISE && empty.cpuMore < 50 : null,
      empty ? `${percent(empty.wallRatio)}, ${nanoseconds(empty.cpuMore)} ns` : 'not measured',
    ),
    verdict(
      'a processor that passes on: <= 10 % of the time until written',
      passing ? passing.wallRatio <= 1.1 : null,
      passing ? percent(passing.wallRatio) : 'not measured',
    ),
    verdict(
      'a processor that passes on: < 1 µs of the main thread an event',
      passing && Number.isFinite(passing.cpuMore) ? passing.cpuMore < 1000 : null,
      passing ? `${nanoseconds(passing.cpuMore)} ns` : 'not measured',
    ),
  ]
}

/** Prints them. @param {Verdict[]} verdicts */
export const show = (verdicts) => {
  for (const { text, verdict, detail } of verdicts) console.log(`${verdict}  ${text}: ${detail}`)
}

/**
 * @param {Record<string, Record<string, any>>} cells by workload and subject
 * @param {{ startup?: any, idle?: any, plugins?: any }} others
 * @returns {Verdict[]}
 */
export const targets = (cells, { startup, idle, plugins }) => [
  ...Object.entries(callTargets).map(([workload, least]) => callTarget(cells, workload, least)),
  disabledTarget(cells),
  ...Object.entries(fileTargets).map(([workload, least]) => fileTarget(cells, workload, least)),
  tailTarget(cells),
  memoryTarget(cells),
  numbersTarget(cells),
  linesTarget(cells),
  ...startupTargets(startup),
  ...idleTargets(idle),
  ...pluginTargets(plugins),
]

/** Whether a run holds what the ratios are made of. */
export const isComplete = (names) =>
  names.includes(subject) && pinoModes.every((mode) => names.includes(mode))
