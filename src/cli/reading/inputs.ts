// Operands of the reading commands → the files to read, in order.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isatty } from 'node:tty'
import { UsageError } from '../command.js'
import { native } from '../native.js'

/** Files named by paths and patterns; standard input, `-`, when nothing is named and something is piped in. */
export function inputs(operands: readonly string[], rotated: boolean): string[] {
  if (operands.length === 0) {
    if (isatty(0)) throw new UsageError('nothing to read: name a file, or pipe something in')
    return ['-']
  }
  const files = operands.flatMap((operand) => expand(operand))
  return rotated
    ? files.flatMap((file) => (file === '-' ? file : native().rotatedSet(file)))
    : files
}

/** A pattern's files, sorted. What is no pattern, or the name of a file, is itself. */
function expand(operand: string): string[] {
  if (!/[*?[]/.test(operand) || exists(operand)) return [operand]
  const parts = operand.split(/[\\/]+/)
  const absolute = parts[0] === ''
  const found = walk(absolute ? '/' : '', absolute ? parts.slice(1) : parts)
  if (found.length === 0) throw new UsageError(`no file matches '${operand}'`)
  return found.sort()
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function walk(folder: string, parts: readonly string[]): string[] {
  const [part, ...rest] = parts
  if (part === undefined) return []
  if (part === '**') {
    const inner = entries(folder).filter(
      (name) => !name.startsWith('.') && isFolder(join(folder, name)),
    )
    return [...walk(folder, rest), ...inner.flatMap((name) => walk(join(folder, name), parts))]
  }
  const wanted = pattern(part)
  const names = wanted === undefined ? [part] : entries(folder).filter((name) => wanted.test(name))
  const paths = names.map((name) => join(folder, name))
  if (rest.length === 0) return paths.filter((path) => exists(path) && !isFolder(path))
  return paths.filter(isFolder).flatMap((path) => walk(path, rest))
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder === '' ? '.' : folder)
  } catch {
    // What cannot be listed holds nothing that matches.
    return []
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** `*`, `?` and `[abc]`, as a shell reads them: hidden files only when the dot is written. */
function pattern(part: string): RegExp | undefined {
  if (!/[*?[]/.test(part)) return undefined
  const body = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (piece) => {
    if (piece === '*') return '.*'
    if (piece === '?') return '.'
    if (piece.length > 1) return piece.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
    return piece.replace(/[.+^${}()|[\]\\]/, '\\$&')
  })
  return new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${body}$`, 's')
}
