// The command line, run as people run it: pipes, files, rotations, readers that leave.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { createLogger } from 'fapilog'
import { CLI, cli, startCli } from './support/cli.js'
import { folder as crashFolder, remove, runAndKill } from './support/crash.mjs'

const COMMANDS = [
  'pretty',
  'tail',
  'query',
  'decrypt',
  'recover',
  'doctor',
  'config',
  'plugin',
  'bench',
]
const unix = process.platform === 'win32' ? test.skip : test
const linux = process.platform === 'linux' ? test : test.skip

const MIXED = [
  '{"timestamp":"2026-01-02T03:04:05.678Z","level":"WARNING","message":"slow","logger":"shop","context":{"message_id":"x","correlation_id":null,"request_id":"r-1","host":"h","pid":1},"diagnostics":{"origin":"native"},"data":{"ms":1200}}',
  '{"level":30,"time":1767323045678,"pid":1,"hostname":"h","name":"app","req":{"id":7},"msg":"pino"}',
  '{"name":"b","hostname":"h","pid":1,"level":50,"msg":"bunyan","time":"2026-01-02T03:04:05.678Z","v":0}',
  '{"level":"debug","message":"winston","timestamp":"2026-01-02T03:04:05.678Z"}',
  'TypeError: not JSON at all',
  '{"some":"json"}',
  '',
].join('\n')

const SHOWN = `03:04:05.678 WARNING  shop: slow  request_id=r-1 ms=1200
03:04:05.678 INFO     app: pino  req={id: 7}
03:04:05.678 ERROR    b: bunyan
03:04:05.678 DEBUG    winston
TypeError: not JSON at all
{"some":"json"}
`

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'fapilog-cli-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** pino's line number `n`. */
const line = (n: number, level = 30) =>
  `{"level":${level},"time":${1767312000000 + n},"n":${n},"msg":"m"}\n`
const many = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => line(from + i)).join('')
const shown = (text: string) => [...text.matchAll(/ n=(\d+)$/gm)].map(([, n]) => Number(n))

test('lines of fapilog, pino, bunyan and winston are shown, others passed on', async (t) => {
  const { code, stdout, stderr } = await cli(['pretty', '--utc'], { input: MIXED })
  t.is(stdout, SHOWN)
  t.is(stderr, '')
  t.is(code, 0)
})

test('what is piped in is pretty-printed without a command, with options', async (t) => {
  t.is((await cli(['--utc'], { input: MIXED })).stdout, SHOWN)
  const errors = await cli(['-l', 'error', '--utc', '--events-only'], { input: MIXED })
  t.is(errors.stdout, '03:04:05.678 ERROR    b: bunyan\n')
})

test('our own lines look as if the logger had printed them prettily itself', async (t) => {
  const dir = folder(t)
  const path = join(dir, 'app.log')
  const log = createLogger({
    name: 'shop',
    level: 'TRACE',
    utc: true,
    sinks: [
      { type: 'file', path, format: 'json' },
      { type: 'memory', format: 'pretty' },
    ],
  })
  const error = new TypeError('card "refused"', { cause: new AggregateError([new Error('a'), 1]) })
  log.trace('plain')
  log
    .child({ request_id: 'r-1', deep: { a: [1, 'two words', { b: null }] } })
    .info('child', { big: 2 ** 60 })
  log.warn('text \u001b[31m\n ü 🚀', { 'odd key': -0.5, empty: '', list: [], none: {} })
  log.error(error, 'failed', { attempt: 2 })
  log.fatal({ only: 'fields' })
  await log.close()
  const direct = `${log.takeLines().join('\n')}\n`
  const { stdout } = await cli(['pretty', '--utc', path])
  t.is(stdout, direct)
  t.true(direct.split('\n').length > 10)
})

