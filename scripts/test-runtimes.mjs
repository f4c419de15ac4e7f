// Runs the packed package in every runtime it is made for: installs Node.js 20 to 26, Bun and Deno, which come as npm
// packages, into a folder of their own, and has the same programs say the same in each.
//
//   npm run test:runtimes [-- bun node26]
//
// A runtime that cannot be had here is skipped, and counted as such.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { numbers, run, upTo } from '../__test__/support/child.ts'
import { acked, CLEAN, compare } from '../__test__/support/crash.mjs'
import { cachedInstall } from './cached-install.mjs'
import { checks, equal } from './checks.mjs'
import { root } from './stage.mjs'
import { install, packPlatform, packRoot } from './tarballs.mjs'

const platform = `${process.platform}-${process.arch}`
/** Where the runtimes are. */
const CACHE = cachedInstall('runtimes')
const EVENTS = 20_000

/** The permission model. */
const NODE_RIGHTS = {
  least: ['--no-warnings', '--permission', '--allow-fs-read=*'],
  addons: '--allow-addons',
  remedy: 'start node with --allow-addons',
}

/**
 * `differs`: promises that do not hold in a runtime, and why. They are skipped; docs/runtimes.md says the same.
 * `rights`: the least that a program needs, which docs/runtimes.md names too, and the one for addons among them.
 */
const RUNTIMES = [
  { name: 'this Node.js', program: process.execPath },
  node('20.3'),
  node('20'),
  node('22'),
  { ...node('24'), rights: NODE_RIGHTS },
  { ...node('26'), rights: NODE_RIGHTS },
  {
    name: 'bun',
    program: installed(`@oven/bun-${platform.replace('arm64', 'aarch64')}`, 'bin/bun'),
  },
  {
    name: 'deno',
    program: installed(`@deno/${platform}-glibc`, 'deno'),
    flags: ['run', '--no-prompt', '--allow-all'],
    differs: {
      'a worker that is terminated in a burst loses no event':
        'terminate() does not end a worker that never returns to its event loop',
    },
    rights: {
      least: ['run', '--no-prompt', '--allow-read', '--allow-env', '--allow-sys=hostname'],
      addons: '--allow-ffi',
      remedy: 'start deno with --allow-ffi',
    },
  },
]

const { check, skip, end } = checks('runtimes')
const folder = mkdtempSync(join(tmpdir(), 'fapilog-runtimes-'))
const app = join(folder, 'app')
installPackage()
/** What the first runtime wrote, which the others have to write too. */
let reference

const seen = new Set()
const chosen = process.argv.slice(2)
for (const runtime of RUNTIMES) {
  const { name, program } = runtime
  if (chosen.length > 0 && !chosen.includes(name) && reference !== undefined) continue
  if (!existsSync(program)) {
    skip(name, `its package could not be installed on ${platform}`)
    continue
  }
  const version = versionOf(name, program)
  if (!seen.has(version)) await checkRuntime(version, runtime)
  seen.add(version)
}
rmSync(folder, { recursive: true, force: true })
end()

