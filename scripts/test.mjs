// Runs the test suites and ends with their totals: `rust` (cargo), `node` (ava) or, without an
// argument, both. A failing suite does not keep the other from running.
import { installGuests } from './guests.mjs'
import { stage } from './stage.mjs'

const SUITES = {
  rust: {
    command: [
      'cargo',
      'test',
      '--workspace',
      '--exclude',
      'fapilog-binding',
      '--exclude',
      'fapilog-addon',
      '--no-fail-fast',
    ],
    passed: /^test result: .*?(\d+) passed/gm,
    failed: /^test result: .*?(\d+) failed/gm,
  },
  node: {
    command: ['ava'],
    passed: /^\s*(\d+) tests? passed/gm,
    // ava leaves that line out when a test failed
    tick: /^\s+[✔√] /gm,
    failed:
      /^\s*(\d+) (?:tests? failed|unhandled rejections?|uncaught exceptions?|tests? remained pending)/gm,
  },
}

const chosen = process.argv[2]
if (chosen !== undefined && !(chosen in SUITES)) {
  console.error(
    `unknown suite '${chosen}': choose ${Object.keys(SUITES).join(' or ')}, or neither for both`,
  )
  process.exit(2)
}

const results = []
for (const [name, suite] of Object.entries(SUITES)) {
  if (chosen !== undefined && chosen !== name) continue
  if (name === 'node') await installGuests()
  const { code, output } = await stage(`${name} tests`, suite.command)
  const passed =
    sum(output, suite.passed) || (suite.tick ? (output.match(suite.tick)?.length ?? 0) : 0)
  const failed = sum(output, suite.failed)
  // A suite that did not compile, crashed or ran nothing has no failing test to count.
  const broken = failed === 0 && (code !== 0 || passed === 0)
  if (broken)
    console.error(`${name} tests: exit code ${code} and ${passed} passed: counted as failed`)
  results.push({ name, passed, failed: failed + Number(broken) })
}

const passed = results.reduce((total, result) => total + result.passed, 0)
const failed = results.reduce((total, result) => total + result.failed, 0)
const parts = results.map(
  (result) => `${result.name} ${result.passed}/${result.passed + result.failed}`,
)
console.log(`\ntests: ${passed} passed, ${failed} failed (${parts.join(', ')})`)
process.exitCode = failed > 0 ? 1 : 0

function sum(output, pattern) {
  return [...output.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0)
}
