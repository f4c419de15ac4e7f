// What is wrong with what a program asks of pino.

import { ConfigurationError } from 'fapilog'

/** An error that names the option, its value and what is allowed there, or what to do instead. */
export const problem = (path: string, value: unknown, expected: string): ConfigurationError =>
  ConfigurationError.of([{ path, value, expected }])
