// The one source of every setting: name, default, bounds and meaning. A group of settings is a file of this
// folder and one line here; `npm run generate` makes the types, the defaults, the reference and the JSON schema.

import { z } from 'zod/mini'
import type { PipelineError, SinkError } from '../errors.js'
import { enrich } from './enrich.js'
import { filters } from './filters.js'
import { format } from './format.js'
import { callback, choice, count, duration, flag, level, text } from './kinds.js'
import { group, setting } from './meaning.js'
import { pino } from './pino.js'
import { plugins } from './plugins.js'
import { PRESET_NAMES } from './presets.js'
import { pressure } from './pressure.js'
import { processors } from './processors.js'
import { queue } from './queue.js'
import { redact } from './redact.js'
import { retroactive } from './retroactive.js'
import { routing } from './routing.js'
import { sinks } from './sink.js'

/** Those of crates/core/src/format/timestamp.rs. */
const TIME_STYLES = ['iso', 'iso-us', 'iso-ns', 'epoch-ms', 'epoch-us', 'epoch-ns'] as const

/** The settings document. */
export const settingsSchema = group(
  { name: 'LoggerOptions', heading: 'The logger', description: 'Options of `createLogger`.' },
  {
    name: setting(text(1, 200), {
      description: 'Name of the logger, in every line',
      example: 'app',
    }),
    level: setting(level(), {
      description: 'Threshold; `log.level` changes it later',
      default: 'INFO',
      example: 'DEBUG',
      inPython: { variable: 'FAPILOG_CORE__LOG_LEVEL' },
      live: true,
    }),
    levels: setting(z.record(z.string(), level()), {
      description:
        'Thresholds of loggers by name: of one (`http`, and all below it, `http.client`), of all below a name (`db.*`), of all (`*`). The most specific counts: see [levels](levels.md)',
      default: {},
      example: { 'db.*': 'DEBUG' },
      live: true,
    }),
    customLevels: setting(z.record(z.string(), count(1, 254)), {
      description:
        'Levels of your own, 8 at most: names, which are also methods, and values that no other level has: see [levels](levels.md)',
      default: {},
      example: { notice: 25 },
    }),
    retroactive: setting(retroactive, {
      description:
        'Keeps events below the level and writes them once something goes wrong: see [levels](levels.md#retroactive-debug)',
      otherwise: 'off',
      example: { level: 'DEBUG', trigger: 'ERROR' },
    }),
    format: setting(format, {
      description: 'Format of the sinks that name none: see [formats](formats.md)',
      otherwise: "`'pretty'` on a terminal, else `'json'`",
      example: 'pino',
    }),
    pino: setting(pino, {
      description: 'Lines of the format `pino`: see [formats](formats.md#pino)',
      default: {},
      example: { messageKey: 'message' },
    }),
    preset: setting(choice(PRESET_NAMES), {
      description: 'Settings by name, below every other source: see [presets](#presets)',
      example: 'production',
    }),
    configFile: setting(text(1), {
      description:
        'A file of settings as JSON; relative paths start at the working directory: see [sources](#sources)',
      example: 'fapilog.json',
      variable: 'FAPILOG_CONFIG',
    }),
    watchConfig: setting(flag(), {
      description:
        'Read the file again when it changes and apply what can change at run time: see [changes at run time](#changes-at-run-time)',
      default: false,
      example: true,
    }),
    sinks: setting(sinks, {
      description: 'Destinations',
      default: ['stdout'],
      example: ['stdout', { type: 'file', path: 'logs/app.log' }],
    }),
    queue: setting(queue, {
      description: 'The ring between log calls and native threads',
      default: {},
      example: { overflow: 'block' },
    }),
    filters: setting(filters, {
      description: 'Which events go on: see [stages](stages.md#filters)',
      default: {},
      example: { sampling: { rate: 0.1 } },
      live: true,
    }),
    enrich: setting(enrich, {
      description: 'What every event says besides: see [stages](stages.md#enrichers)',
      default: {},
      example: { fields: { region: 'eu-1' } },
    }),
    processors: setting(processors, {
      description:
        'What becomes of events that have been redacted: see [stages](stages.md#processors)',
      default: {},
      example: { drop: ['req.headers'] },
    }),
    routing: setting(routing, {
      description: 'Which sinks get an event: see [routing](routing.md)',
      otherwise: 'every sink gets every event of its level',
      example: { rules: [{ level: 'ERROR', sinks: ['errors'] }], otherwise: ['stdout'] },
      live: true,
    }),
    pressure: setting(pressure, {
      description:
        'What is given up, step by step, while sinks cannot keep up: see [reliability](reliability.md#pressure)',
      otherwise: 'off: nothing before the ring is full',
      example: { sampleBelow: 'INFO' },
    }),
    redact: setting(redact, {
      description: 'What nobody may see: see [redaction](redaction.md)',
      example: { presets: ['CREDENTIALS'], paths: ['user.email', '**.ssn'] },
      live: true,
    }),
    durability: setting(choice(['memory', 'fsync', 'crash-safe']), {
      description:
        '`fsync`: every batch is synced to the device (`fdatasync`) before it counts as written. Slow, for sinks of type `file`. `crash-safe`: the ring lies in a file, so that what was logged before the process was killed is written by the next start, see [crash-safe mode](crash-safe.md)',
      default: 'memory',
      example: 'crash-safe',
    }),
    crashSafeDir: setting(text(1), {
      description: 'Folder of the rings of `crash-safe`, on a local file system',
      otherwise: "`.fapilog` beside the first file sink's path",
      example: '/var/lib/app/rings',
    }),
    sync: setting(flag(), {
      description:
        'Every call returns after its line was written; for development, where lines are to stand between those of `console.log`',
      default: false,
      example: true,
      live: true,
    }),
    shutdownTimeoutMs: setting(duration(0, 3_600_000), {
      description:
        'How long `flush`, `close` and the end of the process wait for the sinks; what is not written by then is counted as dropped',
      default: 5000,
      example: '25s',
      inPython: { variable: 'FAPILOG_CORE__SHUTDOWN_TIMEOUT_SECONDS', unit: 's' },
    }),
    handleSignals: setting(flag(), {
      description:
        'SIGTERM, SIGINT and SIGHUP let the sinks write what is left, for up to `shutdownTimeoutMs`, before they end a process that does not listen to them: see [reliability](reliability.md#signals)',
      default: true,
      example: false,
      inPython: { variable: 'FAPILOG_CORE__SIGNAL_HANDLER_ENABLED' },
    }),
    diagnostics: setting(flag(), {
      description:
        'One line on standard error for everything that goes wrong inside, at most one a second of each kind; without it only for losses: see [reliability](reliability.md#diagnostics)',
      default: false,
      example: true,
      inPython: { variable: 'FAPILOG_CORE__INTERNAL_LOGGING_ENABLED' },
    }),
    onError: setting(
      callback<(error: SinkError | PipelineError) => void>(
        '(error: SinkError | PipelineError) => void',
        ['../errors.js', 'PipelineError', 'SinkError'],
      ),
      {
        description:
          'Is told what goes wrong inside, soon after and never from within a log call: a sink that cannot write or never will again, a failed rotation, damaged memory, events that were cut, a change of the watched file that cannot be used. What it throws is counted',
        example: (error) => process.emitWarning(error),
      },
    ),
    otel: setting(flag(), {
      description:
        '`trace_id` and `span_id` of the active OpenTelemetry span in every event; needs `@opentelemetry/api`, see [context](context.md#opentelemetry)',
      default: false,
      example: true,
    }),
    plugins: setting(plugins, {
      description: 'Plugins in JavaScript: see [plugins](plugins.md)',
      default: [],
      example: [{ kind: 'filter', name: 'no-pings', filter: (event) => event.message !== 'ping' }],
    }),
    timestamp: setting(choice(TIME_STYLES), {
      description:
        'How `json`, `logfmt` and `simple` write the time of an event: as RFC 3339 with 3, 6 or 9 digits behind the second, or as a number since 1970. An event has milliseconds; further digits are 0: see [formats](formats.md#time)',
      default: 'iso',
      example: 'epoch-ns',
    }),
    service: setting(text(), {
      description: 'Name of the service, in `context`',
      example: 'checkout',
    }),
    env: setting(text(), {
      description: 'Deployment environment, in `context`',
      example: 'production',
    }),
    version: setting(text(), {
      description: 'Version of the service, in `context`',
      example: '1.4.2',
    }),
    utc: setting(flag(), {
      description: '`pretty` shows UTC instead of local time; all other formats always do',
      default: false,
      example: true,
    }),
  },
)

/** Settings with every default filled in. */
export type ResolvedSettings = z.output<typeof settingsSchema>
