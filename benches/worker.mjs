/**
 * One measurement in a process of its own:
 *
 *   node --expose-gc benches/worker.mjs <subject> <workload> <n> <file>
 *
 * prints one line of JSON. benches/README.md says what each figure means.
 */

import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises'
import { mainThreadCpu } from './lib/cpu.mjs'
import { median, quantile } from './lib/stats.mjs'
import { subjects } from './lib/subjects.mjs'
import { workloads } from './lib/workloads.mjs'

const group = 1000

/** CPU time of the whole process, all threads, in ns. */
const processCpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

/** Peak RSS in bytes. Linux hands getrusage's figure from parent to child at exec; VmHWM is this process's own. */
const peakRss = () => {
  if (process.platform === 'linux') {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024
  }
  return process.resourceUsage().maxRSS * 1024
}

const count = (file) => {
  if (!existsSync(file)) return { lines: 0, bytes: 0 } // a file sink may create it with the first line
  const buffer = Buffer.allocUnsafe(1 << 20)
  const fd = openSync(file, 'r')
  let lines = 0
  let position = 0
  for (;;) {
    const read = readSync(fd, buffer, 0, buffer.length, position)
    if (read === 0) break
    position += read
    for (let at = buffer.indexOf(10); at >= 0 && at < read; at = buffer.indexOf(10, at + 1)) lines++
  }
  closeSync(fd)
  return { lines, bytes: position }
}

/** What timing itself costs: the median of empty measurements. */
const timerOverhead = () => {
  const samples = new Float64Array(20_000)
  for (let i = 0; i < samples.length; i++) {
    const start = process.hrtime.bigint()
    samples[i] = Number(process.hrtime.bigint() - start)
  }
  return median(samples)
}

/** Times `calls` calls in chunks and stores ns per call. */
const timedBurst = (log, call, from, calls, chunk, overhead, into, at) => {
  let i = from
  for (const end = from + calls; i < end; ) {
    const size = Math.min(chunk, end - i)
    const start = process.hrtime.bigint()
    for (let k = 0; k < size; k++) call(log, i++)
    into[at++] = Math.max(0, Number(process.hrtime.bigint() - start) - overhead) / size
  }
  return at
}

/**
 * The 99.9th percentile of what no logger is part of: turns of an empty loop that last as long as a call does at the median.
 * What it is longer, the machine has taken: its timer, its other tasks, the machine below it.
 */
const floor = (turns, ns, overhead) => {
  const samples = new Float64Array(turns)
  const length = BigInt(Math.round(ns))
  for (let i = 0; i < turns; i++) {
    const start = process.hrtime.bigint()
    while (process.hrtime.bigint() - start < length);
    samples[i] = Math.max(0, Number(process.hrtime.bigint() - start) - overhead)
  }
  return quantile(samples, 0.999)
}

const calls = (log, call, from, to) => {
  for (let i = from; i < to; i++) call(log, i)
}

/** Waits until the file holds every line so far, so that no phase pays for the one before; then collects garbage. */
const settle = async (file, lines) => {
  for (let tries = 0; count(file).lines < lines && tries < 1000; tries++) await sleep(5)
  globalThis.gc?.()
  await sleep(10)
}

const measure = async (subjectName, workloadName, n, file) => {
  if (subjectName === 'idle') {
    await sleep(20)
    return { rss: peakRss() }
  }
  const subject = subjects[subjectName]
  const workload = workloads[workloadName]
  const overhead = timerOverhead()
  const { log, drain, close } = await subject.open(file)
  const call = workload.prepare(subject.style, log)
  const chunk = workload.chunk ?? 100
  const burst = Math.min(workload.burst, n)
  const bursts = Math.max(1, Math.round(n / burst))
  const yields = subject.yields && !workload.silent
  let logged = 0

  // A burst, cut by turns of the event loop only for loggers that write on it.
  const stretch = async (events, one) => {
    const step = yields ? group : events
    for (let done = 0; done < events; done += step) {
      one(logged, Math.min(step, events - done))
      logged += Math.min(step, events - done)
      if (yields) await immediate()
    }
  }

  const into = new Float64Array(bursts * (Math.ceil(burst / Math.min(chunk, group)) + 1))
  let samples = 0
  const chunks = (from, events) => {
    samples = timedBurst(log, call, from, events, chunk, overhead, into, samples)
  }

  // Warm-up, through the same functions as the measured part.
  const warm = workload.warm ?? Math.min(40_000, Math.max(5_000, n))
  for (let done = 0; done < warm; done += burst) {
    const events = Math.min(burst, warm - done)
    await stretch(events >> 1, chunks)
    await stretch(events - (events >> 1), (from, k) => calls(log, call, from, from + k))
    await drain()
    samples = 0
  }

  // 1. Bursts that fit the ring, drained after each.
  await settle(file, workload.silent ? 0 : logged)
  let main = mainThreadCpu()
  for (let b = 0; b < bursts; b++) {
    await stretch(burst, chunks)
    await drain()
  }
  await sleep(2)
  main = (mainThreadCpu() - main) / (bursts * burst)
  const values = into.subarray(0, samples)
  const result = {
    overhead,
    call: {
      p50: quantile(values, 0.5),
      p99: quantile(values, 0.99),
      p999: quantile(values, 0.999),
    },
    main,
  }
  if (workload.silent) {
    await close()
    return { ...result, rss: peakRss(), expected: 0, lines: count(file).lines }
  }

  // 2. Single calls, each timed, in bursts.
  const single = Math.max(burst, Math.round(n / 4 / burst) * burst)
  const ones = new Float64Array(single)
  let timed = 0
  const each = (from, events) => {
    for (let i = from; i < from + events; i++) {
      const start = process.hrtime.bigint()
      call(log, i)
      ones[timed++] = Math.max(0, Number(process.hrtime.bigint() - start) - overhead)
    }
  }
  await settle(file, workload.silent ? 0 : logged)
  for (let done = 0; done < single; done += burst) {
    await stretch(burst, each)
    await drain()
  }
  result.single = {
    p50: quantile(ones, 0.5),
    p99: quantile(ones, 0.99),
    p999: quantile(ones, 0.999),
    max: quantile(ones, 1),
  }
  result.single.floor999 = floor(single, result.single.p50, overhead)

  // 3. Without a pause, until the file holds every byte.
  const expected = logged + n
  await settle(file, workload.silent ? 0 : logged)
  const before = count(file).bytes
  const cpu = processCpu()
  const start = process.hrtime.bigint()
  await stretch(n, (from, events) => calls(log, call, from, from + events))
  const called = process.hrtime.bigint()
  await close()
  let end = process.hrtime.bigint()
  result.cpu = (processCpu() - cpu) / n
  result.rss = peakRss()
  // A logger whose close resolves too early is timed until its lines are there.
  let found = count(file)
  for (let tries = 0; found.lines < expected && tries < 400; tries++) {
    await sleep(5)
    const now = process.hrtime.bigint()
    const again = count(file)
    if (again.lines > found.lines) end = now
    found = again
  }
  result.loop = Number(called - start) / n
  result.onFile = Number(end - start) / n
  result.bytes = (found.bytes - before) / n
  result.expected = expected
  result.lines = found.lines
  return result
}

// Some rivals wait on handles that do not keep the process alive (pino's worker).
const alive = setInterval(() => {}, 60_000)
const [subjectName, workloadName, n, file] = process.argv.slice(2)
process.stdout.write(
  `${JSON.stringify(await measure(subjectName, workloadName, Number(n), file))}\n`,
)
clearInterval(alive)
