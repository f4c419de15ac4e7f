// First step in a new clone: fetches every npm package and crate, builds nothing.
import { needsInstall } from './freshness.mjs'
import { required } from './stage.mjs'

if (needsInstall()) {
  await required('install npm packages', ['npm', 'ci', '--no-audit', '--no-fund'])
}
await required('fetch crates', ['cargo', 'fetch'])
