/**
 * The benchmark: every logger with every workload, side by side.
 *
 *   node benches/run.mjs [--quick] [--rounds N] [--minutes M] [--subjects a,b] [--workloads x,y]
 *                        [--json out.json] [--svg out.svg] [--strict]
 *
 *   node benches/run.mjs micro|startup|idle|throughput [options of that script]
 *
 * benches/README.md says how it measures.
 */

import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform, release, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { isBuilt, missing, root } from './lib/fapilog.mjs'
import { median, summary } from './lib/stats.mjs'
import { subjects } from './lib/subjects.mjs'
import { svg } from './lib/svg.mjs'
import { table } from './lib/table.mjs'
import { isComplete, show, targets } from './lib/targets.mjs'
import { workloads } from './lib/workloads.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const run = promisify(execFile)

// The rivals live in a package of their own, so that they are nobody's dependencies.
if (!existsSync(join(here, 'node_modules', 'pino'))) {
  console.error('installing the rivals (npm ci in benches/) ...')
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: here,
    stdio: 'inherit',
    shell: platform() === 'win32',
  })
}

const others = ['micro', 'startup', 'idle', 'throughput', 'workers']
if (others.includes(process.argv[2])) {
  const [, , name, ...rest] = process.argv
  const { status } = spawnSync(process.execPath, [join(here, `${name}.mjs`), ...rest], {
    stdio: 'inherit',
  })
  process.exit(status ?? 1)
}

const fail = (message) => {
  console.error(message)
  process.exit(2)
}

const parse = () => {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        minutes: { type: 'string', default: '12' },
        subjects: { type: 'string' },
        workloads: { type: 'string' },
        json: { type: 'string' },
        svg: { type: 'string' },
        strict: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return fail(error.message)
  }
}
const options = parse()

const chosen = (list, known, what) => {
  const names = list?.split(',').map((name) => name.trim()) ?? Object.keys(known)
  const unknown = names.filter((name) => !Object.hasOwn(known, name))
  if (unknown.length > 0) {
    fail(`no such ${what}: ${unknown.join(', ')} (there are: ${Object.keys(known).join(', ')})`)
  }
  return names
}

const workloadNames = chosen(options.workloads, workloads, 'workload')
const asked = chosen(options.subjects, subjects, 'subject')
const names = asked.filter((name) => isBuilt() || !name.startsWith('fapilog'))
if (names.length < asked.length) console.error(`${missing}: running the rivals only`)

const rounds = Number(options.rounds ?? (options.quick ? 1 : 3))
const scale = options.quick ? 1 / 16 : 1
if (!(rounds >= 1)) fail('--rounds must be at least 1')

/** Events of the continuous run. */
const events = (name, workload) => {
  const { n, chunk = 100 } = workloads[workload]
  const share = workloads[workload].silent ? 1 : subjects[name].share
  return Math.max(chunk * 5, Math.round((n * scale * share) / chunk) * chunk)
}

const dir = mkdtempSync(join(tmpdir(), 'fapilog-bench-'))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const worker = async (subject, workload, n) => {
  const file = join(dir, 'bench.log')
  const args = ['--expose-gc', join(here, 'worker.mjs'), subject, workload, String(n), file]
  try {
    const { stdout } = await run(process.execPath, args, { timeout: 120_000, cwd: dir })
    return JSON.parse(stdout)
  } catch (error) {
    const reason = error.killed ? 'no result within 120 s' : (error.stderr || error.message).trim()
    return { failed: /^\w*Error: .*$/m.exec(reason)?.[0] ?? reason.split('\n')[0] }
  } finally {
    rmSync(file, { force: true })
  }
}

