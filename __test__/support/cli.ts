// Runs the real command line in child processes.

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const CLI = fileURLToPath(new URL('../../bin/fapilog.mjs', import.meta.url))

export interface CliEnded {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  /** Standard input. Default none. */
  readonly input?: string | Buffer
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

const clean = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(FAPILOG_|NODE_OPTIONS$|NO_COLOR$|FORCE_COLOR$)/.test(name),
  ),
)

/** Runs a command line to its end. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliEnded> {
  const running = startCli(args, options)
  running.child.stdin?.on('error', () => undefined)
  running.child.stdin?.end(options.input)
  return running.ended
}

/** Starts one; its standard input stays open. */
export function startCli(args: readonly string[], { cwd, env = {} }: CliOptions = {}) {
  const child: ChildProcess = spawn(process.execPath, [CLI, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
    cwd,
    env: { ...clean, ...env },
  })
  let stdout = ''
  let stderr = ''
  let arrived: () => void = () => undefined
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    arrived()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<CliEnded>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  /** Resolves when the output contains a text; rejects when the process ends without it. */
  const shows = (text: string) =>
    new Promise<void>((resolve, reject) => {
      arrived = () => {
        if (stdout.includes(text)) resolve()
      }
      arrived()
      ended.then(() => reject(new Error(`ended without '${text}': ${stdout}${stderr}`)), reject)
    })
  return { child, ended, shows, output: () => stdout }
}
