// docs/values.md, row by row: what each value becomes, wherever it stands.

import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import type { Logger } from 'fapilog'
import { type Json, type LineFormat, memoryLogger } from './support/capture.ts'
import { bottom, type Expected, OMITTED, type Row, rows } from './support/value-rows.ts'

const loggers: Record<LineFormat, Logger> = {
  json: roomyLogger('json'),
  pino: roomyLogger('pino'),
}

function roomyLogger(format: LineFormat): Logger {
  return memoryLogger({ format, queue: { ringBytes: '16 MB', maxEventBytes: '1 MB' } })
}

/** A place where a value can stand: how it gets there and where it is in the line. */
interface Place {
  readonly name: string
  /** As in the text of circular references. */
  readonly path: string
  readonly inArray?: boolean
  readonly log: (log: Logger, value: unknown) => void
  readonly read: (fields: Json) => unknown
}

const field = (fields: Json, ...keys: (string | number)[]): unknown => {
  let at: unknown = fields
  for (const key of keys) {
    if (!Object.hasOwn(at as object, key)) return OMITTED
    at = (at as Json)[key]
  }
  return at
}

const places: readonly Place[] = [
  {
    name: 'a field',
    path: '$.field',
    log: (log, value) => log.info('m', { field: value }),
    read: (fields) => field(fields, 'field'),
  },
  {
    name: 'a nested field',
    path: '$.outer.middle.inner',
    log: (log, value) => log.info({ outer: { middle: { inner: value } } }, 'm'),
    read: (fields) => field(fields, 'outer', 'middle', 'inner'),
  },
  {
    name: 'an array element',
    path: '$.list[1]',
    inArray: true,
    log: (log, value) => log.info('m', { list: [0, value] }),
    read: (fields) => field(fields, 'list', 1),
  },
  {
    name: 'a map entry',
    path: '$.map.entry',
    log: (log, value) => log.info('m', { map: new Map([['entry', value]]) }),
    read: (fields) => field(fields, 'map', 'entry'),
  },
  {
    name: 'a set element',
    path: '$.set[0]',
    inArray: true,
    log: (log, value) => log.info('m', { set: new Set([value]) }),
    read: (fields) => field(fields, 'set', 0),
  },
  {
    name: 'a property of a class instance',
    path: '$.holder.held',
    log: (log, value) =>
      log.info('m', {
        holder: new (class Holder {
          held = value
        })(),
      }),
    read: (fields) => field(fields, 'holder', 'held'),
  },
  {
    name: 'a binding of a child',
    path: '$.bound',
    log: (log, value) => log.child({ bound: value }).info('m'),
    read: (fields) => field(fields, 'bound'),
  },
  {
    name: 'a property of an error',
    path: '$.failure.property',
    log: (log, value) =>
      log.info('m', { failure: Object.assign(new Error('e'), { property: value }) }),
    read: (fields) => field(fields, 'failure', 'property'),
  },
  {
    name: 'a field with the name of a part of the line',
    path: '$.context',
    log: (log, value) => log.info('m', { context: value, level: 'forged', data: 1 }),
    read: (fields) => field(fields, 'context'),
  },
  {
    name: 'a field with a name that needs escaping',
    path: '$.a "quoted" Ключ',
    log: (log, value) => log.info('m', { 'a "quoted" Ключ': value }),
    read: (fields) => field(fields, 'a "quoted" Ключ'),
  },
]

function expectedAt(row: Row, format: LineFormat, path: string, value: unknown): unknown {
  const expected: Expected = format === 'pino' && 'pino' in row ? row.pino : row.json
  return typeof expected === 'function' ? expected(path, value) : expected
}

const look = (value: unknown): string => {
  try {
    return inspect(value, { depth: 4, showProxy: true, showHidden: true, maxStringLength: 200 })
  } catch {
    return 'cannot be inspected'
  }
}

