// Files that are encrypted at rest: what is on file, who can read it, and what is noticed.

import { spawn } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import {
  ConfigurationError,
  createLogger,
  type Logger,
  type LoggerOptions,
  type SinkMetrics,
} from 'fapilog'
import { run } from './support/child.ts'
import { cli, startCli } from './support/cli.ts'

const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
const OTHER = KEY.replace('00', 'ff')
process.env['FAPILOG_ENCRYPTION_KEY'] = KEY
process.env['TEST_OTHER_KEY'] = OTHER
const env = { FAPILOG_ENCRYPTION_KEY: KEY, TEST_OTHER_KEY: OTHER }

const HEADER = 32
const FRAME = 45

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fapilog-encrypted-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const encrypted = (path: string, sink: object = {}, more: LoggerOptions = {}): Logger =>
  createLogger({
    format: 'minimal',
    sinks: [{ type: 'file', path, encrypt: {}, ...sink }],
    ...more,
  } as LoggerOptions)

const decrypt = (...args: string[]) => cli(['decrypt', ...args], { env })

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `INFO event ${from + n}\n`).join('')

/** Where the frames of a file start, and its end. */
function frames(bytes: Buffer): number[] {
  const starts = []
  for (let at = HEADER; at < bytes.length; at += FRAME + bytes.readUInt32LE(at + 1)) starts.push(at)
  return [...starts, bytes.length]
}

test('lines are on file as ciphertext alone, and come out as they were logged', async (t) => {
  const path = join(folderOf(t), 'app.log')
  const log = encrypted(path)
  for (let n = 0; n < 500; n++) {
    log.info(`event ${n}`)
    if (n % 100 === 0) await log.flush()
  }
  await log.flush()
  const open = await decrypt(path)
  t.is(open.code, 1)
  t.regex(open.stderr, /app\.log: has no end: it is still written to/)
  t.is(open.stdout, numbered(0, 500))
  const allowed = await decrypt('--allow-open', path)
  t.deepEqual([allowed.code, allowed.stderr], [0, ''])
  const { sinks } = log.metrics()
  t.is(sinks['file']?.bytes, numbered(0, 500).length)
  await log.close()

  const bytes = readFileSync(path)
  t.false(bytes.includes('event'))
  t.deepEqual(bytes.subarray(0, 8), Buffer.from('\xffFAPLOG\x01', 'latin1'))
  const closed = await decrypt(path)
  t.deepEqual(closed, { code: 0, signal: null, stdout: numbered(0, 500), stderr: '' })
  const piped = await cli(['decrypt'], { env, input: bytes })
  t.is(piped.stdout, numbered(0, 500))
})

test('the next process goes on with the file, whose end is where the last one put it', async (t) => {
  const path = join(folderOf(t), 'app.log')
  for (const round of [0, 1, 2]) {
    const log = encrypted(path)
    for (let n = 0; n < 10; n++) log.info(`event ${round * 10 + n}`)
    await log.close()
  }
  const { code, stdout } = await decrypt(path)
  t.deepEqual([code, stdout], [0, numbered(0, 30)])
  // An end in the middle would hide that what follows is missing.
  const bytes = readFileSync(path)
  const ends = frames(bytes).filter((at) => bytes[at] === 'E'.charCodeAt(0))
  t.is(ends.length, 1)
})

