// printf-style messages exactly as pino has them (quick-format-unescaped): %s %d %f %i %j %o %O %%. Where pino
// would throw or lose digits of a BigInt, this does not.

/** A formatted message and how many of the arguments it used. */
export interface Formatted {
  readonly text: string
  readonly used: number
}

const { stringify } = JSON

/** JSON of values that `JSON.stringify` cannot take: cycles and BigInts. */
function stringifyCyclic(value: unknown): string {
  const ancestors: unknown[] = []
  return stringify(value, function (this: unknown, _key, inner: unknown) {
    if (typeof inner === 'bigint') return Number(inner)
    if (typeof inner !== 'object' || inner === null) return inner
    // `this` holds `inner`: what comes after it in the list is no ancestor any more.
    while (ancestors.length > 0 && ancestors[ancestors.length - 1] !== this) ancestors.pop()
    if (ancestors.includes(inner)) return '[Circular]'
    ancestors.push(inner)
    return inner
  })
}

function asJson(value: unknown): string {
  try {
    if (typeof value === 'string') return `'${value}'`
    if (typeof value === 'function') return String(value.name || '<anonymous>')
    try {
      return String(stringify(value))
    } catch {
      return stringifyCyclic(value)
    }
  } catch {
    return '[Throws]'
  }
}

function asText(value: unknown): string {
  try {
    return String(value)
  } catch {
    return '[Throws]'
  }
}

function asNumber(value: unknown, whole: boolean): string {
  try {
    if (typeof value === 'bigint') return value.toString()
    const number = Number(value)
    return String(whole ? Math.floor(number) : number)
  } catch {
    return 'NaN'
  }
}

/** The text of one argument, or undefined when the placeholder stays as it is. */
function replacement(kind: string, value: unknown): string | undefined {
  switch (kind) {
    case 's':
      return asText(value)
    case 'd':
    case 'f':
      return value === null || value === undefined ? undefined : asNumber(value, false)
    case 'i':
      return value === null || value === undefined ? undefined : asNumber(value, true)
    case 'j':
    case 'o':
    case 'O':
      return value === undefined ? undefined : asJson(value)
    default:
      return undefined
  }
}

/** Replaces the placeholders of `format` by `args`. Never throws; placeholders without argument stay. */
export function printf(format: string, args: readonly unknown[]): Formatted {
  let text = ''
  let from = 0
  // As in pino, a percent sign with any other letter passes an argument over.
  let next = 0
  let used = 0
  let at = format.indexOf('%')
  while (at !== -1 && at + 1 < format.length) {
    const kind = format[at + 1] as string
    if (kind === '%') {
      text += `${format.slice(from, at)}%`
      at += 2
      from = at
    } else {
      const made = next < args.length ? replacement(kind, args[next]) : undefined
      next++
      if (made === undefined) {
        at += 1
      } else {
        used = next
        text += format.slice(from, at) + made
        at += 2
        from = at
      }
    }
    at = format.indexOf('%', at)
  }
  return { text: from === 0 ? format : text + format.slice(from), used }
}
