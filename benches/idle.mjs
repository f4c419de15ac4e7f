/**
 * What a logger costs that logs nothing, and how soon the first event after a pause is in the file:
 *
 *   node benches/idle.mjs [--seconds 10] [--gaps 20]
 *
 * The wait for the file is a tight loop of fstat, so the event loop is blocked meanwhile: only what the logger
 * does without it counts.
 */

import { execFileSync } from 'node:child_process'
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isBuilt, load, missing, settings } from './lib/fapilog.mjs'
import { quantile } from './lib/stats.mjs'

const self = fileURLToPath(import.meta.url)

/** @type {Record<string, (file: string) => Promise<{ log: any, close: () => any }>>} */
const loggers = {
  none: async () => ({ log: null, close: () => {} }),
  fapilog: async (file) => {
    const log = (await load()).createLogger(settings(file))
    return { log, close: () => log.close() }
  },
  'pino sync, unbuffered': async (file) => {
    const { default: pino } = await import('pino')
    return { log: pino(pino.destination({ dest: file, sync: true })), close: () => {} }
  },
}

/** Logs once and returns ms until the file has grown, or NaN after a second. */
const untilOnFile = (log, fd) => {
  const { size } = fstatSync(fd)
  const start = process.hrtime.bigint()
  log.info('after the pause')
  for (;;) {
    const grown = fstatSync(fd).size > size
    const ms = Number(process.hrtime.bigint() - start) / 1e6
    if (grown) return ms
    if (ms > 1000) return Number.NaN
  }
}

const child = async (name, seconds, gaps) => {
  const dir = mkdtempSync(join(tmpdir(), 'fapilog-idle-'))
  const file = join(dir, 'idle.log')
  try {
    const { log, close } = await loggers[name](file)
    log?.info('the first event')
    // V8 itself collects for some seconds after a start (its memory reducer): not the logger's doing, and over then.
    await sleep(10_000)
    const before = process.cpuUsage()
    await sleep(seconds * 1000)
    const { user, system } = process.cpuUsage(before)
    const delays = []
    if (log) {
      const fd = openSync(file, 'r')
      delays.push(untilOnFile(log, fd))
      for (let i = 1; i < gaps; i++) {
        await sleep(150 + i * 7)
        delays.push(untilOnFile(log, fd))
      }
      closeSync(fd)
    }
    await close()
    return { name, cpuPercent: (user + system) / 1e4 / seconds, delays }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** @param {{ seconds?: number, gaps?: number }} [options] */
export const measureIdle = ({ seconds = 10, gaps = 20 } = {}) =>
  Object.keys(loggers)
    .filter((name) => name !== 'fapilog' || isBuilt())
    .map((name) => {
      const out = execFileSync(
        process.execPath,
        [self, '--child', name, '--seconds', seconds, '--gaps', gaps].map(String),
        {
          encoding: 'utf8',
          timeout: (seconds + gaps + 20) * 1000,
        },
      )
      const { delays, ...rest } = JSON.parse(out)
      // JSON has no NaN: an event that never came is null, and counts as infinitely late.
      const late = delays.map((d) => d ?? Number.POSITIVE_INFINITY)
      const wait =
        late.length > 0
          ? { first: late[0], median: quantile(late, 0.5), max: quantile(late, 1) }
          : null
      return { ...rest, wait }
    })

if (process.argv[1] === self) {
  const { values } = parseArgs({
    options: {
      child: { type: 'string' },
      seconds: { type: 'string', default: '10' },
      gaps: { type: 'string', default: '20' },
    },
  })
  const seconds = Number(values.seconds)
  const gaps = Number(values.gaps)
  if (values.child) {
    process.stdout.write(JSON.stringify(await child(values.child, seconds, gaps)))
  } else {
    if (!isBuilt()) console.error(missing)
    for (const { name, cpuPercent, wait } of measureIdle({ seconds, gaps })) {
      const ms = (value) => `${value.toFixed(2)} ms`
      const delay = wait
        ? `first event on file ${ms(wait.first)}, later ones median ${ms(wait.median)}, max ${ms(wait.max)}`
        : 'the process itself'
      console.log(`${name.padEnd(22)} idle CPU ${cpuPercent.toFixed(3)} %   ${delay}`)
    }
  }
}