test('rotation keeps to its size, and rotated files are compressed before they are encrypted', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  const maxBytes = 20_000
  const log = encrypted(path, { rotate: { maxBytes, compress: 'gzip' } })
  const events = 5000
  for (let n = 0; n < events; n++) {
    log.info(`event ${n}`)
    if (n % 50 === 0) await log.flush()
  }
  await log.close()
  const { file } = log.metrics().sinks
  if (file === undefined) throw new Error('no sink')
  const { rotations, compressed, maintenanceErrors, lastError } = file
  t.deepEqual([maintenanceErrors, lastError], [0, null])
  t.true(rotations >= 4, `${rotations} rotations`)
  t.is(compressed, rotations)
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
  t.is(names.filter((name) => name.endsWith('.log.gz')).length, rotations)
  for (const name of names) {
    const bytes = readFileSync(join(folder, name))
    t.true(bytes.length <= maxBytes, `${name}: ${bytes.length}`)
    // Digits alone differ between the lines: compressed they take a fraction.
    if (name.endsWith('.gz')) t.true(bytes.length < maxBytes / 3, `${name}: ${bytes.length}`)
    t.is(bytes.subarray(1, 7).toString(), 'FAPLOG')
  }
  const { code, stdout, stderr } = await decrypt('-r', path)
  t.deepEqual([code, stderr], [0, ''])
  t.is(stdout, numbered(0, events))
})

test('a process that is killed leaves whole frames; the next one cuts off the rest and goes on', async (t) => {
  const path = join(folderOf(t), 'app.log')
  const fixture = fileURLToPath(new URL('fixtures/encrypted-writer.mjs', import.meta.url))
  let next = 0
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, [fixture, path, `${next}`, '1000000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    let told = ''
    child.stdout.on('data', (text) => {
      told += String(text)
      if (told.split('\n').length > 20 + round * 7) child.kill('SIGKILL')
    })
    await new Promise((resolve) => child.on('close', resolve))
    const surely = Number(told.trim().split('\n').at(-1))
    const { stdout } = await decrypt('--allow-open', path)
    const lines = stdout.split('\n').slice(0, -1)
    t.true(lines.length > surely, `${lines.length} lines, ${surely} was written`)
    t.is(stdout, numbered(0, lines.length))
    const strict = await decrypt(path)
    t.is(strict.code, 1, 'what was not closed is not taken for complete')
    next = lines.length
    // As if the kill had come in the middle of a write.
    appendFileSync(path, Buffer.from('L\x00\x10\x00\x00 a frame that is not whole', 'latin1'))
    const torn = await decrypt('--allow-open', path)
    t.is(torn.code, 1)
    t.regex(torn.stderr, /is cut off: what starts at byte \d+ is not whole/)
    t.is(torn.stdout, stdout)
  }
  const log = encrypted(path)
  log.info(`event ${next}`)
  await log.close()
  const { code, stdout } = await decrypt(path)
  t.deepEqual([code, stdout], [0, numbered(0, next + 1)])
})

test('what was changed, moved, left out or cut off is told, and what is before it is read', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  const log = encrypted(path)
  for (let n = 0; n < 3; n++) {
    log.info(`event ${n}`)
    await log.flush()
  }
  await log.close()
  const bytes = readFileSync(path)
  const [first = 0, second = 0, third = 0, end = 0] = frames(bytes)
  const changed = Buffer.from(bytes)
  changed[second + 30] = (changed[second + 30] as number) ^ 1
  const part = (from: number, to: number) => bytes.subarray(from, to)
  const cases: [string, Buffer, string, RegExp][] = [
    ['changed', changed, numbered(0, 1), /at byte \d+ it is damaged/],
    [
      'moved',
      Buffer.concat([
        part(0, first),
        part(second, third),
        part(first, second),
        part(third, bytes.length),
      ]),
      '',
      /at byte 32 it is damaged, or something before that is missing, repeated or moved/,
    ],
    [
      'left out',
      Buffer.concat([part(0, second), part(third, bytes.length)]),
      numbered(0, 1),
      /something before that is missing/,
    ],
    ['cut at a frame', part(0, third), numbered(0, 2), /has no end/],
    ['cut in a frame', part(0, third + 9), numbered(0, 2), /is cut off: what starts at byte \d+/],
    ['cut off its end', part(0, end), numbered(0, 3), /has no end/],
  ]
  for (const [what, content, readable, message] of cases) {
    const copy = join(folder, 'copy.log')
    writeFileSync(copy, content)
    const { code, stdout, stderr } = await decrypt(copy)
    t.is(code, 1, what)
    t.is(stdout, readable, what)
    t.regex(stderr, message, what)
  }
})

