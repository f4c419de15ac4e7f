// Which requests have no completion event.

import type { SkipRule } from './options.js'

/** The option `skip`, taken apart once. */
export class SkippedPaths<Request> {
  private readonly exact = new Set<string>()
  private readonly below: string[] = []
  private readonly rules: ((path: string, request: Request) => boolean)[] = []

  constructor(rules: readonly SkipRule<Request>[]) {
    for (const rule of rules) {
      if (typeof rule === 'function') this.rules.push(rule)
      else if (rule.endsWith('*')) this.below.push(rule.slice(0, -1))
      else this.exact.add(rule)
    }
  }

  /** @param report - told of a rule that throws, which skips nothing */
  has(path: string, request: Request, report: (option: string, error: unknown) => void): boolean {
    if (this.exact.size === 0 && this.below.length === 0 && this.rules.length === 0) return false
    // Rules are about paths, also where lines have the query.
    const end = path.indexOf('?')
    const plain = end === -1 ? path : path.slice(0, end)
    if (this.exact.has(plain)) return true
    for (const prefix of this.below) if (plain.startsWith(prefix)) return true
    try {
      for (const rule of this.rules) if (rule(plain, request) === true) return true
    } catch (error) {
      report('skip', error)
    }
    return false
  }
}