test('colours are for terminals, unless asked for', async (t) => {
  const colored = await cli(['--color'], { input: line(1) })
  t.true(colored.stdout.includes('\u001b[32mINFO'))
  t.false((await cli([], { input: line(1) })).stdout.includes('\u001b'))
  const forced = { FORCE_COLOR: '1' }
  t.true((await cli([], { input: line(1), env: forced })).stdout.includes('\u001b'))
  t.false((await cli(['--no-color'], { input: line(1), env: forced })).stdout.includes('\u001b'))
})

test('files, gzip, patterns and rotated sets are read in order', async (t) => {
  const dir = folder(t)
  mkdirSync(join(dir, 'sub'))
  writeFileSync(join(dir, 'app.log'), line(5))
  writeFileSync(join(dir, 'app.log.1'), line(2))
  writeFileSync(join(dir, 'app.log.2.gz'), gzipSync(line(1)))
  writeFileSync(join(dir, 'app-20260102-000000.log.gz'), gzipSync(line(3)))
  writeFileSync(join(dir, 'app-20260103-000000.log'), line(4))
  writeFileSync(join(dir, 'sub', 'other.log'), line(6))
  writeFileSync(join(dir, '.hidden.log'), line(7))
  const read = async (...args: string[]) =>
    shown((await cli(['pretty', ...args], { cwd: dir })).stdout)
  t.deepEqual(await read('-r', 'app.log'), [1, 2, 3, 4, 5])
  t.deepEqual(await read('app.log', 'app.log.2.gz'), [5, 1])
  t.deepEqual(await read('*.log'), [4, 5])
  t.deepEqual(await read('**/*.log'), [4, 5, 6])
  t.deepEqual(await read('app.log.[12]*'), [2, 1])
  t.deepEqual(await read(join(dir, 's?b', '*.log')), [6])
  const piped = await cli(['pretty'], { input: gzipSync(many(0, 3)) })
  t.deepEqual(shown(piped.stdout), [0, 1, 2])
})

test('a file that cannot be read is named, the others are read', async (t) => {
  const dir = folder(t)
  const path = join(dir, 'app.log')
  writeFileSync(path, line(1))
  const cut = join(dir, 'cut.gz')
  writeFileSync(cut, gzipSync(many(10, 60)).subarray(0, -6))
  const { code, stdout, stderr } = await cli(['pretty', join(dir, 'none'), path, dir, cut])
  t.is(code, 1)
  t.deepEqual(shown(stdout), [1, ...Array.from({ length: 50 }, (_, i) => i + 10)])
  t.regex(stderr, /none: .*no such file/i)
  t.true(stderr.includes(`${dir}: is a directory`))
  t.true(stderr.includes(`${cut}: `))
})

test('--lines starts before the end of files and streams', async (t) => {
  const path = join(folder(t), 'app.log')
  writeFileSync(path, many(0, 5000))
  t.deepEqual(shown((await cli(['pretty', '-n', '3', path])).stdout), [4997, 4998, 4999])
  t.deepEqual(shown((await cli(['-n', '2'], { input: many(0, 5000) })).stdout), [4998, 4999])
  t.deepEqual(shown((await cli(['-n', '0'], { input: many(0, 10) })).stdout), [])
})

test('level, fields and time select events; lines that are no events stay', async (t) => {
  const input = `${line(1, 20)}${line(2, 40)}oops\n${line(3, 50)}`
  const out = async (...args: string[]) => (await cli(args, { input })).stdout
  t.deepEqual(shown(await out('--level', 'warn')), [2, 3])
  t.true((await out('--level', 'fatal')).includes('oops'))
  t.deepEqual(shown(await out('-w', 'n>1', '-w', 'n<3')), [2])
  t.deepEqual(shown(await out('--where', 'msg~^m$', '--where', 'level!=warn')), [1, 3])
  t.deepEqual(shown(await out('--since', '2026-01-02T00:00:00.002Z')), [2, 3])
  t.deepEqual(shown(await out('--utc', '--until', '2026-01-02 00:00:00.002')), [1])
  t.deepEqual(shown(await out('--since', '7d')), [])
})