test('a wrong key, a missing one and a file that is not encrypted are told apart', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  const log = encrypted(path)
  log.info('secret')
  await log.close()
  const wrong = await decrypt('--key-variable', 'TEST_OTHER_KEY', path)
  t.is(wrong.code, 1)
  t.regex(
    wrong.stderr,
    /app\.log: it is encrypted with another key \(its id is [0-9a-f]{16}, not [0-9a-f]{16}\)/,
  )
  const missing = await cli(['decrypt', path])
  t.regex(missing.stderr, /app\.log: is encrypted, and FAPILOG_ENCRYPTION_KEY is not set/)
  const short = await cli(['decrypt', path], { env: { FAPILOG_ENCRYPTION_KEY: 'abc' } })
  t.regex(short.stderr, /FAPILOG_ENCRYPTION_KEY holds no 32 bytes in base64 or hexadecimal/)
  writeFileSync(join(folder, 'plain.log'), 'INFO plain\n')
  const plain = await decrypt(join(folder, 'plain.log'))
  t.is(plain.code, 1)
  t.regex(plain.stderr, /plain\.log: is not encrypted/)
  for (const { stdout } of [wrong, missing, short, plain]) t.is(stdout, '')
})

test('pretty, query and tail read encrypted files', async (t) => {
  const path = join(folderOf(t), 'app.log')
  const log = encrypted(path, { format: 'json' })
  log.info('one', { n: 1 })
  log.error('two', { n: 2 })
  await log.flush()
  const pretty = await cli(['pretty', '--utc', path], { env })
  t.deepEqual([pretty.code, pretty.stderr], [0, ''])
  t.regex(pretty.stdout, /^[\d:.]+ INFO +one +n=1\n[\d:.]+ ERROR +two +n=2\n$/)
  const query = await cli(['query', '--count', '--level', 'error', path], { env })
  t.is(query.stdout, '1\n')
  const renamed = await cli(['query', '--fields', 'n', '--key-variable', 'MY_KEY', path], {
    env: { MY_KEY: KEY },
  })
  t.is(renamed.stdout, '{"n":1}\n{"n":2}\n')
  const none = await cli(['pretty', path])
  t.is(none.code, 1)
  t.regex(none.stderr, /is encrypted, and FAPILOG_ENCRYPTION_KEY is not set/)

  // The end that is written and taken away again is passed over.
  const { child, ended, shows, output } = startCli(['tail', '-n', '1', path], { env })
  await shows('two')
  t.false(output().includes('one'))
  log.info('three')
  await log.flush()
  await shows('three')
  await log.close()
  await sleep(300)
  const again = encrypted(path, { format: 'json', rotate: { maxBytes: 700 } })
  for (const word of ['four', 'five', 'six', 'seven']) {
    again.info(word)
    await again.flush()
    await shows(word)
  }
  t.true((again.metrics().sinks['file']?.rotations ?? 0) > 0)
  await again.close()
  child.kill('SIGTERM')
  await ended
  t.deepEqual(
    output()
      .split('\n')
      .slice(0, -1)
      .map((line) => line.trim().split(/ +/)[2]),
    ['two', 'three', 'four', 'five', 'six', 'seven'],
  )
})

test('a file that holds something else is moved away, and nothing in it is changed', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  writeFileSync(path, 'INFO from before\n')
  const first = encrypted(path)
  first.info('encrypted')
  await first.close()
  t.is(first.metrics().sinks['file']?.maintenanceErrors, 1)
  const other = encrypted(path, { encrypt: { keyVariable: 'TEST_OTHER_KEY' } })
  other.info('with another key')
  await other.close()
  const plain = createLogger({ format: 'minimal', sinks: [{ type: 'file', path }] })
  plain.info('plain')
  await plain.close()
  const rotated = readdirSync(folder)
    .filter((name) => /^app-.*\.log$/.test(name))
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
  const [a = '', b = '', c = ''] = rotated
  t.is(rotated.length, 3)
  t.is(readFileSync(a, 'utf8'), 'INFO from before\n')
  t.is((await decrypt(b)).stdout, 'INFO encrypted\n')
  t.is((await decrypt('--key-variable', 'TEST_OTHER_KEY', c)).stdout, 'INFO with another key\n')
  t.is(readFileSync(path, 'utf8'), 'INFO plain\n')
})

