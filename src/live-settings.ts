// Changes of settings while a logger runs: by `reconfigure`, and by the configuration file when it is watched.

import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigurationError, type FapilogError } from './errors.js'
import type { LiveOptions, LoggerOptions } from './settings/options.js'
import { type Resolved, resolveSources } from './settings/resolve.js'
import type { ResolvedSettings } from './settings/schema.js'

/** Editors write a file in several steps. */
const SETTLE_MS = 100

/**
 * How each setting that can change is put into effect. Those that may be refused come first; one function may serve
 * several settings and is called once.
 */
export type Appliers = {
  readonly [Name in keyof LiveOptions]-?: (settings: ResolvedSettings) => unknown
}

/** The settings of a running logger and their sources. */
export class LiveSettings {
  private explicit: LoggerOptions | undefined
  private current: Resolved
  private readonly apply: Appliers
  private watcher: FSWatcher | undefined
  private timer: NodeJS.Timeout | undefined
  private seen: string | undefined

  private readonly report: (error: FapilogError) => void

  constructor(
    explicit: LoggerOptions | undefined,
    resolved: Resolved,
    apply: Appliers,
    report: (error: FapilogError) => void,
  ) {
    this.explicit = explicit
    this.current = resolved
    this.apply = apply
    this.report = report
    if (resolved.settings.watchConfig && resolved.file !== undefined) this.watch(resolved.file)
  }

  /** What holds now. */
  get settings(): ResolvedSettings {
    return this.current.settings
  }

  /**
   * Changes settings given in code. What is undefined is taken back, so that the other sources count again.
   *
   * @throws {ConfigurationError} when one is wrong or cannot change; then none is changed
   */
  reconfigure(changes: LiveOptions): void {
    const live = Object.keys(this.apply)
    const fixed = Object.keys(changes).filter((key) => !live.includes(key))
    if (fixed.length > 0) {
      throw ConfigurationError.of(
        fixed.map((key) => ({
          path: key,
          value: (changes as Record<string, unknown>)[key],
          expected: `a setting that can change at run time (${live.join(', ')}); others need a new logger`,
          candidates: live,
          name: key,
        })),
      )
    }
    const explicit = { ...this.explicit, ...changes }
    this.take(resolveSources(explicit))
    this.explicit = explicit
  }

  /** Ends the watching. */
  close(): void {
    clearTimeout(this.timer)
    this.watcher?.close()
  }

  /** Puts what has changed into effect; the names of what has changed and needs a new logger. */
  private take(next: Resolved): string[] {
    const before = this.current.settings
    const names = Object.keys({ ...before, ...next.settings }) as (keyof ResolvedSettings)[]
    const changed = names.filter(
      (name) =>
        // No source but code has plugins, and they stay; what they hold has no text.
        name !== 'plugins' && JSON.stringify(before[name]) !== JSON.stringify(next.settings[name]),
    )
    const live = Object.keys(this.apply) as (keyof LiveOptions)[]
    const wanted = live.filter((name) => changed.includes(name)).map((name) => this.apply[name])
    for (const apply of new Set(wanted)) apply(next.settings)
    this.current = next
    return changed.filter((name) => !(name in this.apply))
  }

  /** The folder is watched, since editors and Kubernetes replace files instead of writing them. */
  private watch(file: string): void {
    this.seen = textOf(file)
    try {
      this.watcher = watch(dirname(file), { persistent: false }, () => {
        this.timer ??= setTimeout(() => this.reread(file), SETTLE_MS).unref()
      })
      this.watcher.on('error', (error) => this.report(unwatched(file, error)))
    } catch (error) {
      this.report(unwatched(file, error))
    }
  }

  private reread(file: string): void {
    this.timer = undefined
    const text = textOf(file)
    if (text === this.seen) return
    this.seen = text
    try {
      const fixed = this.take(resolveSources(this.explicit))
      if (fixed.length > 0) {
        throw ConfigurationError.of(
          fixed.map((path) => ({
            path,
            value: undefined,
            expected: 'no change at run time; it counts from the next start on',
            source: file,
          })),
        )
      }
    } catch (error) {
      this.report(error as FapilogError)
    }
  }
}

function unwatched(file: string, cause: unknown): ConfigurationError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new ConfigurationError(`${file} cannot be watched: ${why}`, [], { cause })
}

/** Undefined while the file is away, between two steps of who replaces it. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
