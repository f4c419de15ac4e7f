// Errors with stable codes. Only construction and configuration throw; a log call never does.

import { nearestName } from './nearest-name.js'
import { isSecret } from './secret-names.js'

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

/** One problem of a configuration, or of a plugin. */
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
  /** Where the value comes from when it was not given in code: a file, an environment variable. */
  readonly source?: string
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
    const lines = problems.map(problemText)
    const head =
      problems.length === 1
        ? 'Invalid fapilog settings'
        : `${problems.length} invalid fapilog settings`
    return new ConfigurationError(`${head}: ${lines.join('\n  ')}`, problems)
  }
}

/** A plugin that cannot be used, or failed. */
export class PluginError extends FapilogError {
  /** What keeps it from being a plugin; none for one that has failed. */
  readonly problems: readonly ConfigurationProblem[]

  constructor(
    message: string,
    options: { cause?: unknown; problems?: readonly ConfigurationProblem[] } = {},
  ) {
    const { problems = [], ...rest } = options
    super('FAPILOG_PLUGIN', message, rest)
    this.problems = problems
  }

  /** Builds the error from its problems. */
  static of(who: string, problems: readonly ConfigurationProblem[]): PluginError {
    const lines = problems.map(problemText)
    const head = problems.length === 1 ? who : `${who} has ${problems.length} problems`
    return new PluginError(`${head}: ${lines.join('\n  ')}`, { problems })
  }
}

/** The pipeline itself cannot work: no native binary, no thread, no memory. */
export class PipelineError extends FapilogError {}

/** A sink cannot be opened, or has failed for good. */
export class SinkError extends FapilogError {}

/** A problem on one line: path, value, what is allowed, the nearest name. */
export function problemText(problem: ConfigurationProblem): string {
  const { path, value, expected, candidates, name, source } = problem
  const nearest =
    candidates === undefined
      ? undefined
      : nearestName(name ?? lastName(path, value, candidates), candidates)
  const hint = nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`
  const given = value === undefined ? '' : ` is ${isSecret(path) ? '***' : show(value)}`
  const from = source === undefined ? '' : ` (${source})`
  return `${path}${given}${from}: expected ${expected}${hint}`
}

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
