// Sizes and durations as people write them: "100 MB", "5s". Only the edge of the settings knows strings.

/** A number of bytes, or text such as `"8 MB"` (1 KB = 1,024 bytes). */
export type Size = number | string
/** A number of milliseconds, or text such as `"5s"`, `"10m"`, `"30d"`. */
export type Duration = number | string

const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  tb: 1024 ** 4,
}

const DURATIONS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

function parse(input: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(input)
  if (match === null) return undefined
  const factor = units[(match[2] as string).toLowerCase()]
  return factor === undefined ? undefined : Math.round(Number(match[1]) * factor)
}

/** Bytes of a size such as `"8 MB"` (1 KB = 1,024 bytes) or a plain number of bytes; undefined if it is neither. */
export function parseSize(input: unknown): number | undefined {
  if (typeof input === 'number') return Number.isInteger(input) && input >= 0 ? input : undefined
  return typeof input === 'string' ? parse(input, SIZES) : undefined
}

/** Milliseconds of a duration such as `"5s"` or a plain number of milliseconds; undefined if it is neither. */
export function parseDuration(input: unknown): number | undefined {
  if (typeof input === 'number') return Number.isFinite(input) && input >= 0 ? input : undefined
  return typeof input === 'string' ? parse(input, DURATIONS) : undefined
}
