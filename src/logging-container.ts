// What a container shows to applications: settings, loggers, counters, disposal.

import { Container } from './container.js'
import type { LevelSetting } from './levels.js'
import { LiveSettings } from './live-settings.js'
import type { ChildOptions, Logger } from './logger.js'
import type { Health, Metrics, Receipt } from './metrics.js'
import type { LiveOptions, LoggerOptions } from './settings/options.js'
import { resolveSources } from './settings/resolve.js'

/**
 * Settings, pipeline and counters of loggers that belong together. Two containers share nothing: each has its own
 * native threads, ring and sinks. `createLogger(options)` is `new LoggingContainer(options).logger()`.
 *
 * @throws {ConfigurationError} listing every problem of the settings
 * @throws {SinkError} when a sink cannot be opened (code `FAPILOG_SINK_OPEN`)
 * @throws {PipelineError} when the native side cannot start
 */
export class LoggingContainer implements AsyncDisposable {
  readonly #container: Container
  readonly #live: LiveSettings
  readonly #first: Logger

  constructor(options?: LoggerOptions) {
    const resolved = resolveSources(options)
    const { settings } = resolved
    const container = Container.start(settings)
    const nameId = settings.name === undefined ? 0 : container.encoder.intern(settings.name)
    const { LoggerClass, thresholds } = container
    const first = new LoggerClass(container, thresholds.root, undefined, settings.name, nameId)
    const stages = (next: typeof settings) => container.reconfigure(next)
    const apply = {
      filters: stages,
      routing: stages,
      redact: stages,
      level: (next: typeof settings) => {
        first.level = next.level as LevelSetting
      },
      levels: (next: typeof settings) => thresholds.setRules(next.levels),
      sync: (next: typeof settings) => {
        container.sync = next.sync
      },
    }
    this.#container = container
    this.#first = first
    this.#live = new LiveSettings(options, resolved, apply, (error) => container.report(error))
    container.live = this.#live
  }

  /** The settings that hold now, from every source and with every default: a copy. */
  get settings(): LoggerOptions {
    const { onError, plugins, ...data } = this.#live.settings
    const functions = onError === undefined ? {} : { onError }
    // Checked settings are options too, with every default and numbers for sizes and durations.
    return { ...structuredClone(data), plugins: [...plugins], ...functions } as LoggerOptions
  }

  /**
   * A logger of this container. Without a name the first one, whose threshold the others follow.
   *
   * @param name - shown in every line instead of the container's
   */
  logger(name?: string, options?: Pick<ChildOptions, 'level'>): Logger {
    if (name === undefined && options === undefined) return this.#first
    return this.#first.child(undefined, { ...options, ...(name === undefined ? {} : { name }) })
  }

  /** All counters since the container was made. */
  metrics(): Metrics {
    return this.#container.metrics()
  }

  /** Whether the sinks do their work, and what was last wrong. */
  health(): Health {
    return this.#container.health()
  }

  /** Changes settings of every logger of this container: see `Logger.reconfigure`. */
  reconfigure(changes: LiveOptions): void {
    this.#live.reconfigure(changes)
  }

  /** Resolves when everything logged before the call was written: see `Logger.flush`. */
  flush(timeoutMs?: number): Promise<Receipt> {
    return this.#first.flush(timeoutMs)
  }

  /** The same, without the event loop: blocks the thread. */
  flushSync(timeoutMs?: number): Receipt {
    return this.#first.flushSync(timeoutMs)
  }

  /** Flushes and ends the threads: see `Logger.close`. */
  close(timeoutMs?: number): Promise<Receipt> {
    return this.#first.close(timeoutMs)
  }

  /** `await using container = new LoggingContainer()` closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
