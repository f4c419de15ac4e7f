// Types for configurations in JavaScript and TypeScript files.

import type { LoggerOptions } from './options.js'

/** Returns its argument: a configuration that is checked while it is written. `createLogger` takes the result. */
export function defineConfig<const Config extends LoggerOptions>(config: Config): Config {
  return config
}
