// Kills processes that log crash-safe, recovers, and compares the files with what had been acknowledged.

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FIXTURE = fileURLToPath(new URL('../fixtures/crash.mjs', import.meta.url))
export const CLI = fileURLToPath(new URL('../../bin/fapilog.mjs', import.meta.url))
const SUMMARY = 'recovered what a process left in its crash-safe ring'

/** A folder of its own. */
export const folder = () => mkdtempSync(join(tmpdir(), 'fapilog-crash-'))
export const remove = (dir) => rmSync(dir, { recursive: true, force: true })

/** Starts the fixture; resolves when its logger is open. */
export async function start(dir, ...args) {
  const child = spawn(process.execPath, [FIXTURE, dir, ...args.map(String)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  await new Promise((resolve, reject) => {
    child.once('message', resolve)
    ended.then(() => reject(new Error('the fixture ended before it logged')))
  })
  return { child, ended }
}

/** Lets the fixture log for some time, then kills it. */
export async function runAndKill(dir, ms, ...args) {
  const { child, ended } = await start(dir, ...args)
  await new Promise((resolve) => setTimeout(resolve, ms))
  child.kill('SIGKILL')
  return ended
}

/** Recovers with the command; its exit code and what it printed. */
export function recover(dir, ...args) {
  try {
    const out = execFileSync(process.execPath, [CLI, 'recover', dir, ...args], { encoding: 'utf8' })
    return { code: 0, out }
  } catch (error) {
    return { code: error.status, out: `${error.stdout}${error.stderr}` }
  }
}

/** The lines of the files in order of rotation, without summaries. */
export function lines(dir) {
  const names = readdirSync(dir).filter((name) => /^app.*\.log$/.test(name))
  const rank = (name) => {
    const match = /^app-(\d+-\d+)(?:\.(\d+))?\.log$/.exec(name)
    return match === null ? '~' : `${match[1]}.${(match[2] ?? '0').padStart(9, '0')}`
  }
  names.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
  const all = names.map((name) => readFileSync(join(dir, name), 'utf8')).join('')
  const torn = all !== '' && !all.endsWith('\n')
  const list = all.split('\n').slice(0, -1)
  return {
    torn,
    lines: list.filter((line) => !line.includes(SUMMARY)),
    summaries: list.filter((line) => line.includes(SUMMARY)),
  }
}

/** Calls that had returned. */
export const acked = (dir, tag = '') => readFileSync(join(dir, `acked${tag}`)).readDoubleLE(0)

/** What is wrong with the files. */
export function compare(dir, tag = '') {
  const found = lines(dir)
  const result = {
    events: 0,
    acked: acked(dir, tag),
    lost: 0,
    duplicated: 0,
    disorder: 0,
    unreadable: found.torn ? 1 : 0,
  }
  let next = 0
  const seen = new Set()
  for (const line of found.lines) {
    let n
    try {
      const parsed = JSON.parse(line)
      const data = parsed.data ?? parsed
      if (data.tag !== tag) continue
      n = data.n
    } catch {
      result.unreadable++
      continue
    }
    result.events++
    if (seen.has(n)) result.duplicated++
    else if (n < next) result.disorder++
    else next = n + 1
    seen.add(n)
  }
  const until = Math.max(next, result.acked)
  for (let n = 0; n < until; n++) if (!seen.has(n)) result.lost++
  return result
}

export const CLEAN = { lost: 0, duplicated: 0, disorder: 0, unreadable: 0 }