test('tail follows a file through renames, truncation and absence', async (t) => {
  const dir = folder(t)
  const path = join(dir, 'app.log')
  writeFileSync(path, many(0, 20))
  const later = join(dir, 'later.log')
  const { child, ended, shows, output } = startCli(['tail', '-n', '2', path, later])
  await shows('n=19\n')
  appendFileSync(path, `${line(20)}{"level":30,`)
  await shows('n=20\n')
  appendFileSync(path, '"time":1767312000000,"msg":"in two pieces","n":21}\n')
  await shows('n=21\n')
  renameSync(path, join(dir, 'app.log.1'))
  appendFileSync(join(dir, 'app.log.1'), line(22))
  await shows('n=22\n')
  writeFileSync(path, line(23))
  await shows('n=23\n')
  truncateSync(path)
  await new Promise((resolve) => setTimeout(resolve, 400))
  appendFileSync(path, line(24))
  await shows('n=24\n')
  writeFileSync(later, line(25))
  await shows('n=25\n')
  child.kill('SIGINT')
  const { signal } = await ended
  t.is(signal, 'SIGINT')
  t.deepEqual(shown(output()), [18, 19, 20, 21, 22, 23, 24, 25])
})

test('tail goes through the rotations of our own file sink without losing a line', async (t) => {
  const path = join(folder(t), 'app.log')
  const log = createLogger({
    sinks: [{ type: 'file', path, format: 'pino', rotate: { maxBytes: '4 KB', keepFiles: 50 } }],
  })
  const { child, ended, shows, output } = startCli(['pretty', '--follow', path])
  for (let n = 0; n < 200; n++) {
    log.info('m', { n })
    if (n % 20 === 0) {
      await log.flush()
      await shows(`n=${n}\n`)
    }
  }
  await log.close()
  await shows('n=199\n')
  child.kill()
  await ended
  t.deepEqual(
    shown(output()),
    Array.from({ length: 200 }, (_, n) => n),
  )
})

unix('a reader that leaves ends every command quietly', async (t) => {
  const path = join(folder(t), 'app.log')
  writeFileSync(path, many(0, 100_000))
  const node = JSON.stringify(process.execPath)
  const bin = JSON.stringify(CLI)
  for (const command of [
    `pretty ${path} | head -n 1`,
    `query ${path} | head -n 1`,
    `query --format table ${path} | head -n 1`,
    `tail ${path} | head -n 1`,
    '--help | true',
  ]) {
    const script = `{ ${node} ${bin} ${command.replace(' | ', '; echo "code=$?" >&2; } | ')}`
    const { stderr } = await promisify(execFile)('sh', ['-c', script], { timeout: 30_000 })
    t.is(stderr, 'code=0\n', command)
  }
})

unix('standard input is shown as it comes, and left when the reader has left', async (t) => {
  const { child, ended, shows } = startCli(['pretty'])
  child.stdin?.write(line(1))
  await shows('n=1\n')
  child.stdin?.write('{"level":30,"time":0,"msg":"half')
  child.stdin?.end(' line","n":2}')
  await shows('n=2\n')
  t.is((await ended).code, 0)

  const leaving = startCli(['pretty'])
  leaving.child.stdin?.on('error', () => undefined)
  leaving.child.stdin?.write(line(1))
  await leaving.shows('n=1\n')
  leaving.child.stdout?.destroy()
  leaving.child.stdin?.write(line(2))
  // Its input stays open: it must not wait for more.
  t.like(await leaving.ended, { code: 0, stderr: '' })
})

