// Options that all frameworks share, their defaults, and what is wrong with them.

import {
  ConfigurationError,
  type ConfigurationProblem,
  type Logger,
  type LoggerOptions,
} from 'fapilog'

/** Which requests have no completion event: paths, or a function that says so. */
export type SkipRule<Request> = string | ((path: string, request: Request) => boolean)

/** What of the bodies is logged. */
export interface BodyOptions {
  /** @default true */
  readonly request?: boolean
  /** @default true */
  readonly response?: boolean
  /** Longest body that is logged, in bytes; of longer ones there is only the size. @default 4096 */
  readonly maxBytes?: number
}

/** Options of the request log, the same for all frameworks. */
export interface RequestLogOptions<Request = unknown> {
  /**
   * The logger to use. It stays the application's: the end of the server flushes it and does not close it.
   *
   * @default a logger made from `settings`, closed with the server
   */
  readonly logger?: Logger
  /** Settings of the logger to make; see `createLogger`. Not together with `logger`. */
  readonly settings?: LoggerOptions
  /** Header with the id of the caller, and of the answer. @default 'x-request-id' */
  readonly correlationHeader?: string
  /** Whether the answer has the id, in the same header. @default true */
  readonly echo?: boolean
  /**
   * Whether what a handler calls logs with the fields of its request, through AsyncLocalStorage. Without it only
   * the logger of the request does, and requests are a little cheaper.
   *
   * @default true
   */
  readonly context?: boolean
  /** More fields for every event of a request: its user, its tenant. Called when the request begins. */
  readonly fields?: (request: Request) => object | undefined
  /**
   * Requests without a completion event: exact paths (`'/health'`), everything below a path (`'/assets/*'`), functions.
   *
   * @default []
   */
  readonly skip?: readonly SkipRule<Request>[]
  /**
   * Path that answers with `logger.health()`: status 200, or 503 when a sink is failing or the
   * logger closed. It is skipped by the log.
   *
   * @default none
   */
  readonly healthRoute?: string
  /** Whether skipped requests are logged when they fail: status 500 and above, an error, aborted. @default true */
  readonly logErrorsOnSkip?: boolean
  /** Part of the requests with a status below 400 that are logged, 0 to 1. All others always are. @default 1 */
  readonly sample?: number
  /** Level of requests with a status from 400 to 499. @default 'WARNING' */
  readonly clientErrorLevel?: 'INFO' | 'WARNING'
  /** Whether `path` has the query, in which secrets may be. @default false */
  readonly query?: boolean
  /** Request headers to log: names, or `true` for all. @default false */
  readonly requestHeaders?: boolean | readonly string[]
  /** Response headers to log: names, or `true` for all. @default false */
  readonly responseHeaders?: boolean | readonly string[]
  /** Headers that are masked besides `authorization`, `cookie` and the others of `SECRET_HEADERS`. @default [] */
  readonly secretHeaders?: readonly string[]
  /**
   * Whether bodies are logged: that of a request as it was parsed, that of a response as it was sent. Fields that
   * `isCredentialName` knows are masked, whatever rules the logger has.
   *
   * @default false
   */
  readonly bodies?: boolean | BodyOptions
}

/** A token of RFC 9110, which names of headers are. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/

const isNames = (value: unknown) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && HEADER_NAME.test(name))
const isFlag = (value: unknown) => typeof value === 'boolean'
const FLAG = 'true or false'

/** What each option may be; `undefined` always stands for the default. */
const ALLOWED: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  logger: [
    (value) => typeof (value as Logger | null)?.withContext === 'function',
    'a logger of createLogger',
  ],
  settings: [(value) => typeof value === 'object' && value !== null, 'settings of createLogger'],
  correlationHeader: [
    (value) => typeof value === 'string' && HEADER_NAME.test(value),
    'the name of a header',
  ],
  echo: [isFlag, FLAG],
  context: [isFlag, FLAG],
  fields: [(value) => typeof value === 'function', 'a function'],
  skip: [
    (value) =>
      Array.isArray(value) &&
      value.every(
        (rule) =>
          typeof rule === 'function' || (typeof rule === 'string' && /^\/[^*]*\*?$/.test(rule)),
      ),
    'a list of paths that begin with / (and may end with *) and functions',
  ],
  healthRoute: [
    (value) => typeof value === 'string' && value.startsWith('/'),
    'a path that begins with /',
  ],
  logErrorsOnSkip: [isFlag, FLAG],
  sample: [
    (value) => typeof value === 'number' && value >= 0 && value <= 1,
    'a number from 0 to 1',
  ],
  clientErrorLevel: [(value) => value === 'INFO' || value === 'WARNING', "'INFO' or 'WARNING'"],
  query: [isFlag, FLAG],
  requestHeaders: [(value) => isFlag(value) || isNames(value), 'true, false or names of headers'],
  responseHeaders: [(value) => isFlag(value) || isNames(value), 'true, false or names of headers'],
  secretHeaders: [isNames, 'names of headers'],
  bodies: [
    (value) => isFlag(value) || isBodies(value),
    'true, false or { request, response, maxBytes }',
  ],
}

function isBodies(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).every(([name, one]) =>
    name === 'maxBytes'
      ? Number.isSafeInteger(one) && one >= 0
      : (name === 'request' || name === 'response') && isFlag(one),
  )
}

/**
 * Checks the options of an adapter.
 *
 * @throws {ConfigurationError} listing every problem
 */
export function checkOptions(options: object): void {
  const problems: ConfigurationProblem[] = []
  for (const [path, value] of Object.entries(options)) {
    const rule = Object.hasOwn(ALLOWED, path) ? ALLOWED[path] : undefined
    if (rule === undefined) {
      const candidates = Object.keys(ALLOWED)
      problems.push({
        path,
        value,
        expected: `one of ${candidates.join(', ')}`,
        candidates,
        name: path,
      })
    } else if (value !== undefined && !rule[0](value)) {
      problems.push({ path, value, expected: rule[1] })
    }
  }
  const { logger, settings } = options as RequestLogOptions
  if (logger !== undefined && settings !== undefined)
    problems.push({ path: 'settings', value: settings, expected: 'none beside a logger' })
  if (problems.length > 0) throw ConfigurationError.of(problems)
}
