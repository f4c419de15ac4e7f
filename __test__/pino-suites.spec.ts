// The test suites of pino-http, of Fastify's logger and of pino itself, with the drop-in wherever they require pino.

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { guests } from './support/guests.ts'

const require = createRequire(import.meta.url)
const PRELOADED = fileURLToPath(new URL('fixtures/pino-is-fapilog.cjs', import.meta.url))

interface Outcome {
  /** How many tests of each kind there are. */
  readonly counts: Record<string, number>
  /** Names of those that have failed. */
  readonly failed: readonly string[]
}

function run(packageName: string, file: string, path = ''): Outcome {
  const folder = dirname(require.resolve(`${packageName}/package.json`))
  const { stdout } = spawnSync(
    process.execPath,
    ['--require', PRELOADED, '--test', '--test-reporter=tap', join(folder, file)],
    // AVA's own variables would make its tests of these.
    {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
      env: { PATH: process.env['PATH'], NODE_PATH: path },
    },
  )
  const counts = [...stdout.matchAll(/^# (tests|fail|cancelled|skipped) (\d+)$/gm)]
  const failed = [...stdout.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, name = '']) => name)
  return {
    counts: Object.fromEntries(counts.map(([, name, count]) => [name, Number(count)])),
    failed,
  }
}

const SUITES: readonly (readonly [
  packageName: string,
  file: string,
  tests: number,
  skipped: number,
])[] = [
  // The skipped one is skipped by its authors.
  ['pino-http', 'test/test.js', 63, 1],
  ['fastify', 'test/logger/instantiation.test.js', 12, 0],
  ['fastify', 'test/logger/logging.test.js', 17, 0],
  ['fastify', 'test/logger/options.test.js', 19, 0],
  ['fastify', 'test/logger/request.test.js', 8, 0],
  ['fastify', 'test/logger/response.test.js', 5, 0],
  ['fastify', 'test/child-logger-factory.test.js', 5, 0],
]

for (const [packageName, file, tests, skipped] of SUITES) {
  test.serial(`${packageName}: ${file} passes`, (t) => {
    const { counts } = run(packageName, file)
    t.deepEqual(counts, { tests, fail: 0, cancelled: 0, skipped })
  })
}

/** Tests of pino's that fail, by what differs: each is in the tables of docs/pino.md. */
const DIFFERENT = {
  'problems of options are ConfigurationErrors, with other words': [
    'throw if creating child without bindings',
    'throws when setting useOnlyCustomLevels without customLevels',
    'throws if prettyPrint is passed in as an option',
    'throws when useOnlyCustomLevels is set true without customLevels',
    'throws when creating a default label that does not exist in logger levels',
    'throws when creating a default value that does not exist in logger levels',
  ],
  'a field named as the message has an underscore behind the name': [
    'fatal',
    'error',
    'warn',
    'info',
    'debug',
    'trace',
  ].map((level) => `overriding object key by string at level ${level}`),
  'circles have a marker that names the place': [
    'use `safe-stable-stringify` to avoid circular dependencies',
  ],
  'a getter that throws leaves a marker in its own place': ['Proxy and stream objects'],
  'levels of children with numbers of their own': [
    'custom levels can be specified on child bindings',
    'customLevels property child bindings does not get logged',
    'throws when specifying pre-existing parent labels via child bindings',
    'throws when specifying pre-existing parent values via child bindings',
    'throws when specifying core values via child bindings',
    'does not share custom level state across siblings',
  ],
  'transports in a worker': [
    'formatter with transport',
    'throws when custom level formatter is used with transport.targets',
    'multistream.write should not throw if one stream fails',
  ],
  'Errors are written as errors without a serializer': [
    'null overrides default err namespace error serializer',
    'undefined overrides default err namespace error serializer',
  ],
  'its serializer of Errors is the same function, in another copy of the package': [
    "Symbol.for('pino.serializers')",
    'children inherit parent Symbol serializers',
  ],
  'the time is that of the system, not of a replaced Date.now': [
    'pino.stdTimeFunctions.unixTime returns seconds based timestamps',
    'pino.stdTimeFunctions.isoTime returns ISO 8601 timestamps',
  ],
}

const PINO: Readonly<Record<string, number>> = {
  basic: 117,
  'complex-objects': 2,
  crlf: 2,
  'custom-levels': 18,
  'error-key': 2,
  error: 17,
  escaping: 40,
  formatters: 10,
  hooks: 5,
  http: 5,
  'is-level-enabled': 22,
  levels: 51,
  metadata: 4,
  'mixin-merge-strategy': 2,
  mixin: 11,
  multistream: 32,
  redact: 59,
  serializers: 14,
  timestamp: 10,
  'timestamp-nano': 1,
}

test.serial('pino: its own tests pass, but for those whose difference is documented', (t) => {
  t.timeout(180_000)
  const packages = join(guests(), 'node_modules')
  const failed = new Set<string>()
  for (const [suite, tests] of Object.entries(PINO)) {
    const outcome = run('pino', `test/${suite}.test.js`, packages)
    t.is(outcome.counts['tests'], tests, suite)
    t.is(outcome.counts['cancelled'], 0, suite)
    for (const name of outcome.failed) failed.add(name)
  }
  t.deepEqual([...failed].sort(), Object.values(DIFFERENT).flat().sort())
})
