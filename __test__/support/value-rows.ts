// The rows of docs/values.md: how to make each value, and what it must become in the two JSON formats.

import { runInNewContext } from 'node:vm'

/** The value is left out of objects, and `null` in arrays. */
export const OMITTED = Symbol('omitted')

/** What a value becomes: a constant, or made from the path it stands at and the value itself. */
// biome-ignore lint/suspicious/noExplicitAny: rows look into values of every kind
export type Expected = unknown | ((at: string, value: any) => unknown)

/** What `log.info(value)` does with it. */
export type First =
  /** It is the message; the text in the `json` format. */
  | { readonly message: string }
  /** Its entries are the fields. */
  | 'fields'
  /** It is the field `value`. */
  | 'value'
  /** It is the field `err`. */
  | 'error'
  /** Exactly these fields come of it. */
  | { readonly fields: Readonly<Record<string, unknown>> }
  /** It is called for the fields (functions), or looked at by a test of its own. */
  | 'skip'

export interface Row {
  readonly id: string
  /** Makes the value anew; `read` is to be called by every getter. */
  readonly make: (read: () => void) => unknown
  readonly json: Expected
  /** Same as `json` when missing. */
  readonly pino?: Expected
  readonly first: First
  /** How often `read` is called by one log call. */
  readonly reads?: number
  /** What is logged says that something is missing. */
  readonly truncated?: boolean
}

class Point {
  readonly #secret = 1
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
  get sum(): number {
    return this.x + this.y + this.#secret
  }
}

class Money {
  constructor(readonly cents: number) {}
  toJSON(): unknown {
    return { amount: this.cents / 100 }
  }
}

class PaymentError extends Error {
  override name = 'PaymentError'
  readonly code = 'E_DECLINED'
  readonly details = { attempts: 3 }
}

class Day extends Date {}

function cycle(): unknown {
  const value: Record<string, unknown> = { name: 'a' }
  value['self'] = value
  return value
}

function levels(count: number): unknown {
  let value: unknown = 'bottom'
  for (let i = 0; i < count; i++) value = { down: value }
  return value
}

function without<T extends Error>(error: T): T {
  delete (error as { stack?: string }).stack
  return error
}

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8)
  structuredClone(buffer, { transfer: [buffer] })
  return buffer
}

const throwing = (name: string) => () => {
  throw new TypeError(name)
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function failure(message: string, cause?: unknown): Error {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause })
  error.stack = `Error: ${message}\n    at here`
  return error
}

/** Steps down `down` until there is something else. */
export function bottom(value: unknown): { depth: number; end: unknown } {
  let depth = 0
  let at = value
  while (typeof at === 'object' && at !== null) {
    depth++
    at = (at as { down: unknown }).down
  }
  return { depth, end: at }
}

const text = (value: string, first = value): Pick<Row, 'make' | 'json' | 'first'> => ({
  make: () => value,
  json: first,
  first: { message: first },
})

const CONTROLS = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('')
const C1 = Array.from({ length: 33 }, (_, code) => String.fromCharCode(0x7f + code)).join('')

