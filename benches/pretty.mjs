// Pretty-printing a file: `fapilog pretty` beside pino-pretty, in turns, each in a process of its own.
// node benches/pretty.mjs [--mb 1000] [--rounds 1] [--json out.json]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { show, verdict } from './lib/targets.mjs'

const TARGET = 5
/** What the peak of memory may differ by between a file and one of a tenth of its size. */
const FLAT_MB = 32
const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
})
const [megabytes, rounds] = [Number(values.mb), Number(values.rounds)]
if (!(megabytes > 0) || !(rounds > 0)) throw new Error('--mb and --rounds take positive numbers')

const from = (path) => fileURLToPath(new URL(path, import.meta.url))
// Says at the end what the whole process used, native threads included.
const USAGE = `process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  require('fs').writeSync(2, JSON.stringify({ maxRSS, cpu: (userCPUTime + systemCPUTime) / 1e6 }))
})`
const SUBJECTS = [
  { name: 'fapilog pretty', command: [from('../bin/fapilog.mjs'), 'pretty', '--color'] },
  { name: 'pino-pretty', command: [from('../node_modules/pino-pretty/bin.js'), '--colorize'] },
]

const folder = mkdtempSync(join(tmpdir(), 'fapilog-bench-pretty-'))
try {
  const wrapper = join(folder, 'usage.cjs')
  writeFileSync(wrapper, USAGE)
  const path = join(folder, 'input.log')
  const lines = generate(path, megabytes * 1e6)
  const { size } = statSync(path)
  console.log(
    `${(size / 1e6).toFixed(0)} MB, ${lines.toLocaleString('en')} lines of pino, ${rounds} rounds`,
  )

  const tenth = join(folder, 'tenth.log')
  generate(tenth, megabytes * 1e5)
  const small = await measure(wrapper, SUBJECTS[0].command, tenth)
  const runs = SUBJECTS.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, { command }] of SUBJECTS.entries()) {
      runs[index].push(await measure(wrapper, command, path))
    }
  }
  const best = runs.map((of) => of.reduce((a, b) => (a.seconds < b.seconds ? a : b)))
  const rows = SUBJECTS.map(({ name }, index) => ({
    name,
    'MB/s': Number((size / 1e6 / best[index].seconds).toFixed(1)),
    'best of rounds, s': Number(best[index].seconds.toFixed(2)),
    'CPU, s': Number(best[index].cpu.toFixed(2)),
    'peak RSS, MB': Math.round(Math.max(...runs[index].map(({ rss }) => rss))),
    'events shown': best[index].shown,
  }))
  console.table(rows)
  // Neighbours in time, so that load on the machine meets both.
  const ratios = runs[1].map(({ seconds }, round) => seconds / runs[0][round].seconds)
  const ratio = ratios.toSorted((a, b) => a - b)[ratios.length >> 1]
  const complete = rows.every((row) => row['events shown'] === lines)
  const growth = rows[0]['peak RSS, MB'] - small.rss
  const verdicts = [
    verdict(`>= ${TARGET}x as fast as pino-pretty`, ratio >= TARGET, `${ratio.toFixed(1)}x`),
    verdict(
      `memory is flat: within ${FLAT_MB} MB of that of a tenth of the file`,
      growth <= FLAT_MB,
      `${small.rss.toFixed(0)} MB, then ${rows[0]['peak RSS, MB']} MB`,
    ),
    verdict('every event is shown', complete, `${rows[0]['events shown']} of ${lines}`),
  ]
  show(verdicts)
  if (values.json)
    writeFileSync(values.json, `${JSON.stringify({ size, lines, rows, ratio }, null, 2)}\n`)
  process.exitCode = verdicts.every(({ verdict }) => verdict === 'PASS') ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Runs one subject: from the file on its standard input to another file. */
async function measure(wrapper, command, path) {
  const output = join(folder, 'output.txt')
  const [input, out] = [openSync(path, 'r'), openSync(output, 'w')]
  const start = performance.now()
  const child = spawn(process.execPath, ['--require', wrapper, ...command], {
    stdio: [input, out, 'pipe'],
  })
  let report = ''
  child.stderr.on('data', (chunk) => {
    report += chunk
  })
  const [code] = await once(child, 'close')
  const seconds = (performance.now() - start) / 1000
  closeSync(input)
  closeSync(out)
  if (code !== 0 || report === '') throw new Error(`${command[0]}: exit code ${code}\n${report}`)
  const { maxRSS, cpu } = JSON.parse(report)
  const shown = await count(output)
  rmSync(output)
  return { seconds, rss: maxRSS / 1024, cpu, shown }
}

/** Events in an output: both print the message of each once. */
async function count(path) {
  const message = 'request completed'
  let [found, rest] = [0, '']
  for await (const chunk of createReadStream(path, {
    encoding: 'latin1',
    highWaterMark: 1 << 20,
  })) {
    const text = rest + chunk
    let end = 0
    for (let at = text.indexOf(message); at !== -1; at = text.indexOf(message, end)) {
      found++
      end = at + message.length
    }
    rest = text.slice(Math.max(end, text.length - message.length + 1))
  }
  return found
}

/** Writes about `bytes` of lines as pino logs requests. */
function generate(path, bytes) {
  const file = openSync(path, 'w')
  let [lines, size, block] = [0, 0, '']
  for (; size < bytes; lines++) {
    const line = `{"level":${lines % 50 === 0 ? 50 : 30},"time":${1767323045678 + lines},"pid":4242,"hostname":"web-1","name":"shop","req":{"id":${lines},"method":"GET","url":"/orders/${lines % 1000}?page=2","headers":{"host":"example.org","user-agent":"curl/8.1.2"}},"res":{"statusCode":200},"responseTime":${(lines % 977) / 10},"msg":"request completed"}\n`
    size += line.length
    block += line
    if (block.length > 1 << 20) {
      writeSync(file, block)
      block = ''
    }
  }
  writeSync(file, block)
  closeSync(file)
  return lines
}
