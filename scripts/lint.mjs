// Runs every linter, whatever the ones before it said, and ends with how many agreed.
import { stage } from './stage.mjs'

const STEPS = {
  'generated files': ['npm', 'run', '--silent', 'check:generated'],
  versions: ['node', 'scripts/check-versions.mjs'],
  rustfmt: ['cargo', 'fmt', '--all', '--check'],
  clippy: ['cargo', 'clippy', '--workspace', '--all-targets', '--', '-D', 'warnings'],
  'public types': ['node', 'scripts/build-ts.mjs', '--check'],
  tsc: ['tsc', '--noEmit'],
  biome: ['biome', 'check'],
}

const failed = []
for (const [name, command] of Object.entries(STEPS)) {
  const { code } = await stage(name, command)
  if (code !== 0) failed.push(name)
}

const passed = Object.keys(STEPS).length - failed.length
const names = failed.length > 0 ? ` (${failed.join(', ')})` : ''
console.log(`\nlint: ${passed} passed, ${failed.length} failed${names}`)
process.exitCode = failed.length > 0 ? 1 : 0
