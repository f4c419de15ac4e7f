// Kills processes that log crash-safe at random moments, some recoveries too, and counts what is lost, doubled or
// out of order afterwards. node benches/kills.mjs [kills=1000] [seed]

import { spawn } from 'node:child_process'
import {
  CLI,
  compare,
  folder,
  lines,
  recover,
  remove,
  runAndKill,
} from '../__test__/support/crash.mjs'

const kills = Number(process.argv[2] ?? 1000)
let seed = Number(process.argv[3] ?? Date.now() % 1e9)
console.log(`${kills} kills, seed ${seed}`)

/** mulberry32 */
function random() {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

function killedRecovery(dir) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, 'recover', dir], { stdio: 'ignore' })
    const timer = setTimeout(() => child.kill('SIGKILL'), 25 + random() * 45)
    child.once('exit', (_, signal) => {
      clearTimeout(timer)
      resolve(signal === 'SIGKILL')
    })
  })
}

const NONE = { lost: 0, duplicated: 0, disorder: 0, unreadable: 0 }
const sum = { ...NONE }
let events = 0
let recovered = 0
let killedRecoveries = 0
let left = 0
const started = Date.now()
for (let kill = 1; kill <= kills; kill++) {
  const dir = folder()
  const format = ['json', 'pino'][kill % 2]
  const burst = [1, 20, 500, 5000][Math.floor(random() * 4)]
  await runAndKill(dir, random() ** 2 * 300, format, burst)
  const rings = `${dir}/.fapilog`
  const before = lines(dir).lines.length
  if (kill % 3 === 0 && (await killedRecovery(rings))) killedRecoveries++
  // Half by the command, half by the start of the next process, which is killed in turn.
  let other = false
  if (random() < 0.5) {
    await runAndKill(dir, random() * 30, format, burst, '{}', 'b')
    kill++
    other = true
  }
  const { code, out } = recover(rings)
  if (code !== 0) {
    left++
    console.log(out)
  }
  const found = compare(dir)
  const second = other ? compare(dir, 'b') : { ...NONE }
  events += found.events
  recovered += Math.max(0, lines(dir).lines.length - before)
  let bad = false
  for (const key of Object.keys(sum)) {
    const count = found[key] + second[key]
    sum[key] += count
    bad ||= count > 0
  }
  if (bad) console.log(dir, format, burst, found, second)
  else remove(dir)
  if (kill % 100 < 2) console.log(`${kill} kills:`, JSON.stringify(sum))
}
console.log(
  JSON.stringify({
    kills,
    killedRecoveries,
    events,
    recovered,
    ...sum,
    left,
    seconds: (Date.now() - started) / 1000,
  }),
)
process.exitCode = Object.values(sum).some((count) => count > 0) || left > 0 ? 1 : 0
