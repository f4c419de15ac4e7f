// The test suites of pino-http and of Fastify's logger, with the drop-in wherever they require pino.

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const require = createRequire(import.meta.url)
const PRELOADED = fileURLToPath(new URL('fixtures/pino-is-fapilog.cjs', import.meta.url))

/** How many tests of a package's suite there are, and how many have failed or were skipped. */
function run(packageName: string, file: string): Record<string, number> {
  const folder = dirname(require.resolve(`${packageName}/package.json`))
  const { stdout } = spawnSync(
    process.execPath,
    ['--require', PRELOADED, '--test', '--test-reporter=tap', join(folder, file)],
    // AVA's own variables would make its tests of these.
    { cwd: folder, encoding: 'utf8', timeout: 120_000, env: { PATH: process.env['PATH'] } },
  )
  const counts = [...stdout.matchAll(/^# (tests|fail|cancelled|skipped) (\d+)$/gm)]
  return Object.fromEntries(counts.map(([, name, count]) => [name, Number(count)]))
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
    t.deepEqual(run(packageName, file), { tests, fail: 0, cancelled: 0, skipped })
  })
}
