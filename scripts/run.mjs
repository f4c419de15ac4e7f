// Runs programs to their end, for scripts that look at what comes out.
import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'

/** Standard output of a program that ends with status 0; throws for any other. */
export function run(cwd, program, ...args) {
  const { status, stdout, stderr, error } = spawn(cwd, program, args)
  if (error) throw error
  if (status !== 0)
    throw new Error(
      `${basename(program)} ${args.join(' ')}: exit code ${status}\n${stdout}${stderr}`,
    )
  return stdout
}

/** What a program prints that ends with another status; throws for status 0. */
export function fails(cwd, program, ...args) {
  const { status, stdout, stderr } = spawn(cwd, program, args)
  if (status === 0) throw new Error(`${basename(program)} ${args.join(' ')}: succeeded`)
  return stdout + stderr
}

export function npm(cwd, ...args) {
  return run(cwd, 'npm', ...args)
}

function spawn(cwd, program, args) {
  return spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: 120_000,
    shell: process.platform === 'win32' && program === 'npm',
  })
}