test('query prints the lines themselves, fields, CSV and tables', async (t) => {
  const path = join(folder(t), 'app.log')
  writeFileSync(path, MIXED)
  const out = async (...args: string[]) => (await cli(['query', ...args, path])).stdout
  const lines = MIXED.split('\n')
  t.is(await out(), `${lines.slice(0, 4).join('\n')}\n`)
  t.is(await out('-w', 'ms>1000'), `${lines[0]}\n`)
  t.is(
    await out('-w', 'req.id=7', '--fields', 'req.id,msg,nothing'),
    '{"req.id":7,"msg":"pino","nothing":null}\n',
  )
  const at = '2026-01-02T03:04:05.678Z'
  t.is(
    await out('--format', 'csv'),
    `timestamp,level,logger,message\r\n${at},WARNING,shop,slow\r\n${at},INFO,app,pino\r\n${at},ERROR,b,bunyan\r\n${at},DEBUG,,winston\r\n`,
  )
  t.is(
    await out('--format', 'table', '--fields', 'level,message,request_id'),
    'level    message  request_id\nWARNING  slow     r-1\nINFO     pino\nERROR    bunyan\nDEBUG    winston\n',
  )
  t.is(await out('--format', 'pretty', '--utc', '-l', 'error'), '03:04:05.678 ERROR    b: bunyan\n')
  t.is(await out('--count', '--level', 'info'), '3\n')
  t.deepEqual(JSON.parse(await out('--stats', '--format', 'json')), {
    lines: 6,
    events: 4,
    matched: 4,
    overlong: 0,
    levels: { DEBUG: 1, INFO: 1, WARNING: 1, ERROR: 1 },
    first: at,
    last: at,
  })
  t.regex(await out('--stats'), /^matched {5}4$/m)
})

test('calls that are wrong say what is right', async (t) => {
  for (const [args, message] of [
    [['prety'], "no command 'prety'; did you mean 'pretty'?"],
    [['query', '--fild', 'a', 'x'], "no option '--fild'; did you mean '--fields'?"],
    [['query', '-z', 'x'], "no option '-z'"],
    [['pretty', '--level', 'eror', 'x'], "no level 'eror'; did you mean 'error'?"],
    [['query', '--format', 'cvs', 'x'], "no format 'cvs'; did you mean 'csv'?"],
    [['pretty', '--level'], "Option '-l, --level <value>' argument missing"],
    [['query', '--where', 'a!b', 'x'], 'has no operator: expected one of = != > >= < <= ~ !~'],
    [['query', '--where', 'a~[', 'x'], "'a~['"],
    [['query', '--since', 'soon', 'x'], "--since 'soon': expected a time"],
    [['query', '--count', '--stats', 'x'], 'exclude each other'],
    [['tail', '-n', 'ten', 'x'], "--lines 'ten': expected a number of lines"],
    [['query', 'no-such-*.log'], "no file matches 'no-such-*.log'"],
    [['recover'], 'recover takes one folder'],
    [['bench', '-s', '0'], "--seconds '0'"],
  ] as const) {
    const { code, stdout, stderr } = await cli(args)
    t.is(code, 2, args.join(' '))
    t.is(stdout, '')
    t.true(stderr.startsWith('fapilog: ') && stderr.includes(message), stderr)
    t.regex(stderr, /See `fapilog.* --help`\.\n$/)
  }
})

test('every command has a help whose examples are right', async (t) => {
  const overview = await cli(['--help'])
  for (const name of COMMANDS) {
    t.regex(overview.stdout, new RegExp(`^ {2}${name} `, 'm'))
    const { code, stdout } = await cli([name, '--help'])
    t.is(code, 0)
    t.is((await cli(['help', name])).stdout, stdout)
    t.regex(stdout, /^Exit codes: 0 .*, 1 .*, 2 the call was wrong\.$/m)
    const examples = [...stdout.matchAll(/npx fapilog ([^|>\n]+)/g)].map(
      ([, args]) => args as string,
    )
    t.true(examples.length > 0)
    for (const example of examples) {
      const args = [...example.matchAll(/'([^']*)'|(\S+)/g)].map(
        ([, quoted, bare]) => quoted ?? bare ?? '',
      )
      const { code, stderr } = await cli([...args, '--help'])
      t.is(code, 0, `${example}: ${stderr}`)
    }
  }
  const manifest = JSON.parse(readFileSync(join(CLI, '../../package.json'), 'utf8'))
  t.is((await cli(['--version'])).stdout, `${manifest.version}\n`)
})