test('a truncated file is begun anew', async (t) => {
  const path = join(folderOf(t), 'app.log')
  const log = encrypted(path)
  log.info('gone')
  await log.flush()
  truncateSync(path)
  log.info('there')
  await log.close()
  const { code, stdout } = await decrypt(path)
  t.deepEqual([code, stdout], [0, 'INFO there\n'])
})

test('several processes write and rotate one encrypted file', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  const fixture = fileURLToPath(new URL('fixtures/cluster-writer.mjs', import.meta.url))
  const [processes, events] = [3, 1500]
  process.env['WRITER_ENCRYPTS'] = '1'
  const ended = await run(process.execPath, [fixture, path, `${processes}`, `${events}`], {
    timeoutMs: 100_000,
  })
  delete process.env['WRITER_ENCRYPTS']
  t.is(ended.stderr, '')
  t.true(readdirSync(folder).filter((name) => /^app.*\.log$/.test(name)).length > 1)
  const { code, stdout, stderr } = await decrypt('-r', path)
  t.deepEqual([code, stderr], [0, ''])
  const seen = Array.from({ length: processes }, () => [] as number[])
  for (const line of stdout.split('\n').slice(0, -1)) {
    const { data } = JSON.parse(line) as { data: { writer: number; n: number } }
    seen[data.writer]?.push(data.n)
  }
  for (const numbers of seen) {
    numbers.sort((a, b) => a - b)
    t.deepEqual(
      numbers,
      Array.from({ length: events }, (_, n) => n),
    )
  }
})

const unlessWindows = process.platform === 'win32' ? test.skip : test

unlessWindows(
  'on a disk that is full only whole frames stay, and what is counted is on file',
  async (t) => {
    const path = join(folderOf(t), 'app.log')
    const code = `
    import { createLogger } from 'fapilog'
    const log = createLogger({ format: 'minimal', shutdownTimeoutMs: 300, handleSignals: false,
      sinks: [{ type: 'file', path: ${JSON.stringify(path)}, encrypt: {} }] })
    for (let n = 0; n < 4000; n++) { log.info('event ' + n); if (n % 100 === 0) await log.flush(200) }
    await log.close(300)
    process.stdout.write(JSON.stringify(log.metrics().sinks.file))
    process.exit(0)`
    const ended = await run('sh', [
      '-c',
      'ulimit -f 40; exec "$0" "$@"',
      process.execPath,
      '--input-type=module',
      '-e',
      code,
    ])
    const { written, errors, bytes } = JSON.parse(ended.stdout) as SinkMetrics
    t.true(errors > 0)
    t.true(written > 0 && written < 4000, `${written}`)
    t.true(statSync(path).size <= 40 * 1024)
    const { stdout } = await decrypt('--allow-open', path)
    t.is(stdout, numbered(0, written))
    t.is(stdout.length, bytes)
  },
)

test('settings that cannot work are refused', (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  process.env['TEST_BAD_KEY'] = 'too short'
  for (const keyVariable of ['TEST_BAD_KEY', 'TEST_NO_KEY']) {
    const error = t.throws(() => encrypted(path, { encrypt: { keyVariable } }), {
      instanceOf: ConfigurationError,
    })
    t.true(error.message.includes(keyVariable), error.message)
    t.false(error.message.includes('too short'))
    t.like(error.problems[0], { path: 'sinks[0].encrypt.keyVariable', value: keyVariable })
  }
  const error = t.throws(() => encrypted(path, {}, { durability: 'crash-safe' }), {
    instanceOf: ConfigurationError,
  })
  t.regex(error.message, /sinks\[0\]\.encrypt .*'crash-safe'/)
  t.deepEqual(readdirSync(folder), [])
})
