// Whether log folders can be written to, how much room they have, and what lies in their crash-safe rings.

import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { besideLogs, rings } from '../commands/recover.js'
import { bytes, type Finding, fail, messageOf, ok, warn } from './finding.js'

/** File systems by the number statfs gives, as in linux/magic.h. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  16914836: 'tmpfs',
  2240043254: 'ramfs',
  26985: 'nfs',
  4283649346: 'cifs',
  4266872130: 'smb2',
  2035054128: 'overlayfs',
  61267: 'ext',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  1702057286: 'fuse',
  16914839: '9p',
}
const NETWORK = ['nfs', 'cifs', 'smb2', '9p']
const LITTLE_ROOM = 100 * 1024 ** 2

/** Findings about a folder, or the folder of a file. */
export function folder(named: string): Finding[] {
  const path = resolve(named)
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true
  const directory = isFile ? dirname(path) : path
  const findings = [permission(directory), ...(existsSync(directory) ? [room(directory)] : [])]
  if (isFile) findings.push(writable(path))
  const inner = besideLogs(directory)
  return [...findings, ...(existsSync(inner) ? ringsOf(inner) : [])]
}

function permission(directory: string): Finding {
  if (existsSync(directory)) return writable(directory)
  let parent = dirname(directory)
  while (!existsSync(parent)) parent = dirname(parent)
  const state = writable(parent).state
  return state === 'ok'
    ? ok(directory, 'is not there; the first logger makes it')
    : fail(directory, `is not there and cannot be made: ${parent} cannot be written to by ${who()}`)
}

function writable(path: string): Finding {
  const { mode, uid } = statSync(path)
  const text = `mode ${(mode & 0o7777).toString(8)}, owner ${uid}`
  try {
    accessSync(
      path,
      statSync(path).isDirectory() ? constants.W_OK | constants.X_OK : constants.W_OK,
    )
    return ok(path, `can be written to, ${text}`)
  } catch {
    return fail(path, `cannot be written to by ${who()}, ${text}`)
  }
}

function who(): string {
  return `user ${process.getuid?.() ?? process.env['USERNAME'] ?? '?'}`
}

function room(directory: string): Finding {
  const { bavail, bsize, type } = statfsSync(directory)
  const free = bavail * bsize
  const system = FILE_SYSTEMS[type >>> 0]
  const text = `${bytes(free)} free${system === undefined ? '' : `, ${system}`}`
  if (system !== undefined && NETWORK.includes(system))
    return warn(directory, `${text}: no crash-safe rings on a network file system`)
  if (system === 'tmpfs' || system === 'ramfs')
    return warn(directory, `${text}: logs here are gone after a restart, and take memory`)
  return free < LITTLE_ROOM ? warn(directory, `only ${text}`) : ok(directory, text)
}

function ringsOf(directory: string): Finding[] {
  let reports: ReturnType<typeof rings>
  try {
    reports = rings(directory, true)
  } catch (error) {
    return [warn(directory, messageOf(error))]
  }
  const findings = reports.map(({ path, outcome, recovered, error }) => {
    const name = `ring ${path}`
    if (outcome === 'live') return ok(name, 'in use')
    if (outcome === 'empty') return ok(name, 'stale, nothing left to write')
    if (outcome === 'recovered')
      return warn(name, `stale, ${recovered} events to write: npx fapilog recover ${directory}`)
    return warn(name, `${outcome}${error === null ? '' : `: ${error}`}`)
  })
  const bad = readdirSync(directory).filter((name) => name.endsWith('.ring.bad'))
  findings.push(...bad.map((name) => warn(`ring ${join(directory, name)}`, 'quarantined: damaged')))
  return findings.length > 0 ? findings : [ok(directory, 'no rings')]
}
