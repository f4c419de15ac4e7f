// Settings one call after the other, then a logger.

import type { Logger } from './logger.js'
import { LoggingContainer } from './logging-container.js'
import { SettingsBuilder } from './settings/settings-builder.js'

/**
 * Makes a logger from settings that are given one by one: a `with…` for every setting, an `add…` for every type of
 * sink. Nothing is checked before the logger is made.
 */
export class LoggerBuilder extends SettingsBuilder {
  /** `createLogger` with what was collected. May be called again for another logger. */
  build(): Logger {
    return this.buildContainer().logger()
  }

  /** A `LoggingContainer` with what was collected. */
  buildContainer(): LoggingContainer {
    return new LoggingContainer(this.options)
  }
}
