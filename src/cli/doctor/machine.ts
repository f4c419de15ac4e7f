// Limits of the machine or container that a logger can run into.

import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { bytes, type Finding, ok, warn } from './finding.js'

const FEW_FILES = 1024

export function machine(): Finding[] {
  const findings = [ok('cpus', String(availableParallelism())), memory()]
  if (process.platform !== 'linux') return findings
  return [...findings, ...container(), ...sharedMemory(), ...openFiles(), ...overcommit()]
}

/** The text of a file, if it can be read. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Another kernel, or no right to.
    return undefined
  }
}

function memory(): Finding {
  const limit = process.constrainedMemory()
  const total = totalmem()
  const limited = limit > 0 && limit < total
  return ok('memory', `${bytes(total)}${limited ? `, limited to ${bytes(limit)}` : ''}`)
}

function container(): Finding[] {
  const inside =
    existsSync('/.dockerenv') ||
    existsSync('/run/.containerenv') ||
    process.env['KUBERNETES_SERVICE_HOST'] !== undefined
  if (!inside) return []
  const crashSafe = 'crash-safe rings outlive the container only on a volume'
  return [ok('container', `yes; process id ${process.pid}; ${crashSafe}`)]
}

function sharedMemory(): Finding[] {
  if (!existsSync('/dev/shm')) return []
  const { bavail, blocks, bsize } = statfsSync('/dev/shm')
  return [ok('/dev/shm', `${bytes(bavail * bsize)} of ${bytes(blocks * bsize)} free`)]
}

function openFiles(): Finding[] {
  const limit = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits') ?? '')?.[1]
  if (limit === undefined) return []
  const text = `${limit} (ulimit -n)`
  return [Number(limit) < FEW_FILES ? warn('open files', text) : ok('open files', text)]
}

function overcommit(): Finding[] {
  const mode = read('/proc/sys/vm/overcommit_memory')?.trim()
  if (mode !== '2') return []
  return [warn('overcommit', 'vm.overcommit_memory is 2: each ring counts in full from its start')]
}
