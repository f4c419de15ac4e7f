// Runs one named stage of a script: prints its name, streams the child's output, prints how long it
// took. A heartbeat line shows that a silent child (a link step, a registry) is still at work.
import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

export const root = fileURLToPath(new URL('../', import.meta.url))
const HEARTBEAT_MS = 15_000

/**
 * @param {string} name what a reader sees
 * @param {string[]} command program and arguments; `npm`, `npx` and node_modules/.bin names are found
 * @param {{cwd?: string, env?: Record<string, string | undefined>}} [options]
 * @returns {Promise<{code: number, output: string}>} output without colour codes, both streams in order
 */
export async function stage(name, command, options = {}) {
  const started = performance.now()
  console.log(`\n── ${name}: ${command.join(' ')}`)
  const result = await run(command, options, (silentFor) => {
    console.log(`   … ${name}: running for ${seconds(started)}, silent for ${silentFor} s`)
  })
  const verdict = result.code === 0 ? 'ok' : `FAILED (exit code ${result.code})`
  console.log(`── ${name}: ${verdict} in ${seconds(started)}`)
  return result
}

/** Like `stage`, but ends the process when the child failed. */
export async function required(name, command, options) {
  const result = await stage(name, command, options)
  if (result.code !== 0) process.exit(result.code)
  return result
}

export function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`
}

/** Ends the process with what went wrong and what to do about it. */
export function abort(problem, remedy) {
  console.error(`\n${problem}\n${remedy}`)
  process.exit(1)
}

function run([program, ...args], { cwd = root, env = {} }, onSilence) {
  return new Promise((resolve) => {
    const chunks = []
    let lastOutput = performance.now()
    const path = `${root}node_modules/.bin${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`
    const colour = process.stdout.isTTY ? { FORCE_COLOR: '1', CARGO_TERM_COLOR: 'always' } : {}
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, PATH: path, ...colour, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32', // npm and the .bin shims are .cmd files there
    })
    const heartbeat = setInterval(() => {
      const silentMs = performance.now() - lastOutput
      if (silentMs >= HEARTBEAT_MS) onSilence(Math.round(silentMs / 1000))
    }, HEARTBEAT_MS)
    const listen = (from, to) => {
      from.setEncoding('utf8')
      from.on('data', (text) => {
        lastOutput = performance.now()
        chunks.push(text)
        to.write(text)
      })
    }
    listen(child.stdout, process.stdout)
    listen(child.stderr, process.stderr)
    const finish = (code) => {
      clearInterval(heartbeat)
      resolve({ code, output: stripVTControlCharacters(chunks.join('')) })
    }
    child.on('error', (error) => {
      chunks.push(error.message)
      console.error(error.message)
      finish(127)
    })
    child.on('close', (code, signal) => {
      if (signal) console.error(`killed by ${signal}`)
      finish(code ?? 1)
    })
  })
}
