// Errors with stable codes. Only construction and configuration throw; a log call never does.

/** Base class of every error that fapilog throws or reports. */
export class FapilogError extends Error {
  /** Stable code, `FAPILOG_…`. */
  readonly code: string

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** One problem of a configuration. */
export interface ConfigurationProblem {
  /** Where, for example `sinks[0].rotate.maxBytes`. */
  readonly path: string
  /** The value that was given. */
  readonly value: unknown
  /** What is allowed there. */
  readonly expected: string
  /** Names of which the nearest is suggested. */
  readonly candidates?: readonly string[]
  /** What is near to it. @default the value, or the last part of the path */
  readonly name?: string
}

/** Settings that cannot work. Lists every problem, with path, value, what is allowed and the nearest name. */
export class ConfigurationError extends FapilogError {
  /** All problems found. */
  readonly problems: readonly ConfigurationProblem[]

  constructor(
    message: string,
    problems: readonly ConfigurationProblem[] = [],
    options?: { cause?: unknown },
  ) {
    super('FAPILOG_CONFIGURATION', message, options)
    this.problems = problems
  }

  /** Builds the error from its problems. */
  static of(problems: readonly ConfigurationProblem[]): ConfigurationError {
    const lines = problems.map(({ path, value, expected, candidates, name }) => {
      const nearest =
        candidates === undefined
          ? undefined
          : nearestName(name ?? lastName(path, value, candidates), candidates)
      const hint = nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`
      const given = value === undefined ? '' : ` is ${show(value)}`
      return `${path}${given}: expected ${expected}${hint}`
    })
    const head =
      problems.length === 1
        ? 'Invalid fapilog settings'
        : `${problems.length} invalid fapilog settings`
    return new ConfigurationError(`${head}: ${lines.join('\n  ')}`, problems)
  }
}

/** A plugin that cannot be used, or failed. */
export class PluginError extends FapilogError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('FAPILOG_PLUGIN', message, options)
  }
}

/** The pipeline itself cannot work: no native binary, no thread, no memory. */
export class PipelineError extends FapilogError {}

/** A sink cannot be opened, or has failed for good. */
export class SinkError extends FapilogError {}

function lastName(path: string, value: unknown, candidates: readonly string[]): string {
  if (typeof value === 'string' && !candidates.includes(value)) return value
  return path.slice(path.lastIndexOf('.') + 1)
}

function show(value: unknown): string {
  try {
    if (typeof value === 'string')
      return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
    if (typeof value === 'object' && value !== null)
      return Array.isArray(value) ? 'an array' : 'an object'
    if (typeof value === 'function') return 'a function'
    return String(value)
  } catch {
    return 'unreadable'
  }
}

/** The candidate closest to `name`, if one is close enough to be meant (Levenshtein distance, case ignored). */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < bestDistance) {
      bestDistance = distance
      best = candidate
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(
        Math.min(
          (next[j - 1] as number) + 1,
          (row[j] as number) + 1,
          (row[j - 1] as number) + cost,
        ),
      )
    }
    row = next
  }
  return row[b.length] as number
}