test('doctor says what is installed and that it works', async (t) => {
  const dir = folder(t)
  const env = { FAPILOG_SERVICE: 'orders', FAPILOG_LEVL: 'x' }
  const { code, stdout, stderr } = await cli(['doctor', '--json', dir, join(dir, 'a', 'b')], {
    env,
  })
  t.is(code, 0, stderr)
  const sections = JSON.parse(stdout) as Record<
    string,
    { about: string; state: string; text: string }[]
  >
  const text = (section: string, about: string) =>
    sections[section]?.find((one) => one.about === about)?.text ?? ''
  t.true(text('installation', 'node').startsWith(process.version))
  t.regex(text('installation', 'addon'), /fapilog\..*\.node, [\d.]+ MB$/)
  t.is(text('installation', 'trial'), 'one event logged and read back')
  t.is(text('settings', 'service'), '"orders" (environment variable FAPILOG_SERVICE)')
  t.is(text('settings', 'FAPILOG_LEVL'), 'is no setting; did you mean FAPILOG_LEVEL?')
  t.regex(text('folders', dir), /can be written to/)
  t.regex(text('folders', join(dir, 'a', 'b')), /the first logger makes it/)
  t.true(
    (await cli(['doctor', dir])).stdout.includes('  ok    trial: one event logged and read back\n'),
  )
})

test('doctor fails when the binary cannot be loaded, and says why', async (t) => {
  const { code, stdout } = await cli(['doctor'], { env: { FAPILOG_NATIVE_PATH: '/no/such.node' } })
  t.is(code, 1)
  t.regex(stdout, /FAIL {2}addon: .*could not load/)
  t.regex(stdout, /FAPILOG_NATIVE_PATH/)
})

linux('doctor finds the ring of a killed process, and changes nothing', async (t) => {
  const dir = crashFolder()
  t.teardown(() => remove(dir))
  let found = ''
  for (let attempt = 0; attempt < 50 && !found.includes('stale'); attempt++) {
    await runAndKill(dir, 60, 'pino', 5000)
    found = (await cli(['doctor', dir])).stdout
  }
  t.regex(found, /ring .*\.ring: stale, /)
  t.is((await cli(['doctor', dir])).stdout.includes('stale'), true)
  // The folder of the logs will do, too.
  t.regex((await cli(['recover', dir])).stdout, /\.fapilog\/.*\.ring: /)
  t.is((await cli(['recover', join(dir, '.fapilog')])).code, 0)
  t.false((await cli(['doctor', dir])).stdout.includes('stale'))
})

test('config prints settings with their sources, checks them and has their schema', async (t) => {
  const dir = folder(t)
  const file = join(dir, 'fapilog.json')
  const sinks = [{ type: 'file', path: 'a.log' }]
  writeFileSync(file, JSON.stringify({ level: 'DEBUG', service: 'orders', sinks }))
  const env = { FAPILOG_CONFIG: file, FAPILOG_LEVEL: 'ERROR' }
  const printed = await cli(['config', 'print', '--json', '--all'], { env })
  const rows = JSON.parse(printed.stdout) as { path: string; value: unknown; source: string }[]
  const row = (path: string) => rows.find((one) => one.path === path)
  t.like(row('level'), { value: 'ERROR', source: 'environment variable FAPILOG_LEVEL' })
  t.like(row('service'), { value: 'orders', source: file })
  t.like(row('sinks[0].path'), { value: 'a.log', source: file })
  t.like(row('sinks[0].mkdir'), { value: true, source: 'default' })
  t.like(row('queue.overflow'), { value: 'drop-newest', source: 'default' })
  t.is(
    (await cli(['config', 'print'])).stdout,
    'every setting has its default (see them with --all)\n',
  )
  t.is((await cli(['config', 'validate', file])).stdout, `the settings are right: ${file}\n`)

  writeFileSync(file, JSON.stringify({ level: 'LOUD', queue: { ringBites: 1 } }))
  const wrong = await cli(['config', 'validate', file])
  t.is(wrong.code, 1)
  t.regex(wrong.stderr, /level is "LOUD" \(.*fapilog\.json\): expected a level/)
  t.regex(wrong.stderr, /queue\.ringBites is 1/)
  const json = JSON.parse((await cli(['config', 'validate', '--json', file])).stdout)
  t.deepEqual([json.valid, json.problems.length], [false, 2])
  const schema = JSON.parse((await cli(['config', 'schema'])).stdout)
  t.true('level' in schema.properties)
  t.is((await cli(['config', 'shema'])).code, 2)
})

