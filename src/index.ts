export { type LogContext, newCorrelationId } from './context/context.js'
export { parseTraceparent, type TraceParent } from './context/traceparent.js'
export { createLogger } from './create-logger.js'
export { isCredentialName } from './credential-names.js'
export { decryptField } from './decrypt-field.js'
export {
  ConfigurationError,
  type ConfigurationProblem,
  FapilogError,
  PipelineError,
  PluginError,
  SinkError,
} from './errors.js'
export { type JoinOptions, joinLogger } from './join.js'
export type { LevelInput, LevelName, LevelSetting } from './levels.js'
export type { ChildOptions, Fields, LazyFields, Logger, LoggerWith, LogMethod } from './logger.js'
export { LoggerBuilder } from './logger-builder.js'
export { LoggingContainer } from './logging-container.js'
export type {
  EventsByLevel,
  Health,
  HealthStatus,
  HistogramMetrics,
  Metrics,
  PluginMetrics,
  PressureRung,
  Receipt,
  SinkHealth,
  SinkMetrics,
  SinkReceipt,
  StageMetrics,
} from './metrics.js'
export {
  MetricsCollector,
  type MetricsCollectorOptions,
  type MetricsSource,
  type PrometheusRegistry,
} from './metrics-collector.js'
export {
  type Enricher,
  type Enrichment,
  type Filter,
  PLUGIN_API_VERSION,
  type Plugin,
  type PluginCommon,
  type PluginEvent,
  type PluginHealth,
  type PluginKind,
  type Processor,
  type Redactor,
  type Sink,
} from './plugins/contracts.js'
export {
  defineEnricher,
  defineFilter,
  definePlugin,
  defineProcessor,
  defineRedactor,
  defineSink,
} from './plugins/define.js'
export { defineConfig } from './settings/define-config.js'
export type {
  AdaptiveSamplingOptions,
  BreakerOptions,
  DedupeOptions,
  EncryptFileOptions,
  EncryptOptions,
  EnrichOptions,
  FileSinkOptions,
  FilterOptions,
  FirstOccurrenceOptions,
  FormatName,
  LiveOptions,
  LoggerOptions,
  MemorySinkOptions,
  NullSinkOptions,
  PinoOptions,
  PressureOptions,
  ProcessorOptions,
  QueueOptions,
  RateLimitOptions,
  RedactDetector,
  RedactField,
  RedactOptions,
  RedactPath,
  RedactPattern,
  RedactStrategy,
  RetroactiveOptions,
  RotateOptions,
  RoutingOptions,
  RoutingRule,
  SamplingOptions,
  SinkCommonOptions,
  SinkOptions,
  SizeGuardOptions,
  StderrSinkOptions,
  StdoutSinkOptions,
  ThrottleOptions,
  TraceSamplingOptions,
} from './settings/options.js'
export type { Duration, Size } from './settings/units.js'
