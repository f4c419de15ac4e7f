// The option `redact`, by the redactor that pino itself uses, on values instead of their JSON.

import redactor from '@pinojs/redact'
import { problem } from './problem.js'

/** The option `redact`. */
export interface RedactOptions {
  /** Places: `password`, `user.password`, `*.token`, `list[*].key`, `headers["set-cookie"]`. */
  paths: string[]
  /** What stands there. @default '[Redacted]' */
  censor?: string | ((value: unknown, path: string[]) => unknown) | undefined
  /** Whether key and value go. @default false */
  remove?: boolean | undefined
}

/** Censors values. */
export interface Redaction {
  /** A field of the line, which has this name. */
  field(name: string, value: unknown): unknown
  /** An object that becomes part of the message. */
  object(value: unknown): unknown
}

type Censor = (value: unknown) => unknown

/** Parts of a path: `a`, `[0]`, `["x-y"]`. */
const PART = /[^.[\]]+|\[([^[\]]*?)\]/g

/** The first part of a path, without quotes, and the rest. */
function split(path: string): [first: string, rest: string] {
  const [first, second] = path.matchAll(PART)
  const name = first?.[1]?.replace(/^(["'`])(.*)\1$/, '$2') ?? first?.[0] ?? ''
  return [name, second === undefined ? '' : path.slice(second.index)]
}

/**
 * Reads the option.
 *
 * @throws {ConfigurationError} when the paths are no list, and for a path that is none
 */
export function redaction(options: RedactOptions | readonly string[]): Redaction {
  const given = Array.isArray(options) ? { paths: options as string[] } : (options as RedactOptions)
  const { paths, remove = false } = given
  if (!Array.isArray(paths)) throw problem('redact.paths', paths, 'a list of paths')
  const censor = remove ? undefined : (given.censor ?? '[Redacted]')
  const make = (list: string[], before: string[]): Censor => {
    try {
      return redactor({
        paths: list,
        censor:
          typeof censor === 'function'
            ? (value: unknown, path: string[]) => censor(value, [...before, ...path])
            : censor,
        // Without a function, the redactor gives the object a method of its own.
        serialize: (redacted: unknown) => redacted,
        strict: false,
        remove,
      } as never) as Censor
    } catch (error) {
      throw problem('redact.paths', list, `paths: ${(error as Error).message}`)
    }
  }
  const top = new Set<string>()
  const below = new Map<string, string[]>()
  for (const path of paths) {
    const [first, rest] = split(path)
    if (rest === '') top.add(first)
    else below.set(first, [...(below.get(first) ?? []), rest])
  }
  const anywhere = below.get('*') ?? []
  below.delete('*')
  const named = new Map(
    [...below].map(([name, rest]) => [name, make([...rest, ...anywhere], [name])]),
  )
  const other: Censor = anywhere.length > 0 ? make(anywhere, ['*']) : (value) => value
  return {
    field(name, value) {
      if (top.has(name) || top.has('*'))
        return typeof censor === 'function' ? censor(value, [name]) : censor
      return (named.get(name) ?? other)(value)
    },
    object: make(paths, []),
  }
}
