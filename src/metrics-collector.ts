// The counters of a logger for monitoring systems.

import { ConfigurationError } from './errors.js'
import type { Health, Metrics } from './metrics.js'
import { type Family, families, prometheusText } from './prometheus.js'

/** What metrics are made of: a logger. */
export interface MetricsSource {
  /** The counters. */
  metrics(): Metrics
  /** The state of the sinks. */
  health(): Health
}

/** Options of a `MetricsCollector`. */
export interface MetricsCollectorOptions {
  /** What every name starts with. @default 'fapilog_' */
  readonly prefix?: string
  /** Labels of every sample, to tell loggers of one process apart. @default none */
  readonly labels?: Readonly<Record<string, string>>
}

/** What is needed of a `Registry` of the package prom-client. */
export interface PrometheusRegistry {
  /** Adds a metric; throws for a name that is taken. */
  registerMetric(metric: never): void
  /** Removes a metric. */
  removeSingleMetric(name: string): void
}

/** A metric as prom-client's registry uses it. */
interface RegisteredMetric {
  readonly name: string
  readonly help: string
  readonly type: Family['type']
  readonly aggregator: 'sum'
  get(): Promise<object>
  reset(): void
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/
const OWN_LABELS = ['kind', 'le', 'level', 'plugin', 'reason', 'rung', 'sink', 'stage', 'status']

/**
 * Metrics of a logger, as an object, as Prometheus text, and in a registry of prom-client. It only reads: counters
 * are kept by the native threads whether there is a collector or not.
 *
 * The number of samples depends on the settings of the logger alone, never on what is logged.
 */
export class MetricsCollector {
  /** The media type of `prometheus()`, for a `Content-Type` header. */
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8'
  private readonly source: MetricsSource
  private readonly prefix: string
  private readonly labels: Readonly<Record<string, string>>
  private snapshot: readonly Family[] | undefined

  /**
   * @param source - a logger
   * @param options - prefix and labels of every metric
   * @throws {ConfigurationError} when the prefix or a label is none of Prometheus's names
   */
  constructor(
    source: MetricsSource,
    { prefix = 'fapilog_', labels = {} }: MetricsCollectorOptions = {},
  ) {
    const problems = []
    if (!NAME.test(prefix)) {
      const expected = 'letters, digits and underscores, not starting with a digit'
      problems.push({ path: 'prefix', value: prefix, expected })
    }
    for (const label of Object.keys(labels)) {
      if (!LABEL.test(label) || OWN_LABELS.includes(label)) {
        const expected = `letters, digits and underscores, other than ${OWN_LABELS.join(', ')}`
        problems.push({ path: 'labels', value: label, expected })
      }
    }
    if (problems.length > 0) throw ConfigurationError.of(problems)
    this.source = source
    this.prefix = prefix
    this.labels = labels
  }

  /** All counters as an object. */
  collect(): Metrics {
    return this.source.metrics()
  }

  /** State of the sinks. */
  health(): Health {
    return this.source.health()
  }

  /** All metrics in Prometheus's text format. */
  prometheus(): string {
    return prometheusText(this.families())
  }

  /**
   * Adds the metrics to a `Registry` of prom-client, which reads them anew at every scrape.
   *
   * @returns how to take them out again
   */
  register(registry: PrometheusRegistry): () => void {
    const names: string[] = []
    const remove = () => {
      for (const name of names) registry.removeSingleMetric(name)
    }
    try {
      for (const [index, { name, help, type }] of this.families().entries()) {
        const metric: RegisteredMetric = {
          name,
          help,
          type,
          aggregator: 'sum',
          get: () => Promise.resolve(this.registered(index)),
          reset() {},
        }
        registry.registerMetric(metric as never)
        names.push(name)
      }
    } catch (error) {
      remove()
      throw error
    }
    return remove
  }

  private families(): Family[] {
    return families(this.source.metrics(), this.source.health(), this.prefix, this.labels)
  }

  /** One family for a scrape, which asks for all of them at once: they are read once. */
  private registered(index: number): object {
    if (this.snapshot === undefined) {
      this.snapshot = this.families()
      queueMicrotask(() => {
        this.snapshot = undefined
      })
    }
    const { name, help, type, samples } = this.snapshot[index] as Family
    const values = samples.map(({ suffix, labels, value }) => ({
      metricName: name + suffix,
      labels,
      value,
    }))
    return { name, help, type, aggregator: 'sum', values }
  }
}