const started = Date.now()
const elapsed = () => (Date.now() - started) / 1000
const results = Object.fromEntries(
  workloadNames.map((w) => [w, Object.fromEntries(names.map((n) => [n, []]))]),
)
const idleRss = []
let done = 0
let completed = 0
for (let round = 0; round < rounds; round++) {
  // A machine slower than expected gets fewer rounds, not a longer run.
  if (round > 0 && (elapsed() / round) * (round + 1) > Number(options.minutes) * 60) {
    console.error(
      `\nstopping after ${round} rounds: the next would pass ${options.minutes} minutes`,
    )
    break
  }
  idleRss.push((await worker('idle', 'message', 0)).rss)
  for (const [w, workload] of workloadNames.entries()) {
    for (let k = 0; k < names.length; k++) {
      const name = names[(k + round + w) % names.length]
      if (process.stderr.isTTY)
        process.stderr.write(`\r\x1b[K${++done}: round ${round + 1}, ${workload}, ${name}`)
      results[workload][name].push(await worker(name, workload, events(name, workload)))
    }
  }
  completed++
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')

const idle = median(idleRss)

/** One cell of the table from its rounds. */
const cellOf = (list, workload) => {
  const failed = list.find((r) => r.failed)
  if (failed) return { failed: failed.failed }
  const of = (figure) => summary(list.map((r) => figure(r) ?? Number.NaN))
  const worst = list.reduce((a, b) =>
    Math.abs(b.lines - b.expected) > Math.abs(a.lines - a.expected) ? b : a,
  )
  return {
    silent: workloads[workload].silent,
    callP50: of((r) => r.call.p50),
    callP99: of((r) => r.call.p99),
    callP999: of((r) => r.call.p999),
    singleP50: of((r) => r.single?.p50),
    singleP999: of((r) => r.single?.p999),
    singleMax: of((r) => r.single?.max),
    floorP999: of((r) => r.single?.floor999),
    main: of((r) => r.main),
    loop: of((r) => r.loop),
    onFile: of((r) => r.onFile),
    cpu: of((r) => r.cpu),
    rss: of((r) => r.rss),
    rssOverIdle: of((r) => r.rss - idle),
    bytes: of((r) => r.bytes),
    lines: worst.lines,
    expected: worst.expected,
  }
}

const cells = Object.fromEntries(
  workloadNames.map((w) => [
    w,
    Object.fromEntries(names.map((name) => [name, cellOf(results[w][name], w)])),
  ]),
)

const version = (path) => {
  try {
    return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')).version
  } catch {
    return null
  }
}
const packages = ['pino', 'winston', 'bunyan', 'log4js', '@logtape/logtape', '@logtape/file']
const meta = {
  date: new Date().toISOString(),
  node: process.version,
  system: `${platform()} ${release()} ${arch()}`,
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
  rounds: completed,
  quick: options.quick,
  seconds: Math.round(elapsed()),
  idleRss: idle,
  versions: {
    fapilog: version(root),
    ...Object.fromEntries(
      packages.map((name) => [name, version(join(here, 'node_modules', name))]),
    ),
  },
}

const versions = Object.entries(meta.versions)
  .filter(([name, v]) => v && !name.startsWith('@logtape/file'))
  .map(([name, v]) => `${name} ${v}`)
  .join(', ')
console.log(`Node ${meta.node}, ${meta.cpu}, ${meta.cores} cores, ${meta.system}; ${versions}`)
console.log(
  `medians of ${completed} interleaved round${completed === 1 ? '' : 's'}, ± half the range; times in ns per event`,
)
console.log('')
console.log(table(cells, workloads))

const hasFapilog = names.includes('fapilog')
let extra = {}
if (hasFapilog && !options.quick) {
  const [{ measureStartup }, { measureIdle }, { measurePlugins, pluginTable }] = await Promise.all([
    import('./startup.mjs'),
    import('./idle.mjs'),
    import('./plugins.mjs'),
  ])
  extra = { startup: measureStartup(), idle: measureIdle(), plugins: await measurePlugins() }
  console.log(`\n${pluginTable(extra.plugins)}`)
}
const verdicts = hasFapilog ? targets(cells, extra) : []
if (verdicts.length > 0) {
  console.log(`\nTargets${options.quick ? ' (a quick run only indicates)' : ''}`)
  show(verdicts)
}

const write = (path, text) => {
  mkdirSync(dirname(resolve(path)), { recursive: true })
  writeFileSync(path, text)
  console.error(`written: ${path}`)
}
// Only a full run of everything replaces the record.
const isRecord = !options.quick && !options.subjects && !options.workloads && isComplete(names)
const jsonPath = options.json ?? (isRecord ? join(here, 'record', 'latest.json') : null)
const svgPath = options.svg ?? (isRecord ? join(root, 'docs', 'bench.svg') : null)
if (jsonPath) {
  write(jsonPath, `${JSON.stringify({ meta, cells, ...extra, targets: verdicts }, null, 2)}\n`)
}
if (svgPath) {
  const caption = `Node ${process.versions.node}, ${meta.cores} cores; medians of ${completed} round${completed === 1 ? '' : 's'}; ${versions}`
  write(svgPath, svg(cells, workloads, caption))
}

const isShort = Object.values(cells).some(
  (all) => all.fapilog && (all.fapilog.failed || all.fapilog.lines !== all.fapilog.expected),
)
if (isShort || (options.strict && verdicts.some((v) => v.verdict === 'FAIL'))) process.exitCode = 1
