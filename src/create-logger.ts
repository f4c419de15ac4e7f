// Options → settings → container → logger.

import { Container } from './container.js'
import { type Logger, NativeLogger } from './logger.js'
import type { LoggerOptions } from './settings/options.js'
import { resolveSettings } from './settings/resolve.js'

/**
 * Creates a logger with a pipeline of its own. Without options it writes INFO and above to stdout: pretty on a
 * terminal, JSON lines otherwise.
 *
 * @param options - see `LoggerOptions`; every default is named there
 * @throws {ConfigurationError} listing every problem of the options
 * @throws {SinkError} when a sink cannot be opened (code `FAPILOG_SINK_OPEN`)
 * @throws {PipelineError} when the native side cannot start
 */
export function createLogger(options?: LoggerOptions): Logger {
  const settings = resolveSettings(options)
  const container = Container.start(settings)
  const nameId = settings.name === undefined ? 0 : container.encoder.intern(settings.name)
  return new NativeLogger(container, container.threshold, undefined, settings.name, nameId)
}
