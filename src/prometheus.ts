// Metrics as families of samples, and those as text: Prometheus's exposition format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/).

import { LEVEL_NAMES } from './levels.js'
import type { EventsByLevel, Health, HistogramMetrics, Metrics } from './metrics.js'

/** One value of a family. */
export interface Sample {
  /** What follows the family's name: `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix: '' | '_bucket' | '_sum' | '_count'
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** All values of one name. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly Sample[]
}

type Labels = Readonly<Record<string, string>>
type Value = readonly [labels: Labels, value: number]

const RUNGS = ['normal', 'batching', 'sampling', 'dropping']
const ASKED = { closed: 1, 'half-open': 0.5, open: 0 } as const
const STATUSES = ['healthy', 'degraded', 'failing', 'closed'] as const

/**
 * The families of a logger. Their number is fixed, and that of their samples depends on the settings alone: labels
 * are levels, reasons, sinks, stages and plugins, never anything that was logged.
 */
export function families(
  metrics: Metrics,
  health: Health,
  prefix: string,
  constant: Labels,
): Family[] {
  const { ring, diagnostics } = metrics
  const sinks = Object.entries(metrics.sinks)
  const stages = Object.entries(metrics.stages)
  const plugins = Object.entries(metrics.plugins)
  const sample = ([labels, value]: Value): Sample => ({
    suffix: '',
    labels: { ...labels, ...constant },
    value,
  })
  const family = (
    type: 'counter' | 'gauge',
    name: string,
    help: string,
    values: Value[],
  ): Family => ({
    name: prefix + name,
    help,
    type,
    samples: values.map(sample),
  })
  const counter = (name: string, help: string, values: Value[]) =>
    family('counter', name, help, values)
  const gauge = (name: string, help: string, values: Value[]) => family('gauge', name, help, values)
  const histogram = (
    name: string,
    help: string,
    of: readonly (readonly [Labels, HistogramMetrics])[],
  ): Family => ({
    name: prefix + name,
    help,
    type: 'histogram',
    samples: of.flatMap(([labels, one]) => histogramSamples({ ...labels, ...constant }, one)),
  })
  const perSink = (value: (sink: Metrics['sinks'][string], name: string) => number): Value[] =>
    sinks.map(([name, one]) => [{ sink: name }, value(one, name)])
  const perStage = (value: (stage: Metrics['stages'][string]) => number): Value[] =>
    stages.map(([stage, one]) => [{ stage }, value(one)])
  const perPlugin = (value: (plugin: Metrics['plugins'][string]) => number): Value[] =>
    plugins.map(([plugin, one]) => [{ plugin, kind: one.kind }, value(one)])
  const latency = (name: 'written' | 'queued' | 'write') =>
    sinks.map(([sink, one]) => [{ sink }, one.latency[name]] as const)

  return [
    counter(
      'events_submitted_total',
      'Log calls at an enabled level.',
      byLevel(metrics.submittedByLevel),
    ),
    counter(
      'events_dropped_total',
      'Events lost before the sinks.',
      byReason(metrics.droppedByReason),
    ),
    counter(
      'events_filtered_total',
      'Events that a stage has ended on purpose.',
      perStage(({ filtered }) => total(filtered)),
    ),
    counter(
      'stage_changed_total',
      'Events that a stage has changed.',
      perStage(({ changed }) => changed),
    ),
    counter(
      'stage_redacted_total',
      'Values that a stage has made unreadable.',
      perStage(({ redacted }) => redacted),
    ),
    counter(
      'stage_withheld_total',
      'Values and events that could not be redacted, and are seen by nobody.',
      perStage(({ withheld }) => withheld),
    ),
    histogram(
      'stage_seconds',
      'Time of one event of each chunk in a stage; for plugins, that of a batch.',
      stages.map(([stage, one]) => [{ stage }, one.latency] as const),
    ),
    counter(
      'plugin_events_total',
      'Events shown to a plugin.',
      perPlugin(({ events }) => events),
    ),
    counter(
      'plugin_dropped_total',
      'Events that a plugin has ended.',
      perPlugin(({ dropped }) => dropped),
    ),
    counter(
      'plugin_failures_total',
      'Events for which a plugin has failed; writes, for a sink.',
      perPlugin(({ failures }) => failures),
    ),
    counter(
      'plugin_timeouts_total',
      'Of these, the ones that took too long.',
      perPlugin(({ timeouts }) => timeouts),
    ),
    counter(
      'plugin_skipped_total',
      'Events that a plugin was not asked about.',
      perPlugin(({ skipped }) => skipped),
    ),
    counter(
      'plugin_withheld_total',
      'Events that went on without message and fields.',
      perPlugin(({ withheld }) => withheld),
    ),
    gauge(
      'plugin_asked',
      '1 for a plugin that is asked, 0.5 for one that is tried again, 0 for one that is left alone or turned off.',
      perPlugin(({ breaker, enabled }) => (enabled ? ASKED[breaker] : 0)),
    ),
    histogram(
      'plugin_seconds',
      'Time of a batch in a plugin.',
      plugins.map(([plugin, one]) => [{ plugin, kind: one.kind }, one.latency] as const),
    ),
    counter(
      'events_sampled_total',
      'Events that did not go on under pressure.',
      byLevel(metrics.sampled),
    ),
    gauge('pressure_rung', '0 normal, 1 batching, 2 sampling, 3 dropping.', [
      [{}, RUNGS.indexOf(metrics.pressure.rung)],
    ]),
    gauge('pressure_fill', 'How full the fullest ring or queue was, 0 to 1.', [
      [{}, metrics.pressure.fill],
    ]),
    counter(
      'pressure_rungs_entered_total',
      'Times that a rung was entered from below.',
      Object.entries(metrics.pressure.entered).map(([rung, times]) => [{ rung }, times]),
    ),
    counter('events_truncated_total', 'Events that had values cut.', [[{}, ring.truncated]]),
    gauge('events_in_flight', 'Events in the ring or in the slowest queue of a sink.', [
      [{}, metrics.inFlight],
    ]),
    gauge('rings', 'Threads that log.', [[{}, ring.rings]]),
    gauge('ring_capacity_bytes', 'Size of all rings.', [[{}, ring.capacityBytes]]),
    gauge('ring_depth_bytes', 'Bytes published and not yet taken out of the rings.', [
      [{}, ring.depthBytes],
    ]),
    counter('ring_damaged_bytes_total', 'Bytes that could not be read as events.', [
      [{}, ring.damagedBytes],
    ]),
    histogram(
      'ring_seconds',
      'Time from the log call of the first event of a chunk until it was taken out of its ring.',
      [[{}, metrics.waited]],
    ),
    histogram('drain_seconds', 'Time to decode and format a chunk of events.', [
      [{}, metrics.drain],
    ]),
    counter('diagnostics_total', 'What the pipeline had to say about itself.', [
      [{}, diagnostics.reported],
    ]),
    counter(
      'sink_events_written_total',
      'Events written.',
      sinks.flatMap(([sink, one]) => byLevel(one.writtenByLevel, { sink })),
    ),
    counter(
      'sink_events_dropped_total',
      'Events lost at a sink.',
      sinks.flatMap(([sink, one]) => byReason(one.droppedByReason, { sink })),
    ),
    counter(
      'sink_reports_total',
      'Reports about lost events written.',
      perSink((one) => one.reports),
    ),
    counter(
      'sink_bytes_total',
      'Bytes written.',
      perSink((one) => one.bytes),
    ),
    counter(
      'sink_batches_total',
      'Batches written.',
      perSink((one) => one.batches),
    ),
    counter(
      'sink_errors_total',
      'Failed write attempts.',
      perSink((one) => one.errors),
    ),
    counter(
      'sink_rotations_total',
      'Files rotated.',
      perSink((one) => one.rotations),
    ),
    counter(
      'sink_compressed_total',
      'Rotated files compressed.',
      perSink((one) => one.compressed),
    ),
    counter(
      'sink_deleted_total',
      'Rotated files deleted.',
      perSink((one) => one.deleted),
    ),
    counter(
      'sink_reopened_total',
      'Times the file was opened again.',
      perSink((one) => one.reopened),
    ),
    counter(
      'sink_maintenance_errors_total',
      'Failures of rotation, compression or retention.',
      perSink((one) => one.maintenanceErrors),
    ),
    gauge(
      'sink_queued_bytes',
      'Bytes queued or being written.',
      perSink((one) => one.queuedBytes),
    ),
    gauge(
      'sink_queue_bytes',
      'Bound of the queue.',
      perSink((_, name) => health.sinks[name]?.queueBytes ?? 0),
    ),
    gauge(
      'sink_status',
      '1 for the status of the sink.',
      Object.entries(health.sinks).flatMap(([sink, { status }]) =>
        STATUSES.slice(0, 3).map((one): Value => [{ sink, status: one }, one === status ? 1 : 0]),
      ),
    ),
    gauge(
      'status',
      '1 for the status of the logger.',
      STATUSES.map((one) => [{ status: one }, one === health.status ? 1 : 0]),
    ),
    histogram(
      'sink_written_seconds',
      'Time from the log call of the oldest event of a batch until it was written.',
      latency('written'),
    ),
    histogram(
      'sink_queued_seconds',
      'Time of a batch in the queue of the sink.',
      latency('queued'),
    ),
    histogram('sink_write_seconds', 'Time to write a batch, retries included.', latency('write')),
  ]
}

/** Families as text. */
export function prometheusText(all: readonly Family[]): string {
  let text = ''
  for (const { name, help, type, samples } of all) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
    for (const { suffix, labels, value } of samples) {
      const list = Object.entries(labels).map(([label, of]) => `${label}="${escapeValue(of)}"`)
      const braces = list.length === 0 ? '' : `{${list.join(',')}}`
      text += `${name}${suffix}${braces} ${value}\n`
    }
  }
  return text
}

function byLevel(events: EventsByLevel, labels: Labels = {}): Value[] {
  return LEVEL_NAMES.map((level) => [{ ...labels, level }, events[level] ?? 0])
}

function byReason(events: Readonly<Record<string, number>>, labels: Labels = {}): Value[] {
  return Object.entries(events).map(([reason, count]) => [{ ...labels, reason }, count])
}

function total(events: EventsByLevel): number {
  return Object.values(events).reduce((sum, count) => sum + count, 0)
}

function histogramSamples(labels: Labels, { buckets, count, sum }: HistogramMetrics): Sample[] {
  return [
    ...buckets.map(
      ([bound, below]): Sample => ({
        suffix: '_bucket',
        labels: { ...labels, le: String(bound) },
        value: below,
      }),
    ),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ]
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
