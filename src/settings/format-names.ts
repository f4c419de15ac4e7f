// The names of the formats, apart from the schema: they are needed where zod is not loaded.

export const FORMATS = [
  'json',
  'pino',
  'ecs',
  'otel',
  'pretty',
  'logfmt',
  'simple',
  'minimal',
] as const
