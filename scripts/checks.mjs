// What scripts that check promises have in common: says of each whether it holds, and ends with how many did.

/** @param {string} suite first word of the closing line */
export function checks(suite) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  return {
    /** Runs `body`, which throws when the promise does not hold. */
    async check(promise, body) {
      try {
        await body()
        counts.passed += 1
        console.log(`  ok      ${promise}`)
      } catch (error) {
        counts.failed += 1
        console.log(`  FAILED  ${promise}\n${String(error.message).replace(/^/gm, '          ')}`)
      }
    },
    /** Counts a promise that cannot be checked here. */
    skip(promise, why) {
      counts.skipped += 1
      console.log(`  skipped ${promise}: ${why}`)
    },
    /** Prints the closing line; the process ends with status 1 when something failed. */
    end() {
      const { passed, failed, skipped } = counts
      const rest = skipped > 0 ? `, ${skipped} skipped` : ''
      console.log(`\n${suite}: ${passed} passed, ${failed} failed${rest}`)
      process.exitCode = failed > 0 ? 1 : 0
    },
  }
}

export function equal(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: expected\n${expected}\nbut found\n${actual}`)
}
