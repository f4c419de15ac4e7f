// printf-style messages as pino has them (quick-format-unescaped): %s %d %i %f %j %o %O %c %%.

/** A formatted message and how many of the arguments it used. */
export interface Formatted {
  readonly text: string
  readonly used: number
}

function inspectJson(value: unknown): string {
  try {
    const seen = new Set<unknown>()
    const text = JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner === 'bigint') return inner.toString()
      if (typeof inner === 'object' && inner !== null) {
        if (seen.has(inner)) return '[Circular]'
        seen.add(inner)
      }
      return inner
    })
    return text === undefined ? String(value) : text
  } catch {
    return '[Throws]'
  }
}

function asText(value: unknown): string {
  try {
    return typeof value === 'object' && value !== null ? inspectJson(value) : String(value)
  } catch {
    return '[Throws]'
  }
}

function asNumber(value: unknown): string {
  try {
    return typeof value === 'bigint' ? value.toString() : String(Number(value))
  } catch {
    return 'NaN'
  }
}

/** Replaces the placeholders of `format` by `args`. Never throws; placeholders without argument stay. */
export function printf(format: string, args: readonly unknown[]): Formatted {
  let text = ''
  let from = 0
  let used = 0
  for (
    let at = format.indexOf('%');
    at !== -1 && at + 1 < format.length;
    at = format.indexOf('%', at)
  ) {
    const kind = format[at + 1]
    if (kind === '%') {
      text += `${format.slice(from, at)}%`
      at += 2
      from = at
      continue
    }
    if (used >= args.length || !'sdifjoOc'.includes(kind as string)) {
      at += 2
      continue
    }
    const value = args[used++]
    text += format.slice(from, at)
    switch (kind) {
      case 's':
        text += asText(value)
        break
      case 'd':
      case 'f':
        text += asNumber(value)
        break
      case 'i': {
        const number = Number.parseFloat(asNumber(value))
        text += Number.isNaN(number) ? 'NaN' : String(Math.trunc(number))
        break
      }
      case 'j':
      case 'o':
      case 'O':
        text +=
          typeof value === 'string'
            ? `'${value}'`
            : typeof value === 'function'
              ? value.name || '<anonymous>'
              : inspectJson(value)
        break
      default:
        // %c takes a CSS argument that has no meaning here.
        break
    }
    at += 2
    from = at
  }
  return { text: from === 0 ? format : text + format.slice(from), used }
}
