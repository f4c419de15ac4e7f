// Options → container → its first logger.

import type { Logger, LoggerWith } from './logger.js'
import { LoggingContainer } from './logging-container.js'
import type { OptionsWith } from './settings/custom-levels.js'
import type { LoggerOptions } from './settings/options.js'

/**
 * Creates a logger with levels of the application's own, each of which is a method of the logger and its children.
 * Otherwise as without them.
 *
 * @throws {ConfigurationError} also for a level whose name a logger has already
 */
export function createLogger<const Levels extends Readonly<Record<string, number>>>(
  options: OptionsWith<Levels>,
): LoggerWith<keyof Levels & string>
/**
 * Creates a logger with a pipeline of its own. Without options it writes INFO and above to stdout: pretty on a
 * terminal, JSON lines otherwise.
 *
 * @param options - see `LoggerOptions`; every default is named there
 * @throws {ConfigurationError} listing every problem of the options
 * @throws {SinkError} when a sink cannot be opened (code `FAPILOG_SINK_OPEN`)
 * @throws {PipelineError} when the native side cannot start
 */
export function createLogger(options?: LoggerOptions): Logger
export function createLogger(
  options?: LoggerOptions | OptionsWith<Record<string, number>>,
): Logger {
  return new LoggingContainer(options as LoggerOptions | undefined).logger()
}