export const rows: readonly Row[] = [
  // --- primitives
  { id: 'null', make: () => null, json: null, first: { message: 'null' } },
  { id: 'undefined', make: () => undefined, json: OMITTED, first: { message: '' } },
  { id: 'true', make: () => true, json: true, first: { message: 'true' } },
  { id: 'false', make: () => false, json: false, first: { message: 'false' } },
  { id: 'integer', make: () => -42, json: -42, first: { message: '-42' } },
  { id: 'integer-32', make: () => 2147483648, json: 2147483648, first: { message: '2147483648' } },
  {
    id: 'integer-safe',
    make: () => Number.MAX_SAFE_INTEGER,
    json: 9007199254740991,
    first: { message: '9007199254740991' },
  },
  { id: 'float', make: () => 0.1, json: 0.1, first: { message: '0.1' } },
  { id: 'float-tiny', make: () => 5e-324, json: 5e-324, first: { message: '5e-324' } },
  {
    id: 'float-huge',
    make: () => Number.MAX_VALUE,
    json: Number.MAX_VALUE,
    first: { message: '1.7976931348623157e+308' },
  },
  { id: 'minus-zero', make: () => -0, json: 0, first: { message: '0' } },
  { id: 'nan', make: () => Number.NaN, json: 'NaN', pino: null, first: { message: 'NaN' } },
  {
    id: 'infinity',
    make: () => Number.POSITIVE_INFINITY,
    json: 'Infinity',
    pino: null,
    first: { message: 'Infinity' },
  },
  {
    id: 'minus-infinity',
    make: () => Number.NEGATIVE_INFINITY,
    json: '-Infinity',
    pino: null,
    first: { message: '-Infinity' },
  },
  { id: 'bigint', make: () => 42n, json: '42', pino: 42, first: { message: '42' } },
  {
    id: 'bigint-beyond-64-bits',
    make: () => -(2n ** 70n),
    json: '-1180591620717411303424',
    pino: -(2 ** 70),
    first: { message: '-1180591620717411303424' },
  },
  {
    id: 'symbol',
    make: () => Symbol('id'),
    json: 'Symbol(id)',
    pino: OMITTED,
    first: { message: 'Symbol(id)' },
  },
  {
    id: 'symbol-without-description',
    make: () => Symbol(),
    json: 'Symbol()',
    pino: OMITTED,
    first: { message: 'Symbol()' },
  },

  // --- strings
  { id: 'string-empty', ...text('') },
  { id: 'string-ascii', ...text('order placed') },
  { id: 'string-latin1', ...text('Größe ÿ') },
  { id: 'string-bmp', ...text('名前 Ключ €') },
  { id: 'string-astral', ...text('🚀 𝒳') },
  { id: 'string-lone-high-surrogate', ...text('a\ud83d', 'a\ufffd') },
  { id: 'string-lone-low-surrogate', ...text('\ude80b', '\ufffdb') },
  { id: 'string-nul', ...text('a\0b') },
  { id: 'string-control', ...text(CONTROLS) },
  { id: 'string-c1', ...text(C1) },
  { id: 'string-ansi', ...text('\u001b[31mred\u001b[0m') },
  { id: 'string-line-separators', ...text('a\u2028b\u2029c\r\nd') },
  { id: 'string-quotes', ...text('"\\/') },
  { id: 'string-bidi', ...text('\u202eabc\u202c') },
  { id: 'string-long', ...text('long text, ü, '.repeat(500)) },
  {
    id: 'string-10-mb',
    make: () => 'x'.repeat(10 << 20),
    json: (_: string, value: string) => value,
    first: 'skip',
    truncated: true,
  },

  // --- functions
  {
    id: 'function',
    make: () =>
      function named() {
        return 1
      },
    json: '[Function: named]',
    pino: OMITTED,
    first: 'skip',
  },
  {
    id: 'function-without-name',
    make: () =>
      (
        () => () =>
          1
      )(),
    json: '[Function]',
    pino: OMITTED,
    first: 'skip',
  },
  { id: 'class', make: () => Point, json: '[Function: Point]', pino: OMITTED, first: 'skip' },
  {
    id: 'function-with-hostile-name',
    make: () => Object.defineProperty(() => 1, 'name', { value: { toString: throwing('no') } }),
    json: '[Function]',
    pino: OMITTED,
    first: 'skip',
  },

  // --- objects
  {
    id: 'object',
    make: () => ({ a: 1, b: { c: [] } }),
    json: { a: 1, b: { c: [] } },
    first: 'fields',
  },
  { id: 'object-empty', make: () => ({}), json: {}, first: 'fields' },
  {
    id: 'object-symbol-keys',
    make: () => ({ [Symbol('hidden')]: 1, shown: 2 }),
    json: { shown: 2 },
    first: 'fields',
  },
  {
    id: 'object-not-enumerable',
    make: () => Object.defineProperty({ shown: 1 }, 'hidden', { value: 2, enumerable: false }),
    json: { shown: 1 },
    first: 'fields',
  },
  {
    id: 'object-frozen',
    make: () => Object.freeze({ a: Object.freeze([1]) }),
    json: { a: [1] },
    first: 'fields',
  },
  {
    id: 'object-integer-keys',
    make: () => ({ b: 1, 2: 'two', 1: 'one' }),
    json: { 1: 'one', 2: 'two', b: 1 },
    first: 'fields',
  },
  {
    id: 'object-null-prototype',
    make: () => Object.assign(Object.create(null), { a: 1 }),
    json: { a: 1 },
    first: 'fields',
  },
  {
    id: 'object-with-prototype',
    make: () => Object.assign(Object.create({ inherited: 1 }), { own: 2 }),
    json: { own: 2 },
    first: 'fields',
  },
  {
    id: 'object-proto-key',
    make: () => JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}'),
    json: JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}'),
    first: 'fields',
  },
  {
    id: 'object-strange-keys',
    make: () => ({ '': 1, 'a b': 2, 'ключ"\\': 3, '\u001b': 4, '🚀': 5 }),
    json: { '': 1, 'a b': 2, 'ключ"\\': 3, '\u001b': 4, '🚀': 5 },
    first: 'fields',
  },
  {
    id: 'object-undefined-properties',
    make: () => ({ a: undefined, b: 1 }),
    json: { b: 1 },
    first: 'fields',
  },
  {
    id: 'object-10000-keys',
    make: () => Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i])),
    json: (_: string, value: unknown) => value,
    first: 'fields',
  },
  {
    id: 'object-10000-levels',
    make: () => levels(10_000),
    json: (_: string, value: unknown) => value,
    first: 'skip',
    truncated: true,
  },
  { id: 'class-instance', make: () => new Point(1, 2), json: { x: 1, y: 2 }, first: 'fields' },
  {
    id: 'arguments',
    make: () =>
      (function list(..._: unknown[]) {
        // biome-ignore lint/complexity/noArguments: the row is about them
        return arguments
      })(1, 'a'),
    json: { 0: 1, 1: 'a' },
    first: 'fields',
  },
  {
    id: 'generator',
    make: (read) =>
      (function* numbers() {
        read()
        yield 1
      })(),
    json: {},
    first: 'fields',
  },

  // --- getters, toJSON, Proxy
  {
    id: 'getter',
    make: (read) => ({
      get size() {
        read()
        return 7
      },
    }),
    json: { size: 7 },
    first: 'fields',
    reads: 1,
  },
  {
    id: 'getter-throwing',
    make: (read) => ({
      before: 1,
      get size() {
        read()
        throw new RangeError('no size')
      },
      after: 2,
    }),
    json: { before: 1, size: '[Throws: RangeError: no size]', after: 2 },
    first: 'fields',
    reads: 1,
  },
  {
    id: 'getter-throwing-no-error',
    make: (read) => ({
      get size() {
        read()
        throw { toString: throwing('no text') }
      },
    }),
    json: { size: '[Throws]' },
    first: 'fields',
    reads: 1,
  },
  {
    id: 'to-json',
    make: (read) => ({
      a: 1,
      toJSON() {
        read()
        return { b: 2 }
      },
    }),
    json: { b: 2 },
    first: 'fields',
    reads: 1,
  },
  { id: 'to-json-class', make: () => new Money(1250), json: { amount: 12.5 }, first: 'fields' },
  {
    id: 'to-json-text',
    make: () => ({ toJSON: () => 'as text' }),
    json: 'as text',
    first: 'value',
  },
  {
    id: 'to-json-undefined',
    make: () => ({ a: 1, toJSON: () => undefined }),
    json: OMITTED,
    first: { fields: {} },
  },
  {
    id: 'to-json-promise',
    make: () => ({ toJSON: () => Promise.resolve(1) }),
    json: '[Promise]',
    first: 'value',
  },
  {
    id: 'to-json-throwing',
    make: (read) => ({
      toJSON() {
        read()
        throw new Error('no json')
      },
    }),
    json: '[Throws: Error: no json]',
    first: { fields: { fields: '[Throws: Error: no json]' } },
    reads: 1,
  },
  {
    id: 'to-json-returning-itself',
    make: (read) => ({
      a: 1,
      toJSON() {
        read()
        return this
      },
    }),
    json: { a: 1 },
    first: 'fields',
    reads: 1,
  },
  {
    id: 'to-json-not-a-function',
    make: () => ({ a: 1, toJSON: 2 }),
    json: { a: 1, toJSON: 2 },
    first: 'fields',
  },
  {
    id: 'proxy',
    make: () => new Proxy({ a: 1 }, {}),
    json: { a: 1 },
    first: 'fields',
  },
  { id: 'proxy-of-array', make: () => new Proxy([1, 2], {}), json: [1, 2], first: 'value' },
  {
    id: 'proxy-get-throwing',
    make: () =>
      new Proxy(
        { a: 1 },
        {
          get(target, key) {
            if (key === 'a') throw new Error('no get')
            return Reflect.get(target, key)
          },
        },
      ),
    json: { a: '[Throws: Error: no get]' },
    first: 'fields',
  },
  {
    id: 'proxy-own-keys-throwing',
    make: () => new Proxy({ a: 1 }, { ownKeys: throwing('no keys') }),
    json: '[Throws: TypeError: no keys]',
    first: { fields: { fields: '[Throws: TypeError: no keys]' } },
  },
  {
    id: 'proxy-prototype-throwing',
    make: () => new Proxy({ a: 1 }, { getPrototypeOf: throwing('no prototype') }),
    json: '[Throws: TypeError: no prototype]',
    first: { fields: { fields: '[Throws: TypeError: no prototype]' } },
  },
  {
    id: 'proxy-revoked',
    make: revoked,
    // Which trap is named depends on what is asked first.
    json: "[Throws: TypeError: Cannot perform 'get' on a proxy that has been revoked]",
    first: 'skip',
  },

  // --- cycles and shared references
  {
    id: 'cycle',
    make: cycle,
    json: (at: string) => ({ name: 'a', self: `[Circular: ${at}]` }),
    first: 'fields',
  },
  {
    id: 'cycle-through-array',
    make: () => {
      const list: unknown[] = [1]
      list.push({ list })
      return list
    },
    json: (at: string) => [1, { list: `[Circular: ${at}]` }],
    first: 'value',
  },
  {
    id: 'cycle-through-map',
    make: () => {
      const map = new Map<string, unknown>()
      map.set('map', map)
      return map
    },
    json: (at: string) => ({ map: `[Circular: ${at}]` }),
    first: 'value',
  },
  {
    id: 'shared-reference',
    make: () => {
      const shared = { a: 1 }
      return { one: shared, two: [shared, shared] }
    },
    json: { one: { a: 1 }, two: [{ a: 1 }, { a: 1 }] },
    first: 'fields',
  },

  // --- arrays and binary data
  { id: 'array', make: () => [1, 'a', [null]], json: [1, 'a', [null]], first: 'value' },
  // biome-ignore lint/suspicious/noSparseArray: the row is about holes
  { id: 'array-holes', make: () => [1, , 3], json: [1, null, 3], first: 'value' },
  {
    id: 'array-undefined',
    make: () => [undefined, Number.NaN],
    json: [null, 'NaN'],
    pino: [null, null],
    first: 'value',
  },
  {
    id: 'array-properties',
    make: () => Object.assign([1], { extra: true }),
    json: [1],
    first: 'value',
  },
  {
    id: 'array-subclass',
    make: () => new (class Stack extends Array<number> {})(1, 2, 3),
    json: [1, 2, 3],
    first: 'value',
  },
  {
    id: 'buffer',
    make: () => Buffer.from('hello'),
    json: 'Buffer(5) 68656c6c6f',
    first: 'value',
  },
  {
    id: 'buffer-long',
    make: () => Buffer.alloc(1000, 0xab),
    json: `Buffer(1000) ${'ab'.repeat(64)}…`,
    first: 'value',
  },
  {
    id: 'uint8-array',
    make: () => Uint8Array.of(1, 255),
    json: 'Uint8Array(2) 01ff',
    first: 'value',
  },
  { id: 'int16-array', make: () => Int16Array.of(-1, 2), json: [-1, 2], first: 'value' },
  {
    id: 'float64-array',
    make: () => Float64Array.of(1.5, Number.NaN),
    json: [1.5, 'NaN'],
    pino: [1.5, null],
    first: 'value',
  },
  {
    id: 'bigint64-array',
    make: () => BigInt64Array.of(-1n),
    json: ['-1'],
    pino: [-1],
    first: 'value',
  },
  {
    id: 'typed-array-long',
    make: () => new Int32Array(1000),
    json: [...new Array(100).fill(0), '[900 more]'],
    first: 'value',
  },
  {
    id: 'array-buffer',
    make: () => Uint8Array.of(1, 2).buffer,
    json: 'ArrayBuffer(2) 0102',
    first: 'value',
  },
  {
    id: 'array-buffer-shared',
    make: () => new SharedArrayBuffer(2),
    json: 'ArrayBuffer(2) 0000',
    first: 'value',
  },
  { id: 'array-buffer-detached', make: detached, json: 'ArrayBuffer(0)', first: 'value' },
  {
    id: 'data-view',
    make: () => new DataView(Uint8Array.of(1, 2, 3).buffer, 1),
    json: 'DataView(2) 0203',
    first: 'value',
  },

  // --- built-in classes
  {
    id: 'date',
    make: () => new Date(0),
    json: '1970-01-01T00:00:00.000Z',
    first: 'value',
  },
  { id: 'date-invalid', make: () => new Date(Number.NaN), json: null, first: 'value' },
  {
    id: 'date-far',
    make: () => new Date(8.64e15),
    json: '+275760-09-13T00:00:00.000Z',
    first: 'value',
  },
  {
    id: 'date-subclass',
    make: () => new Day(0),
    json: '1970-01-01T00:00:00.000Z',
    first: 'value',
  },
  { id: 'regexp', make: () => /a"b\/c/giu, json: '/a"b\\/c/giu', first: 'value' },
  {
    id: 'url',
    make: () => new URL('https://example.org/a?b=ü'),
    json: 'https://example.org/a?b=%C3%BC',
    first: 'value',
  },
  {
    id: 'url-search-params',
    make: () => new URLSearchParams('a=1&b=2'),
    json: 'a=1&b=2',
    first: 'value',
  },
  {
    id: 'map',
    make: () =>
      new Map<string, unknown>([
        ['a', 1],
        ['b', { c: 2 }],
      ]),
    json: { a: 1, b: { c: 2 } },
    first: 'value',
  },
  {
    id: 'map-other-keys',
    make: () =>
      new Map<unknown, unknown>([
        [1, 'one'],
        [{ id: 2 }, 'two'],
      ]),
    json: [
      [1, 'one'],
      [{ id: 2 }, 'two'],
    ],
    first: 'value',
  },
  { id: 'set', make: () => new Set([1, 'a', { b: 2 }]), json: [1, 'a', { b: 2 }], first: 'value' },
  { id: 'weak-map', make: () => new WeakMap(), json: '[WeakMap]', first: 'value' },
  { id: 'weak-set', make: () => new WeakSet(), json: '[WeakSet]', first: 'value' },
  { id: 'weak-ref', make: () => new WeakRef({}), json: '[WeakRef]', first: 'value' },
  { id: 'promise', make: () => Promise.resolve(1), json: '[Promise]', first: 'value' },
  { id: 'boxed-number', make: () => Object(1.5), json: 1.5, first: 'value' },
  { id: 'boxed-string', make: () => Object('text'), json: 'text', first: 'value' },
  { id: 'boxed-boolean', make: () => Object(false), json: false, first: 'value' },
  { id: 'boxed-bigint', make: () => Object(3n), json: '3', pino: 3, first: 'value' },
  {
    id: 'boxed-symbol',
    make: () => Object(Symbol('s')),
    json: 'Symbol(s)',
    pino: OMITTED,
    first: 'value',
  },

  // --- errors
  {
    id: 'error',
    make: () => failure('boom'),
    json: { type: 'Error', message: 'boom', stack: 'Error: boom\n    at here' },
    first: 'error',
  },
  {
    id: 'error-own-properties',
    make: () => Object.assign(failure('boom'), { code: 'E_BOOM', details: { a: [1] } }),
    json: {
      type: 'Error',
      message: 'boom',
      stack: 'Error: boom\n    at here',
      code: 'E_BOOM',
      details: { a: [1] },
    },
    first: 'error',
  },
  {
    id: 'error-subclass',
    make: () => new PaymentError('declined'),
    json: (_: string, value: Error) => ({
      type: 'PaymentError',
      message: 'declined',
      stack: value.stack,
      name: 'PaymentError',
      code: 'E_DECLINED',
      details: { attempts: 3 },
    }),
    first: 'error',
  },
  {
    id: 'error-cause',
    make: () => failure('outer', failure('middle', failure('inner'))),
    json: {
      type: 'Error',
      message: 'outer',
      stack: 'Error: outer\n    at here',
      cause: {
        type: 'Error',
        message: 'middle',
        stack: 'Error: middle\n    at here',
        cause: { type: 'Error', message: 'inner', stack: 'Error: inner\n    at here' },
      },
    },
    pino: {
      type: 'Error',
      message: 'outer: middle: inner',
      stack:
        'Error: outer\n    at here\ncaused by: Error: middle\n    at here\ncaused by: Error: inner\n    at here',
    },
    first: 'error',
  },
  {
    id: 'error-cause-cycle',
    make: () => {
      const error = failure('outer', failure('inner'))
      ;(error.cause as Error).cause = error
      return error
    },
    json: (at: string) => ({
      type: 'Error',
      message: 'outer',
      stack: 'Error: outer\n    at here',
      cause: {
        type: 'Error',
        message: 'inner',
        stack: 'Error: inner\n    at here',
        cause: `[Circular: ${at}]`,
      },
    }),
    pino: {
      type: 'Error',
      message: 'outer: inner',
      stack: 'Error: outer\n    at here\ncaused by: Error: inner\n    at here',
    },
    first: 'error',
  },
  {
    id: 'error-cause-no-error',
    make: () => failure('outer', { reason: 'x', count: 2 }),
    json: {
      type: 'Error',
      message: 'outer',
      stack: 'Error: outer\n    at here',
      cause: { reason: 'x', count: 2 },
    },
    first: 'error',
  },
  {
    id: 'error-cause-null',
    make: () => new Error('outer', { cause: null }),
    json: (_: string, value: Error) => ({
      type: 'Error',
      message: 'outer',
      stack: value.stack,
      cause: null,
    }),
    first: 'error',
  },
  {
    id: 'error-aggregate',
    make: () => {
      const error = new AggregateError([failure('one'), 'two'], 'both')
      error.stack = 'AggregateError: both\n    at here'
      return error
    },
    json: {
      type: 'AggregateError',
      message: 'both',
      stack: 'AggregateError: both\n    at here',
      errors: [{ type: 'Error', message: 'one', stack: 'Error: one\n    at here' }, 'two'],
    },
    pino: {
      type: 'AggregateError',
      message: 'both',
      stack: 'AggregateError: both\n    at here',
      aggregateErrors: [{ type: 'Error', message: 'one', stack: 'Error: one\n    at here' }, 'two'],
    },
    first: 'error',
  },
  {
    id: 'error-without-stack',
    make: () => without(new Error('boom')),
    json: { type: 'Error', message: 'boom' },
    pino: { type: 'Error', message: 'boom', stack: '' },
    first: 'error',
  },
  {
    id: 'error-stack-throwing',
    make: (read) =>
      Object.defineProperty(new Error('boom'), 'stack', {
        get() {
          read()
          throw new Error('no stack')
        },
      }),
    json: { type: 'Error', message: 'boom', stack: '[Throws: Error: no stack]' },
    first: 'error',
    reads: 1,
  },
  {
    id: 'error-message-no-string',
    make: () => Object.assign(failure('boom'), { message: 42 }),
    json: { type: 'Error', message: '42', stack: 'Error: boom\n    at here' },
    first: 'error',
  },
  {
    id: 'error-name',
    make: () => Object.assign(failure('boom'), { name: 'Renamed' }),
    json: { type: 'Error', message: 'boom', stack: 'Error: boom\n    at here', name: 'Renamed' },
    first: 'error',
  },
  {
    id: 'error-of-another-realm',
    make: () => runInNewContext('Object.assign(new TypeError("far"), { stack: "far stack" })'),
    json: { type: 'TypeError', message: 'far', stack: 'far stack' },
    first: 'error',
  },
  {
    id: 'error-dom-exception',
    make: () => new DOMException('stopped', 'AbortError'),
    json: (_: string, value: Error) => ({
      type: 'DOMException',
      message: 'stopped',
      stack: value.stack,
    }),
    first: 'error',
  },
  {
    id: 'error-in-map',
    make: () => new Map([['inner', failure('boom')]]),
    json: { inner: { type: 'Error', message: 'boom', stack: 'Error: boom\n    at here' } },
    first: 'value',
  },
]
