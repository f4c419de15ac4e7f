// Presets: settings by name, below every other source but the defaults.

import type { LoggerOptions } from './options.js'

export const PRESET_NAMES = [
  'dev',
  'production',
  'serverless',
  'hardened',
  'minimal',
  'fastify',
] as const

export type PresetName = (typeof PRESET_NAMES)[number]

interface Preset {
  /** What it is for, as Markdown, without a full stop at its end. */
  readonly description: string
  readonly settings: LoggerOptions
}

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  dev: {
    description:
      'Everything, readable and in step with `console.log`; what goes wrong inside is told at once',
    settings: { level: 'DEBUG', format: 'pretty', sync: true, diagnostics: true },
  },
  production: {
    description:
      'JSON lines without credentials; in a burst calls wait a little before an event is dropped; slow sinks have time at the end',
    settings: {
      level: 'INFO',
      format: 'json',
      queue: { ringBytes: '16 MB', overflow: 'block', blockTimeoutMs: 50 },
      redact: { presets: ['CREDENTIALS'] },
      shutdownTimeoutMs: '25s',
    },
  },
  serverless: {
    description: 'Little memory, no credentials, and done before the platform freezes the process',
    settings: {
      level: 'INFO',
      format: 'json',
      queue: { ringBytes: '1 MB' },
      redact: { presets: ['CREDENTIALS'] },
      shutdownTimeoutMs: '2s',
    },
  },
  hardened: {
    description:
      'Nothing is given up for speed: calls wait for room, every batch is on the device before it counts as written, a file beside standard output; credentials, payment cards and health data are redacted, in JSON inside texts too, and bodies and dumps taken out whole',
    settings: {
      level: 'INFO',
      format: 'json',
      sinks: [
        'stdout',
        {
          type: 'file',
          path: 'logs/fapilog.log',
          rotate: { maxBytes: '50 MB', keepFiles: 10, compress: 'gzip' },
        },
      ],
      queue: {
        ringBytes: '16 MB',
        overflow: 'block',
        blockTimeoutMs: '5s',
        protectedLevel: 'WARNING',
      },
      redact: { presets: ['CREDENTIALS', 'PCI-DSS', 'HIPAA'], jsonStrings: true, block: true },
      durability: 'fsync',
      shutdownTimeoutMs: '25s',
      diagnostics: true,
    },
  },
  minimal: {
    description: 'Level, message and fields on a line, and little memory',
    settings: { format: 'minimal', queue: { ringBytes: '1 MB' } },
  },
  fastify: {
    description:
      "The lines of Fastify's own logger without credentials, so that its tools go on working",
    settings: {
      level: 'INFO',
      format: 'pino',
      redact: { presets: ['CREDENTIALS'] },
      shutdownTimeoutMs: '10s',
    },
  },
}
