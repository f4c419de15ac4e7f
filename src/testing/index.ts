// `fapilog/testing`: what an application's tests, and a plugin's, need.

export {
  failingSink,
  hangingProcessor,
  hangingSink,
  type RecordingSink,
  recordingSink,
  slowSink,
  throwingRedactor,
} from './doubles.js'
export { expectLog, expectNoLog } from './expect-log.js'
export { FakeClock, type TimeSource } from './fake-clock.js'
export type { LevelMatcher, LogMatcher, LogPattern, Matching, TextMatcher } from './matching.js'
export {
  createTestLogger,
  type LogQueries,
  type TestLogger,
  type TestLoggerOptions,
} from './test-logger.js'
export {
  assertPlugin,
  type PluginFault,
  type PluginRule,
  type ValidationOptions,
  validatePlugin,
} from './validate-plugin.js'