/** Logs a fresh value and returns the one parsed line. */
function logOnce(
  t: ExecutionContext,
  row: Row,
  format: LineFormat,
  name: string,
  reads: number,
  call: (log: Logger, value: unknown) => void,
): { line: Json; value: unknown } {
  const log = loggers[format]
  const where = `${format}: ${name}`
  let count = 0
  const value = row.make(() => {
    count++
  })
  const before = look(value)
  count = 0
  t.notThrows(() => call(log, value), where)
  t.is(count, reads, `${where}: reads`)
  t.is(look(value), before, `${where}: changed`)
  const lines = log.takeLines()
  t.is(lines.length, 1, where)
  return { line: JSON.parse(lines[0] as string) as Json, value }
}

const fieldsOf = (format: LineFormat, line: Json) =>
  format === 'json' ? (line['data'] as Json) : line
const NO_FIELDS = new Set(['level', 'time', 'pid', 'hostname', 'msg'])

/** The fields of a line that were passed with the call. */
function callFields(format: LineFormat, line: Json): Json {
  if (format === 'json') return line['data'] as Json
  return Object.fromEntries(Object.entries(line).filter(([key]) => !NO_FIELDS.has(key)))
}

function checkValue(t: ExecutionContext, row: Row, actual: unknown, expected: unknown, at: string) {
  if (row.id === 'string-10-mb') {
    const text = actual as string
    const match = /^(x+)…\[truncated (\d+) of 10485760 characters\]$/.exec(text)
    t.is((match?.[1]?.length ?? 0) + Number(match?.[2]), 10 << 20, at)
  } else if (row.id === 'proxy-revoked') {
    t.regex(
      actual as string,
      /^\[Throws: TypeError: Cannot perform '\w+' on a proxy that has been revoked\]$/,
      at,
    )
  } else if (row.id === 'object-10000-levels') {
    t.is(bottom(actual).end, '[Truncated: deeper than 64 levels]', at)
  } else {
    t.deepEqual(actual, expected, at)
  }
}

const NAMES = { fields: 'the fields', value: 'the field value', error: 'the error' }

for (const row of rows) {
  test(`${row.id} becomes what its row says, wherever it stands`, (t) => {
    for (const format of ['json', 'pino'] as const) {
      for (const place of places) {
        const { line, value } = logOnce(t, row, format, place.name, row.reads ?? 0, place.log)
        const omitted = place.inArray === true ? null : OMITTED
        const expected = expectedAt(row, format, place.path, value)
        const actual = place.read(fieldsOf(format, line))
        checkValue(
          t,
          row,
          actual,
          expected === OMITTED ? omitted : expected,
          `${format}: ${place.name}`,
        )
        if (format === 'json')
          t.is((line['diagnostics'] as Json)['truncated'], row.truncated, place.name)
      }
    }
  })

  if (row.first === 'skip') continue
  const { first } = row
  const role =
    typeof first === 'string'
      ? NAMES[first]
      : 'message' in first
        ? 'the message'
        : 'what its row says'
  test(`${row.id} as the only argument is ${role}`, (t) => {
    for (const format of ['json', 'pino'] as const) {
      const { line, value } = logOnce(t, row, format, role, row.reads ?? 0, (log, value) =>
        log.info(value),
      )
      const fields = callFields(format, line)
      if (typeof first === 'object' && 'fields' in first) {
        t.deepEqual(fields, first.fields)
      } else if (typeof first === 'object') {
        if (format === 'json') t.is(line['message'], first.message)
        t.deepEqual(fields, {})
      } else if (first === 'fields') {
        t.deepEqual(fields, expectedAt(row, format, '$', value))
      } else if (first === 'value') {
        const expected = expectedAt(row, format, '$.value', value)
        t.deepEqual(fields, expected === OMITTED ? {} : { value: expected })
      } else {
        const error = format === 'json' ? (line['diagnostics'] as Json)['exception'] : line['err']
        t.deepEqual(error, expectedAt(row, format, '$.err', value))
      }
    }
  })
}

