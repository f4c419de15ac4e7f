// The formats `ecs` and `otel` against what their specifications say.

import { readFileSync } from 'node:fs'
import test from 'ava'
import { createLogger, type FormatName } from 'fapilog'

type Json = Record<string, unknown>

/** A schema as its authors publish it: see fixtures/published/README.md. */
function published(name: string): string {
  return readFileSync(new URL(`fixtures/published/${name}`, import.meta.url), 'utf8')
}

async function lines(format: FormatName): Promise<string[]> {
  const log = createLogger({
    name: 'shop',
    level: 'TRACE',
    service: 'orders',
    env: 'test',
    version: '1.2.3',
    format,
    sinks: [{ type: 'memory' }],
  })
  const error = new TypeError('card refused', { cause: new Error('io') }) as Error & {
    code?: string
  }
  error.code = 'E_CARD'
  const ids = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' }
  for (const level of [
    'trace',
    'debug',
    'info',
    'warn',
    'error',
    'fatal',
    'audit',
    'security',
  ] as const)
    log[level]('message', { level: 'forged', '@timestamp': 'forged', message: 'forged', 'a.b': 1 })
  log.child({ ...ids, user_id: 'u-1', request_id: 'r-1' }).info('scoped')
  log.error(error, 'failed', { attempt: 2 })
  log.info('values', {
    big: 2n ** 70n,
    date: new Date(0),
    list: [1, -0.5, NaN, null, undefined, { deep: [true, [false]] }],
    map: new Map([['k', new Set([1])]]),
    nothing: null,
    fn() {},
    symbol: Symbol('s'),
    text: 'zoë "🐢"\n\u0000\u2028',
    empty: {},
  })
  log.info({ only: 'data' })
  await log.close()
  return log.takeLines()
}

interface EcsField {
  readonly type: string
  readonly required: boolean
  readonly index?: number
  readonly top_level_field?: boolean
  readonly sanitization?: { readonly key: { readonly replacements: readonly string[] } }
}

const ECS_TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  object: (value) => typeof value === 'object' && value !== null,
  datetime: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
}

/** What of a line is not as the specification of ECS loggers says. */
function ecsFaults(line: string): string[] {
  const event = JSON.parse(line) as Json
  const { fields } = JSON.parse(published('ecs-logging.json')) as {
    fields: Record<string, EcsField>
  }
  return Object.entries(fields).flatMap(([name, field]) => {
    const nested = name
      .split('.')
      .reduce<unknown>((inner, part) => (inner as Json | undefined)?.[part], event)
    const value = field.top_level_field === true ? event[name] : (event[name] ?? nested)
    if (value === undefined) return field.required ? [`${name} is missing`] : []
    const replaced = field.sanitization?.key.replacements ?? []
    return [
      ...(ECS_TYPES[field.type]?.(value) === true ? [] : [`${name} is no ${field.type}`]),
      ...(field.index === undefined || Object.keys(event)[field.index] === name
        ? []
        : [`${name} is not at place ${field.index}`]),
      ...Object.keys(replaced.length > 0 ? (value as Json) : {})
        .filter((key) => replaced.some((character) => key.includes(character)))
        .map((key) => `${name} has the key ${key}`),
    ]
  })
}

test('ecs: the required fields come first, log.level with its dot, labels are scalars', async (t) => {
  for (const line of await lines('ecs')) {
    t.deepEqual(ecsFaults(line), [], line)
    t.regex(line, /^\{"@timestamp":"[^"]*","log\.level":"[a-z]+","message":"/)
    const event = JSON.parse(line) as Json
    t.regex(event['@timestamp'] as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    t.is(event['ecs.version'], '8.10.0')
    t.is(event['log'], undefined)
    t.not(event['message'], 'forged')
    t.deepEqual(event['service'], { name: 'orders', version: '1.2.3', environment: 'test' })
    t.deepEqual(event['event'], { dataset: 'orders.log' })
    for (const [key, value] of Object.entries((event['labels'] ?? {}) as Json)) {
      t.notRegex(key, /[.*\\]/)
      t.true(['string', 'number', 'boolean'].includes(typeof value), key)
    }
  }
  t.deepEqual(ecsFaults('{"message":1,"log":{"level":"info"},"labels":{"a.b":1}}'), [
    '@timestamp is missing',
    'log.level is missing',
    'message is no string',
    'message is not at place 2',
    'ecs.version is missing',
    'labels has the key a.b',
  ])
  const events = (await lines('ecs')).map((line) => JSON.parse(line) as Json)
  const scoped = events.find(({ message }) => message === 'scoped')
  t.deepEqual(scoped?.['trace'], { id: '4bf92f3577b34da6a3ce929d0e0e4736' })
  t.deepEqual(scoped?.['span'], { id: '00f067aa0ba902b7' })
  t.deepEqual(scoped?.['user'], { id: 'u-1' })
  t.deepEqual(scoped?.['http'], { request: { id: 'r-1' } })
  const failed = events.find(({ message }) => message === 'failed')
  const error = failed?.['error'] as Json
  t.is(error['type'], 'TypeError')
  t.is(error['message'], 'card refused')
  t.regex(
    error['stack_trace'] as string,
    /^TypeError: card refused\n {4}at .*\ncaused by: Error: io\n {4}at /s,
  )
  t.deepEqual(failed?.['data'], { err: { code: 'E_CARD' } })
})

/** How scalars are in the JSON mapping of OTLP, where ids are hexadecimal. */
const MAPPED: Readonly<Record<string, string>> = {
  bool: 'boolean',
  bytes: 'string',
  fixed32: 'uint32',
  int32: 'uint32',
  SeverityNumber: 'severity',
}
const IDS: Readonly<Record<string, string>> = { traceId: 'hex16', spanId: 'hex8' }
const MESSAGES = messages(['common', 'resource', 'logs'])

/** The messages of .proto files: what a parser of the language would say of them, as far as they use it. */
function messages(files: readonly string[]): Readonly<Record<string, Record<string, string>>> {
  const found: Record<string, Record<string, string>> = {}
  for (const file of files) {
    const text = published(`${file}.proto`).replaceAll(/\/\/.*$/gm, '')
    for (const [, name = '', body = ''] of text.matchAll(/^message (\w+) \{\n(.*?)^\}/gms)) {
      const fields: Record<string, string> = {}
      for (const [, list, type = '', field = ''] of body.matchAll(
        /^\s*(repeated )?([\w.]+) (\w+) = \d+/gm,
      )) {
        const key = field.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
        const short = type.split('.').at(-1) as string
        fields[key] = (IDS[key] ?? MAPPED[short] ?? short) + (list === undefined ? '' : '[]')
      }
      found[name] = fields
    }
  }
  return found
}

const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  uint32: (value) => Number.isInteger(value),
  severity: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 24,
  fixed64: (value) => typeof value === 'string' && /^\d{1,20}$/.test(value),
  int64: (value) => typeof value === 'string' && /^-?\d{1,19}$/.test(value),
  double: (value) =>
    typeof value === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(value as string),
  hex16: (value) => typeof value === 'string' && /^[0-9a-fA-F]{32}$/.test(value),
  hex8: (value) => typeof value === 'string' && /^[0-9a-fA-F]{16}$/.test(value),
}

