// Headers that may be in a log line, and masks for those that may not.

/** What is logged in place of what is kept secret. */
export const SECRET_MASK = '***'

/** Request and response headers whose values are never logged. */
export const SECRET_HEADERS: readonly string[] = [
  'authorization',
  'cookie',
  'proxy-authenticate',
  'proxy-authorization',
  'set-cookie',
  'www-authenticate',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
  'x-forwarded-authorization',
  'x-xsrf-token',
]

/** Copies headers, with masks for the secret ones. */
export class HeaderFilter {
  private readonly secret: ReadonlySet<string>

  /**
   * @param wanted - names in any case; `true` for all
   * @param secret - names besides `SECRET_HEADERS`
   */
  constructor(
    private readonly wanted: true | readonly string[],
    secret: readonly string[],
  ) {
    this.secret = new Set([...SECRET_HEADERS, ...secret.map((name) => name.toLowerCase())])
  }

  /** @param headers - names in lower case, as Node.js has them */
  pick(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const names =
      this.wanted === true ? Object.keys(headers) : this.wanted.map((name) => name.toLowerCase())
    const picked: Record<string, unknown> = {}
    for (const name of names) {
      const value = headers[name]
      // HTTP/2 has pseudo-headers, which are method and path again.
      if (value === undefined || name.startsWith(':')) continue
      picked[name] = this.secret.has(name) ? SECRET_MASK : value
    }
    return picked
  }
}
