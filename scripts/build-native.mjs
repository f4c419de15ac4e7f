// Builds the addon into native/. Further arguments go to `napi build` (`--target …`, `--profile …`).
import { existsSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { addonFile } from './freshness.mjs'
import { required, root } from './stage.mjs'

const startedAt = new Date()
await required('napi build', [
  'napi',
  'build',
  '--platform',
  '--release',
  '--manifest-path',
  'crates/binding/addon/Cargo.toml',
  '--output-dir',
  'native',
  '--no-js',
  '--dts',
  'generated.d.cts',
  ...process.argv.slice(2),
])

// Dated to the start, so that a source saved while the compiler ran counts as newer.
const built = join(root, addonFile())
if (existsSync(built)) utimesSync(built, startedAt, startedAt)