test('a value that is too deep says so at the 64th level', (t) => {
  const log = loggers.json
  log.info('m', rows.find((row) => row.id === 'object-10000-levels')?.make(() => {}) as object)
  const data = (JSON.parse(log.takeLines()[0] as string) as { data: unknown }).data
  t.deepEqual(bottom(data), { depth: 64, end: '[Truncated: deeper than 64 levels]' })
})

test('a string of 10 MB is whole when maxEventBytes allows it', async (t) => {
  const log = memoryLogger({ queue: { ringBytes: '64 MB', maxEventBytes: '16 MB' } })
  const value = 'größe 🚀 "x" '.repeat((10 << 20) / 13)
  log.info('m', { value })
  const [line] = log.takeLines()
  t.is((JSON.parse(line as string) as { data: Json }).data['value'], value)
  await log.close()
})

test('a graph that explodes when written as a tree is cut at maxEventBytes', async (t) => {
  const log = memoryLogger()
  let value: unknown = 'leaf'
  for (let i = 0; i < 40; i++) value = { a: value, b: value }
  log.info('m', { value })
  const [line] = log.takeLines()
  t.true((line as string).length < 1 << 20)
  t.true((JSON.parse(line as string) as { diagnostics: Json }).diagnostics['truncated'])
  await log.close()
})

test('the digits of a BigInt are all there in the pino format', (t) => {
  const log = loggers.pino
  log.info('m', { value: 2n ** 70n + 1n })
  t.regex(log.takeLines()[0] as string, /"value":1180591620717411303425,/)
})

test('an object that changes after the call is logged as it was', (t) => {
  const log = loggers.json
  const value = { list: [1], deep: { a: 1 } }
  log.info('m', { value })
  value.list.push(2)
  value.deep.a = 2
  t.deepEqual((JSON.parse(log.takeLines()[0] as string) as { data: Json }).data, {
    value: { list: [1], deep: { a: 1 } },
  })
})

test('every code unit survives in keys and values', async (t) => {
  const log = memoryLogger({ queue: { ringBytes: '64 MB', maxEventBytes: '8 MB' } })
  for (let high = 0; high < 256; high++) {
    const units = Array.from({ length: 256 }, (_, low) => String.fromCharCode(high * 256 + low))
    log.info('m', Object.fromEntries(units.map((unit) => [`k${unit}`, unit])))
  }
  const lines = log.takeLines()
  t.is(lines.length, 256)
  for (const [high, line] of lines.entries()) {
    const surrogate = high >= 0xd8 && high <= 0xdf
    const units = Array.from({ length: 256 }, (_, low) =>
      surrogate ? '\ufffd' : String.fromCharCode(high * 256 + low),
    )
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    t.notRegex(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    t.deepEqual(
      (JSON.parse(line) as { data: Json }).data,
      Object.fromEntries(units.map((unit) => [`k${unit}`, unit])),
    )
  }
  await log.close()
})

// --- the table and the rows are in step

const page = readFileSync(new URL('../docs/values.md', import.meta.url), 'utf8')
const table = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  )

/** How an expected value is written in the table. */
function cell(expected: unknown): string {
  return expected === OMITTED ? 'left out' : `\`${escaped(JSON.stringify(expected))}\``
}

const escaped = (text: string) =>
  text.replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

test('every row of docs/values.md has a test and every test a row', (t) => {
  t.deepEqual(
    table.map(([id]) => id),
    rows.map((row) => `\`${row.id}\``),
  )
})

for (const row of rows) {
  if (typeof row.json === 'function' || typeof row.pino === 'function') continue
  const json = cell(row.json)
  if (json.length > 160 || row.id === 'proxy-revoked') continue
  test(`docs/values.md shows what ${row.id} becomes`, (t) => {
    const [, , shownJson, shownPino] = table.find(([id]) => id === `\`${row.id}\``) ?? []
    t.is(shownJson, json)
    t.is(shownPino, 'pino' in row ? cell(row.pino) : 'the same')
  })
}