/** What of a value is not as the message says. */
function faults(type: string, value: unknown, path: string): string[] {
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${path} is no list`]
    return value.flatMap((one, index) => faults(type.slice(0, -2), one, `${path}[${index}]`))
  }
  const scalar = SCALARS[type]
  if (scalar !== undefined)
    return scalar(value) ? [] : [`${path}: ${JSON.stringify(value)} is no ${type}`]
  if (typeof value !== 'object' || value === null) return [`${path} is no ${type}`]
  const entries = Object.entries(value)
  if (type === 'AnyValue' && entries.length > 1) return [`${path} has more than one value`]
  return entries.flatMap(([name, inner]) => {
    const known = MESSAGES[type]?.[name]
    return known === undefined
      ? [`${path}.${name} is not in ${type}`]
      : faults(known, inner, `${path}.${name}`)
  })
}

test('otel: every line is a LogsData message', async (t) => {
  t.is(MESSAGES['LogRecord']?.['traceId'], 'hex16')
  t.is(MESSAGES['ResourceLogs']?.['scopeLogs'], 'ScopeLogs[]')
  t.is(MESSAGES['AnyValue']?.['intValue'], 'int64')
  for (const line of await lines('otel'))
    t.deepEqual(faults('LogsData', JSON.parse(line), 'line'), [], line)
  t.true(faults('LogsData', { resourceLogs: [{ scope: 1 }] }, 'line').length > 0)
})

test('otel: levels, ids, exceptions and values have their place', async (t) => {
  interface Line {
    resourceLogs: [{ scopeLogs: [{ scope: Json; logRecords: [Json & { attributes: Json[] }] }] }]
  }
  const records = (await lines('otel')).map((line) => {
    const [logs] = (JSON.parse(line) as Line).resourceLogs[0].scopeLogs
    t.deepEqual(logs.scope, { name: 'shop' })
    return logs.logRecords[0]
  })
  t.deepEqual(
    records.slice(0, 8).map(({ severityNumber, severityText }) => [severityNumber, severityText]),
    [
      [1, 'TRACE'],
      [5, 'DEBUG'],
      [9, 'INFO'],
      [13, 'WARNING'],
      [17, 'ERROR'],
      [21, 'CRITICAL'],
      [22, 'AUDIT'],
      [23, 'SECURITY'],
    ],
  )
  const find = (text: string) =>
    records.find(({ body }) => (body as Json | undefined)?.['stringValue'] === text)
  t.is(find('scoped')?.['traceId'], '4bf92f3577b34da6a3ce929d0e0e4736')
  t.is(find('scoped')?.['spanId'], '00f067aa0ba902b7')
  const attributes = (text: string) =>
    Object.fromEntries(find(text)?.attributes.map(({ key, value }) => [key, value]) ?? [])
  t.deepEqual(attributes('failed')['exception.type'], { stringValue: 'TypeError' })
  t.deepEqual(attributes('failed')['attempt'], { intValue: '2' })
  t.deepEqual(attributes('values')['big'], { stringValue: String(2n ** 70n) })
  t.deepEqual(attributes('values')['nothing'], {})
  t.deepEqual(attributes('values')['text'], { stringValue: 'zoë "🐢"\n\u0000\u2028' })
  t.is(records.at(-1)?.['body'], undefined)
})