test('values that look secret are in no output of config and doctor, right or wrong', async (t) => {
  const right = {
    FAPILOG_REDACT__HASH_KEY: 'hunter2-hunter2-hunter2',
    FAPILOG_ENRICH__FIELDS: '{"dbPassword":"hunter2"}',
  }
  const printed = await cli(['config', 'print'], { env: right })
  t.regex(printed.stdout, /^redact\.hashKey +"\*\*\*" /m)
  t.regex(printed.stdout, /^enrich\.fields\.dbPassword +"\*\*\*" /m)
  const wrong = { FAPILOG_REDACT__HASH_KEY: 'hunter2' }
  const said = [
    printed,
    await cli(['config', 'print', '--json', '--all'], { env: right }),
    await cli(['doctor'], { env: right }),
    await cli(['config', 'validate'], { env: wrong }),
    await cli(['config', 'validate', '--json'], { env: wrong }),
    await cli(['doctor'], { env: wrong }),
  ]
  for (const { stdout, stderr } of said) {
    t.regex(stdout + stderr, /\*\*\*/)
    t.notRegex(stdout + stderr, /hunter2/)
  }
})

test('bench measures this machine and counts every line', async (t) => {
  const { code, stdout, stderr } = await cli(['bench', '--seconds', '1', '--json'])
  t.is(code, 0, stderr)
  const results = JSON.parse(stdout) as {
    subject: string
    missing: number
    callNs: { best: number }
  }[]
  t.deepEqual(
    [...new Set(results.map(({ subject }) => subject.split(' ')[0]))],
    ['fapilog', 'pino'],
  )
  t.true(results.every(({ missing, callNs }) => missing === 0 && callNs.best > 0))
  const alone = await cli(['bench', '--seconds', '1'], { cwd: folder(t) })
  t.regex(alone.stdout, /Install pino/)
})

linux('memory stays flat over a large input', async (t) => {
  t.timeout(120_000)
  const path = join(folder(t), 'big.log')
  const peak = async () => {
    const script = `import(${JSON.stringify(join(CLI, '../../dist/cli/main.mjs'))}).then(async ({ main }) => {
      const code = await main(['pretty', ${JSON.stringify(path)}])
      process.stderr.write(String(process.resourceUsage().maxRSS))
      process.exit(code)
    })`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'pipe'] })
    let text = ''
    child.stderr.on('data', (chunk) => (text += chunk))
    await new Promise((resolve) => child.on('close', resolve))
    return Number(text) / 1024
  }
  writeFileSync(path, many(0, 100_000))
  const small = await peak()
  const stream = createWriteStream(path)
  const block = Buffer.from(many(0, 100_000))
  for (let i = 0; i < 30; i++) {
    if (!stream.write(block)) await once(stream, 'drain')
  }
  await new Promise<void>((resolve) => stream.end(resolve))
  const large = await peak()
  t.true(large < small + 30, `${small} MB, then ${large} MB`)
  t.true(existsSync(path))
})
