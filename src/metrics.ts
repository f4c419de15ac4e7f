// What `log.metrics()`, `log.flush()` and `log.close()` return: typed views of the native counters.

import type { LevelName } from './levels.js'

/** Events by level, under the upper-case names of levels of your own too; levels without events are left out. */
export type EventsByLevel = Readonly<Partial<Record<LevelName, number>>>

/** Latencies, in seconds. */
export interface HistogramMetrics {
  /** How many. */
  readonly count: number
  /** All together. */
  readonly sum: number
  /** The longest. */
  readonly max: number
  /** Quantiles, at most 10 % above the true value. */
  readonly p50: number
  /** 90 % take at most this long. */
  readonly p90: number
  /** 99 %. */
  readonly p99: number
  /** 99.9 %. */
  readonly p999: number
  /** Upper bounds from 100 µs to 100 s, and how many latencies are at most so long. */
  readonly buckets: readonly (readonly [bound: number, count: number])[]
}

/** Counters of one sink since the logger was created. */
export interface SinkMetrics {
  /** Events written. */
  readonly written: number
  /** The same by level. */
  readonly writtenByLevel: EventsByLevel
  /** Events that it does not take, because of its level or because routing sends them elsewhere, by level. */
  readonly skipped: EventsByLevel
  /** Events that its fallback has written instead, by level. */
  readonly diverted: EventsByLevel
  /** Events written for sinks that failed; they are counted there. */
  readonly takenOver: number
  /** Whether the sink is tried: always, once to see, or not now. */
  readonly state: 'closed' | 'half-open' | 'open'
  /** Times that it was given up for a while. */
  readonly opened: number
  /** Events lost at this sink, by level. */
  readonly dropped: EventsByLevel
  /** The same, by reason: the queue was full, the destination failed for good, the time at the end was over. */
  readonly droppedByReason: {
    /** Its queue was full. */
    readonly overflow: number
    /** Its destination is gone for good. */
    readonly failed: number
    /** Unwritten when the time at the end was over. */
    readonly shutdown: number
  }
  /** Events left in the ring's file for the next start, by level: only with `durability: 'crash-safe'`. */
  readonly kept: EventsByLevel
  /** Events of `written` that the device has not confirmed, by level: only with `durability: 'fsync'`. */
  readonly unsynced: EventsByLevel
  /** Reports about lost events written; they are in none of the other counters. */
  readonly reports: number
  /** Bytes written. */
  readonly bytes: number
  /** Batches written. */
  readonly batches: number
  /** Bytes queued or being written. */
  readonly queuedBytes: number
  /** Failed write attempts; each is retried. */
  readonly errors: number
  /** Text of the latest failure. */
  readonly lastError: string | null
  /** Whether the latest write failed. */
  readonly failing: boolean
  /** How long events take, one latency for each batch of lines. */
  readonly latency: {
    /** From the call that logged the oldest event of the batch until it was written; the clock ticks every 1 ms. */
    readonly written: HistogramMetrics
    /** Time in the queue of the sink. */
    readonly queued: HistogramMetrics
    /** Time of the write, retries included. */
    readonly write: HistogramMetrics
  }
  /** Files rotated, compressed and deleted by retention. */
  readonly rotations: number
  /** Rotated files compressed. */
  readonly compressed: number
  /** Rotated files deleted by retention. */
  readonly deleted: number
  /** Times the file was opened again because it was moved, removed, or `reopen()` was called. */
  readonly reopened: number
  /** Failures of rotation, compression or retention; lines went on being written. */
  readonly maintenanceErrors: number
}

/** Counters of one plugin since the logger was created. */
export interface PluginMetrics {
  /** What it is. */
  readonly kind: 'enricher' | 'filter' | 'redactor' | 'processor' | 'sink'
  /** Events shown to it. */
  readonly events: number
  /** Events it has ended. */
  readonly dropped: number
  /** Events for which it failed: it threw, rejected, gave back what is no event, or took too long. */
  readonly failures: number
  /** Of these, the ones that took too long. */
  readonly timeouts: number
  /** Events it was not asked about, because it had failed too often or is disabled. */
  readonly skipped: number
  /** Events that went on without message and fields, because it redacts and has failed. */
  readonly withheld: number
  /** Whether it is asked: `half-open` is the one attempt after a pause. */
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** False after `disablePlugin`. */
  readonly enabled: boolean
  /** Text of the latest failure. */
  readonly lastError: string | null
  /** Time that it needs for the events of a batch. */
  readonly latency: HistogramMetrics
}

/** How far the pipeline gives up something because it cannot keep up. */
export type PressureRung = 'normal' | 'batching' | 'sampling' | 'dropping'

/** Counters of one stage. */
export interface StageMetrics {
  /** Events changed. */
  readonly changed: number
  /** Events that ended there, by level. */
  readonly filtered: EventsByLevel
  /** Events of its own that it has added; they are counted as reports at the sinks and nowhere else. */
  readonly notices: number
  /** The part of the events that it lets through at the moment, 0 to 1; for sampling. */
  readonly rate?: number
  /** Keys that it remembers; for what tells events apart. */
  readonly keys?: number
  /** Keys that it had to forget for want of room. */
  readonly evicted?: number
  /** Values made unreadable. */
  readonly redacted: number
  /** Values, or fields of whole events, that nobody sees because they could not be redacted. */
  readonly withheld: number
  /** Time that one event of each chunk takes there; for `plugins`, that of a batch until all of them have answered. */
  readonly latency: HistogramMetrics
}

/**
 * All counters. At rest, for each sink:
 * `submitted = written + skipped + diverted + dropped at the sink + dropped before it + filtered + sampled`.
 */
