// Makes a clone ready to run: installs the npm packages, builds the addon and dist/, each only when
// it is missing or older than what it is made from. Needs nothing but Node, npm, cargo and a C linker.
import { spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { needsAddon, needsDist, needsInstall } from './freshness.mjs'
import { abort, required, seconds } from './stage.mjs'

const started = performance.now()
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  abort(`Node.js ${process.versions.node} is too old to build fapilog.`, 'Use 20.19 or newer.')
}

let worked = false
if (needsInstall()) {
  worked = true
  await required('install npm packages', ['npm', 'ci', '--no-audit', '--no-fund'])
}
if (needsAddon()) {
  worked = true
  if (spawnSync('cargo', ['--version']).status !== 0) {
    abort('cargo was not found; the addon is written in Rust.', 'Install it from https://rustup.rs')
  }
  await required('build the addon', ['node', 'scripts/build-native.mjs'])
}
if (needsDist()) {
  worked = true
  await required('build dist', ['node', 'scripts/build-ts.mjs'])
}
if (worked) console.log(`\nprepared in ${seconds(started)}`)
