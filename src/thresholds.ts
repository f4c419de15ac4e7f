// Which loggers log from which level on. Loggers share the objects that they compare a level with, so that a
// change reaches all of them at once.

import { ConfigurationError } from './errors.js'
import { type LevelTable, SILENT } from './levels.js'

/** Names of loggers that are remembered below one parent. A name beyond them keeps the level it started with. */
const MAX_NAMES = 4096

/** A number that others may see change: its only element. */
type Cell = Int32Array & { 0: number }

const cellOf = (value: number) => Int32Array.of(value) as Cell

/** What some loggers compare a level with. */
export class Threshold {
  /** Least severity for which a call does anything; below `level` if events are kept in case of need. */
  cell: Cell
  /** Loggers below that have a name of their own. */
  readonly named = new Map<string, Threshold>()

  constructor(
    /** Least severity that is logged. That of the first logger lies in memory that all threads see. */
    public level: Cell,
    readonly name: string | undefined,
    /** The value that was set for these loggers themselves, if any: it counts before rules and parents. */
    public own: number | undefined,
  ) {
    this.cell = level
  }
}

/** A level for the loggers that a pattern names. */
interface Rule {
  readonly pattern: string
  /** The part before `.*`; '' for `*`. */
  readonly prefix: string
  /** Whether the logger named `prefix` itself is not meant. */
  readonly below: boolean
  readonly value: number
}

/** Where the level of the first logger lies, and how it is set in all threads. */
export interface SharedLevel {
  readonly cell: Int32Array
  set(value: number): void
  /** Whether another thread has set it already. */
  readonly isSet: boolean
}

/** What thresholds are made from. */
export interface ThresholdOptions {
  readonly levels: LevelTable
  /** Severity of the setting `level`. */
  readonly base: number
  /** Name of the first logger. */
  readonly name: string | undefined
  /** The setting `levels`. */
  readonly rules: Readonly<Record<string, string>>
  /** Severity from which on events below the level are kept, if they are. */
  readonly keptFrom: number | undefined
  readonly shared: SharedLevel
}

/** The thresholds of a container: the one of its first logger, and those of all below it. */
export class Thresholds {
  readonly root: Threshold
  readonly levels: LevelTable
  /** The most specific first. */
  private rules: Rule[] = []
  /** Thresholds outside of the tree that have named loggers below them: those of children with a level of their own. */
  private detached: WeakRef<Threshold>[] = []
  private sweepAt = 64
  private readonly base: number
  private readonly keptFrom: number | undefined
  private readonly shared: SharedLevel

  constructor({ levels, base, name, rules, keptFrom, shared }: ThresholdOptions) {
    this.levels = levels
    this.base = base
    this.keptFrom = keptFrom
    this.shared = shared
    this.root = new Threshold(shared.cell as Cell, name, undefined)
    for (const [pattern, level] of Object.entries(rules)) this.addRule(pattern, level)
    if (!shared.isSet) shared.set(this.ruled(name) ?? base)
    this.settle(this.root)
  }

  /** The threshold of a child: of its own, of its name, or its parent's. */
  child(parent: Threshold, name: string | undefined, level: unknown): Threshold {
    if (level !== undefined) {
      const { value } = this.levels.require(level, 'level')
      return this.settle(new Threshold(cellOf(value), name ?? parent.name, value))
    }
    if (name === undefined) return parent
    const known = parent.named.get(name)
    if (known !== undefined) return known
    const made = this.follow(new Threshold(parent.level, name, undefined), parent)
    if (parent.named.size < MAX_NAMES) {
      if (parent.own !== undefined && parent.named.size === 0 && parent !== this.root)
        this.detach(parent)
      parent.named.set(name, made)
    }
    return made
  }

  /** Sets the level of the loggers that share a threshold. @throws {ConfigurationError} for what is no level */
  set(threshold: Threshold, level: unknown): void {
    threshold.own = this.levels.require(level, 'level').value
    if (threshold === this.root) this.shared.set(threshold.own)
    else threshold.level = cellOf(threshold.own)
    this.settle(threshold)
    this.refresh()
  }

  /**
   * Sets the level of the loggers that a pattern names, or takes it back.
   *
   * @throws {ConfigurationError} for what is no pattern or no level
   */
  setRule(pattern: string, level: unknown): void {
    this.change(() => {
      if (level === undefined) this.rules = this.rules.filter((rule) => rule.pattern !== pattern)
      else this.addRule(pattern, level)
    })
  }

  /**
   * Replaces the levels of all patterns.
   *
   * @throws {ConfigurationError} for what is no pattern or no level; then some may have changed
   */
  setRules(rules: Readonly<Record<string, string>>): void {
    this.change(() => {
      this.rules = []
      for (const [pattern, level] of Object.entries(rules)) this.addRule(pattern, level)
    })
  }

  private change(rules: () => void): void {
    const { root } = this
    const before = this.ruled(root.name)
    rules()
    const after = this.ruled(root.name)
    if (after !== before && root.own === undefined) this.shared.set(after ?? this.base)
    this.refresh()
  }

  private addRule(pattern: string, level: unknown): void {
    const path = `levels[${JSON.stringify(pattern)}]`
    if (!isLoggerPattern(pattern))
      throw ConfigurationError.of([{ path, value: pattern, expected: LOGGER_PATTERN }])
    const { value } = this.levels.require(level, path)
    const below = pattern.endsWith('*')
    const prefix = below ? pattern.slice(0, -2) : pattern
    const others = this.rules.filter((rule) => rule.pattern !== pattern)
    this.rules = [...others, { pattern, prefix, below, value }].sort(
      (a, b) => b.prefix.length - a.prefix.length || Number(b.below) - Number(a.below),
    )
  }

  /** What the rules say of a name. Of the prefixes of one name, the longer is the more specific one. */
  private ruled(name: string | undefined): number | undefined {
    if (name === undefined) return undefined
    return this.rules.find(
      ({ prefix, below }) =>
        (!below && name === prefix) || prefix === '' || name.startsWith(`${prefix}.`),
    )?.value
  }

  private refresh(): void {
    this.settle(this.root)
    this.refreshBelow(this.root)
    for (const reference of this.detached) {
      const threshold = reference.deref()
      if (threshold !== undefined) this.refreshBelow(threshold)
    }
  }

  private refreshBelow(parent: Threshold): void {
    for (const threshold of parent.named.values()) {
      this.follow(threshold, parent)
      this.refreshBelow(threshold)
    }
  }

  /** Gives a threshold the level of its name, or its parent's. */
  private follow(threshold: Threshold, parent: Threshold): Threshold {
    if (threshold.own === undefined) {
      const value = this.ruled(threshold.name)
      threshold.level = value === undefined ? parent.level : cellOf(value)
    }
    return this.settle(threshold)
  }

  private settle(threshold: Threshold): Threshold {
    const { level } = threshold
    threshold.cell =
      this.keptFrom === undefined ? level : cellOf(Math.min(level[0], this.keptFrom, SILENT - 1))
    return threshold
  }

  private detach(threshold: Threshold): void {
    if (this.detached.length >= this.sweepAt) {
      this.detached = this.detached.filter((reference) => reference.deref() !== undefined)
      this.sweepAt = Math.max(64, this.detached.length * 2)
    }
    this.detached.push(new WeakRef(threshold))
  }
}

/** What a pattern looks like, for messages. */
export const LOGGER_PATTERN = 'the name of a logger (http), all below it (db.*), or *'

/** Whether a text is the name of a logger, a name and `.*`, or `*`. */
export function isLoggerPattern(text: string): boolean {
  return /^(\*|[^*]+(\.\*)?)$/.test(text)
}
