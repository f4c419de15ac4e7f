// A logger in another thread: a ring of its own that feeds a pipeline which is running already.

import { threadId } from 'node:worker_threads'
import { Container } from './container.js'
import { ConfigurationError } from './errors.js'
import type { LevelSetting } from './levels.js'
import type { Logger } from './logger.js'
import type { Threshold } from './thresholds.js'

/** Options of `joinLogger`. */
export interface JoinOptions {
  /** Threshold of this logger alone. @default the one of the logger that is joined, changes included */
  readonly level?: LevelSetting
  /** Name of the logger. @default the one of the logger that is joined */
  readonly name?: string
}

/**
 * A logger that writes into the sinks of another logger of this process, usually the main thread's. Its events
 * keep their order and, in a worker thread, carry `context.thread_id`. Closing it leaves the other one open; when
 * the thread ends, in whatever way, what it has logged is written all the same. Ring and overflow settings are
 * those of the logger that is joined.
 *
 * @param containerId - `containerId` of that logger
 * @param options - what this thread has for itself
 * @throws {PipelineError} `FAPILOG_NOT_SHARED` when no open logger of this process has the id
 * @throws {ConfigurationError} when an option is wrong
 */
export function joinLogger(containerId: string, options: JoinOptions = {}): Logger {
  if (typeof containerId !== 'string') {
    throw ConfigurationError.of([
      { path: 'containerId', value: containerId, expected: 'the containerId of an open logger' },
    ])
  }
  const container = Container.join(containerId)
  const name = options.name ?? container.settings.name
  const nameId = name === undefined ? 0 : container.encoder.intern(name)
  const { LoggerClass, thresholds } = container
  let threshold: Threshold
  try {
    threshold = thresholds.child(thresholds.root, options.name, options.level)
  } catch (error) {
    container.close(0).catch(() => undefined)
    throw error
  }
  const scope =
    threadId === 0 ? undefined : container.encoder.scope(undefined, { thread_id: threadId })
  return new LoggerClass(container, threshold, scope, name, nameId)
}