async function checkRuntime(version, { name, program, flags = [], differs = {}, rights }) {
  const dir = join(folder, name)
  mkdirSync(dir)
  const execute = (args, options) =>
    run(program, [...flags, ...args.map(String)], { cwd: app, ...options })
  const succeed = async (...args) => {
    const ended = await execute(args)
    equal(`${ended.code} ${ended.stderr}`, '0 ', args[0])
    return ended.stdout
  }
  const promise = async (title, body) => {
    if (title in differs) skip(`${version}: ${title}`, differs[title])
    else await check(`${version}: ${title}`, body)
  }
  const started = performance.now()

  await promise('all formats write the same lines', async () => {
    const out = mkdtempSync(join(dir, 'values-'))
    const counters = await succeed('values.mjs', out)
    const lines = Object.fromEntries(
      readdirSync(out).map((file) => [file, stable(readFileSync(join(out, file), 'utf8'))]),
    )
    reference ??= lines
    equal(Object.keys(lines).length, 8, 'files')
    for (const [file, text] of Object.entries(lines)) sameLines(text, reference[file], file)
    const count = lines['json.log'].split('\n').length - 1
    const expected = { complete: true, submitted: count + 1, written: count, closed: 1 }
    equal(counters.trim(), JSON.stringify(expected), 'counters')
  })
  await promise('CommonJS, standard output, a normal end: no line is missing', async () => {
    const out = await succeed('commonjs.cjs', EVENTS)
    sameLines(
      out,
      upTo(EVENTS)
        .map((n) => `INFO line ${n}\n`)
        .join(''),
      'lines',
    )
  })
  await promise('rotated and compressed files have every event once, in order', async () => {
    const path = join(dir, 'rotated.log')
    const counters = await succeed('rotation.mjs', path, EVENTS)
    const files = readdirSync(dir).filter((file) => file.startsWith('rotated'))
    const rotated = files.filter((file) => file.endsWith('.gz'))
    if (rotated.length < 3) throw new Error(`rotated: ${files}`)
    equal(files.length, rotated.length + 1, 'files')
    const found = rotated.flatMap((file) =>
      numbers(String(gunzipSync(readFileSync(join(dir, file))))),
    )
    found.push(...numbers(readFileSync(path, 'utf8')))
    isNumbered(found.sort((a, b) => a - b))
    const [submitted, written] = [EVENTS, EVENTS]
    const expected = { flushed: true, closed: true, submitted, written, inFlight: 0 }
    equal(counters.trim(), JSON.stringify(expected), 'counters')
  })
  for (const [ending, code] of Object.entries({
    'normal end': 0,
    'process.exit in a burst': 7,
    'uncaught exception': 1,
    'unhandled rejection': 1,
  })) {
    await promise(`${ending}: every event is on file, exit code ${code}`, async () => {
      const path = join(dir, `${ending}.log`)
      const ended = await execute(['ending.mjs', ending, path, EVENTS])
      equal(ended.code, code, ended.stderr)
      isNumbered(numbers(readFileSync(path, 'utf8')))
    })
  }
  await promise('SIGTERM: every event is on file, and the process ends by the signal', async () => {
    const path = join(dir, 'signal.log')
    const ended = await execute(['signal.mjs', 'from outside, idle', 'SIGTERM', EVENTS, path], {
      meanwhile: (child) => child.stderr.once('data', () => child.kill('SIGTERM')),
    })
    equal(ended.signal, 'SIGTERM', ended.stderr)
    isNumbered(numbers(readFileSync(path, 'utf8')))
  })
  await promise('worker threads share one pipeline and keep their order', async () => {
    const path = join(dir, 'workers.log')
    const counters = JSON.parse(await succeed('workers.mjs', path, 'whole', 1000))
    const events = parsed(path).filter(({ message }) => message === 'numbered')
    for (const worker of [0, 1, 2])
      isNumbered(
        events.flatMap(({ data }) => (data.worker === worker ? [data.n] : [])),
        1000,
      )
    const { submitted, written, inFlight, droppedByReason } = counters
    // One was logged behind a worker's `close`.
    equal(
      `${submitted} ${written} ${inFlight} ${droppedByReason.closed}`,
      '3001 3000 0 1',
      'counters',
    )
  })
  await promise('a worker that is terminated in a burst loses no event', async () => {
    const path = join(dir, 'terminated.log')
    const counters = JSON.parse(await succeed('workers.mjs', path, 'terminated'))
    const events = parsed(path)
    isNumbered(
      events.map(({ data }) => data.n),
      events.length,
    )
    const { submitted, written, inFlight, droppedByReason, begun, returned } = counters
    if (written < returned || written > begun) throw new Error(`${written} of ${returned}`)
    // A call may be cut in two.
    equal(submitted, written + droppedByReason.encode, JSON.stringify(counters))
    equal(`${events.length} ${inFlight}`, `${written} 0`, 'counters')
  })
  await promise('crash-safe: a kill loses nothing', async () => {
    const crashed = mkdtempSync(join(dir, 'crash-'))
    const ended = await execute(['crash.mjs', crashed], {
      meanwhile: async (child) => {
        const note = join(crashed, 'acked')
        while (!existsSync(note) || readFileSync(note).length < 8 || acked(crashed) < 1000)
          await sleep(5)
        child.kill('SIGKILL')
      },
    })
    equal(ended.signal, 'SIGKILL', ended.stderr)
    await succeed('node_modules/fapilog/bin/fapilog.mjs', 'recover', join(crashed, '.fapilog'))
    const { events, acked: returned, ...wrong } = compare(crashed)
    equal(JSON.stringify(wrong), JSON.stringify(CLEAN), 'events')
    if (events < returned) throw new Error(`${events} of ${returned}`)
  })
  await promise('concurrent requests have their own ids in everything they call', async () => {
    const path = join(dir, 'requests.log')
    const count = 50
    equal((await succeed('requests.mjs', path, count)).trim(), String(count), 'echoed ids')
    const events = parsed(path)
    const found = events
      .map(({ message, context }) => `${context.correlation_id} ${message}`)
      .sort()
    const expected = upTo(count)
      .flatMap((n) => [`r-${n} query`, `r-${n} request_completed`])
      .sort()
    equal(found.join('\n'), expected.join('\n'), 'events')
  })
  await promise('plugins see every event, and are waited for at the end', async () => {
    const path = join(dir, 'plugins.log')
    await succeed('plugins.mjs', 'nothing left to do', path)
    const events = parsed(path).map(({ data }) => data)
    const expected = upTo(1000).map((n) => ({ n, later: true, seen: true }))
    equal(JSON.stringify(events), JSON.stringify(expected), 'events')
  })
  await promise('wrong settings are refused with the nearest name', async () => {
    const [code, ...message] = (await succeed('refused.mjs')).split('\n')
    equal(code, 'FAPILOG_CONFIGURATION', 'code')
    if (!message.join('\n').includes('did you mean "level"?')) throw new Error(message.join('\n'))
  })
  if (rights !== undefined) {
    const { least, addons, remedy } = rights
    const out = mkdtempSync(join(dir, 'rights-'))
    await promise('with the least rights a logger works', async () => {
      const { stdout, stderr } = await run(program, [...least, addons, 'values.mjs', out], {
        cwd: app,
      })
      equal(`${JSON.parse(stdout || '{}').complete} ${stderr}`, 'true ', 'values.mjs')
    })
    await promise('where addons are forbidden, the error says how to allow them', async () => {
      const { stdout } = await run(program, [...least, 'refused.mjs'], { cwd: app })
      equal(stdout.split('\n')[0], 'FAPILOG_NATIVE_MISSING', stdout)
      if (!stdout.includes(remedy)) throw new Error(stdout)
    })
  }
  console.log(`  ${version}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
}

/** What differs from run to run: times, ids, processes. */
function stable(text) {
  return text
    .replace(/\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}\.\d{3}Z?/g, '<time>')
    .replace(/^(\S*)\d{2}:\d{2}:\d{2}\.\d{3}/gm, '$1<time>')
    .replace(/"(time|timeUnixNano|observedTimeUnixNano)":"?\d+"?/g, '"$1":<time>')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replace(/\bpid\b(\W*)\d+/g, 'pid$1<pid>')
    .replace(/("process.pid","value":{"intValue":")\d+/g, '$1<pid>')
}

function sameLines(actual, expected, what) {
  const [found, wanted] = [actual.split('\n'), expected.split('\n')]
  equal(found.length, wanted.length, `lines of ${what}`)
  for (const [i, line] of found.entries()) equal(line, wanted[i], `${what}, line ${i + 1}`)
}

function parsed(path) {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

function isNumbered(found, count = EVENTS) {
  equal(found.length, count, 'events')
  equal(
    found.findIndex((n, i) => n !== i),
    -1,
    'first event out of order',
  )
}

function versionOf(name, program) {
  const words = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim().split(/\s+/)
  if (name === 'bun') return `Bun ${words[0]}`
  return name === 'deno' ? `Deno ${words[1]}` : `Node.js ${words[0].slice(1)}`
}

function node(version) {
  return { name: `node${version}`, program: installed(`node${version}-${platform}`, 'bin/node') }
}

function installed(name, program) {
  return join(CACHE, 'node_modules', name, program)
}

function installPackage() {
  install(app, packRoot(folder).tarball, packPlatform(folder).tarball)
  const programs = join(root, '__test__', 'runtimes')
  const fixtures = join(root, '__test__', 'fixtures')
  const sources = [
    ...readdirSync(programs)
      .filter((name) => /\.[cm]js$/.test(name))
      .map((name) => join(programs, name)),
    ...['ending', 'signal', 'joined-worker', 'crash', 'plugins'].map((name) =>
      join(fixtures, `${name}.mjs`),
    ),
  ]
  for (const source of sources) copyFileSync(source, join(app, basename(source)))
}
