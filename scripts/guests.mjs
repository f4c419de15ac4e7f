// The test runners and the package managers that fapilog is tried in, and what the tests of pino need: three hundred packages
// that are not among the dependencies of the project, installed when tests are first run.
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { needsInstall } from './freshness.mjs'
import { required, root } from './stage.mjs'

const FOLDER = '__test__/fixtures/runners-apart'

/** Installs what is missing of them, and fapilog beside them, as a link to what is tested. */
export async function installGuests() {
  const cwd = join(root, FOLDER)
  if (needsInstall(FOLDER)) {
    const command = ['npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts']
    await required('install test runners', command, { cwd })
  }
  const fapilog = join(cwd, 'node_modules/fapilog')
  if (!existsSync(fapilog)) symlinkSync(root, fapilog, 'junction')
}