export interface Metrics {
  /** Log calls at an enabled level. */
  readonly submitted: number
  /** The same by level. */
  readonly submittedByLevel: EventsByLevel
  /** Events that every sink has written, or does not take because of its level. */
  readonly written: number
  /** Events lost before the sinks, by level. */
  readonly dropped: EventsByLevel
  /** The same, by reason: ring full, `block` timed out, logged after close, not encodable, damaged, pressure. */
  readonly droppedByReason: {
    /** No room in the ring. */
    readonly full: number
    /** No room in the ring in `queue.blockTimeoutMs`, with `overflow: 'block'`. */
    readonly timeout: number
    /** Logged after the end of the pipeline. */
    readonly closed: number
    /** Not to be put into the ring at all. */
    readonly encode: number
    /** Overwritten in the ring before they were read: a bug of some native code in the process. */
    readonly damaged: number
    /** Below the protected level, on the highest rung of the setting `pressure`. */
    readonly pressure: number
  }
  /** Events that a stage ended on purpose, by level. */
  readonly filtered: EventsByLevel
  /** Events of the lowest levels that did not go on because of the setting `pressure`, by level. */
  readonly sampled: EventsByLevel
  /** What the setting `pressure` does. */
  readonly pressure: {
    /** What is given up at the moment. */
    readonly rung: PressureRung
    /** How full the fullest ring or queue was when that was last looked at, 0 to 1. */
    readonly fill: number
    /** How often each rung was entered from below. */
    readonly entered: Readonly<Record<Exclude<PressureRung, 'normal'>, number>>
  }
  /** Events in the ring or in the slowest sink's queue. */
  readonly inFlight: number
  /** Sinks by name. */
  readonly sinks: Readonly<Record<string, SinkMetrics>>
  /** Stages (filters, enrichers, redactors, processors) by name. */
  readonly stages: Readonly<Record<string, StageMetrics>>
  /** Plugins by name. */
  readonly plugins: Readonly<Record<string, PluginMetrics>>
  /** The shared memory that events travel through. */
  readonly ring: {
    /** Threads that log. */
    readonly rings: number
    /** Room in all rings. */
    readonly capacityBytes: number
    /** Bytes published and not yet taken by the drain thread. */
    readonly depthBytes: number
    /** Events taken out of the ring. */
    readonly accepted: number
    /** Bytes that could not be read as records; always 0 unless memory was overwritten. */
    readonly damagedBytes: number
    /** Events that had values cut to stay within the limits; these are not lost. */
    readonly truncated: number
  }
  /** From the log call of the first event of a chunk until it is taken out of the ring; the clock ticks every 1 ms. */
  readonly waited: HistogramMetrics
  /** Time that the drain thread needs for a chunk of events: decoding, stages, formats. */
  readonly drain: HistogramMetrics
  /** Events below the level that were kept, and those of them that were logged later; the others are in no counter. */
  readonly retroactive: {
    /** Events kept for a scope that may want them. */
    readonly kept: number
    /** Events of these that were logged. */
    readonly replayed: number
  }
  /** What was found worth saying about the pipeline itself, on standard error and to `onError`. */
  readonly diagnostics: {
    /** Things said, here or there. */
    readonly reported: number
    /** Lines that standard error was spared. */
    readonly suppressed: number
    /** Errors that `onError` was not told of, because there were too many at once. */
    readonly lost: number
    /** Errors thrown by `onError`. */
    readonly thrown: number
    /** Times that OpenTelemetry threw when it was asked for the active span; the events went without its ids. */
    readonly otel: number
  }
}

/**
 * How well something does: `failing` when the latest write failed or nobody reads any more, `degraded` when the queue
 * is over 80 % full or something failed or was lost in the last minute.
 */
export type HealthStatus = 'healthy' | 'degraded' | 'failing'

/** State of one sink. Times are milliseconds since the Unix epoch. */
export interface SinkHealth {
  /** How it is. */
  readonly status: HealthStatus
  /** Since when; for `degraded` the latest trouble. */
  readonly since: number
  /** Text of the latest failure. */
  readonly lastError: string | null
  /** When that was. */
  readonly lastErrorAt: number | null
  /** When the sink last lost an event. */
  readonly lastLossAt: number | null
  /** Bytes queued or being written. */
  readonly queuedBytes: number
  /** Bound of the queue. */
  readonly queueBytes: number
  /** Their ratio. */
  readonly queueFill: number
}

/** What `log.health()` returns. */
export interface Health {
  /** The worst of the sinks; `degraded` also when the ring is over 80 % full or events are given up under pressure, `closed` after `close()`. */
  readonly status: HealthStatus | 'closed'
  /** Part of the ring, or of all rings, that is in use, 0 to 1. */
  readonly ringFill: number
  /** Sinks by name. */
  readonly sinks: Readonly<Record<string, SinkHealth>>
}

/** What one sink says to a flush. */
export interface SinkReceipt {
  /** Name of the sink. */
  readonly name: string
  /** Events written since the logger was created. */
  readonly written: number
  /** Events dropped since the logger was created. */
  readonly dropped: number
  /** Events left in the ring's file for the next start (`durability: 'crash-safe'`). */
  readonly kept: number
  /** Events written since the logger was created that the device has not confirmed (`durability: 'fsync'`). */
  readonly unsynced: number
  /** Whether everything logged before the call has been dealt with. */
  readonly complete: boolean
  /** Why not, or the latest error. */
  readonly error: string | null
}

/** Result of `flush()` and `close()`. */
export interface Receipt {
  /** Whether every sink has completed. */
  readonly complete: boolean
  /** One for each sink. */
  readonly sinks: readonly SinkReceipt[]
}
