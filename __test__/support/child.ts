// Runs commands to their end and says how they ended.

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Json } from './capture.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  /** From the start to the end. */
  readonly ms: number
  /** From `from()` to the end. */
  readonly sinceMark: number
}

export interface RunOptions {
  /** Called with the child once it runs. `mark` starts the clock of `sinceMark`. */
  readonly meanwhile?: ((child: ChildProcess, mark: () => void) => void) | undefined
  /** Leave standard output unread. */
  readonly deaf?: boolean
  /** `meanwhile` pauses standard output and lets it flow again. */
  readonly paused?: boolean
  readonly cwd?: string
  /** Then it is killed. @default half a minute */
  readonly timeoutMs?: number
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a command to its end; killed when it takes too long, which then fails the test. */
export function run(
  command: string,
  args: readonly string[],
  { meanwhile, deaf = false, paused = false, cwd = root, timeoutMs = 30_000 }: RunOptions = {},
): Promise<Ended> {
  const start = performance.now()
  let mark = start
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      cwd,
    })
    const out: Buffer[] = []
    const error: Buffer[] = []
    if (!deaf) child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => error.push(chunk))
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      const now = performance.now()
      const finish = () =>
        resolve({
          code,
          signal,
          stdout: Buffer.concat(out).toString(),
          stderr: Buffer.concat(error).toString(),
          ms: now - start,
          sinceMark: now - mark,
        })
      if (deaf) {
        child.stdout.destroy()
        setTimeout(finish, 50)
      } else child.once('close', finish)
    })
    if (paused) child.stdout.pause()
    meanwhile?.(child, () => {
      mark = performance.now()
    })
  })
}

/** The values of `n` in JSON lines. */
export const numbers = (text: string): unknown[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as Json)['n'])

export const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
