// An enricher: name and version of the application, and the commit that it was built from, in `context.build` of every
// event. All of it is read once, when the plugin starts.

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { defineEnricher } from 'fapilog'

/**
 * @param {{ folder?: string, commitVariable?: string }} [settings] the folder of the application, default the working
 * directory; the variable that has the commit, default `GIT_COMMIT`, before git is asked
 */
export default function build({ folder = process.cwd(), commitVariable = 'GIT_COMMIT' } = {}) {
  const enrichment = { context: { build: {} } }
  return defineEnricher({
    name: 'build',
    version: '1.0.0',
    async start() {
      const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
      const commit = process.env[commitVariable] ?? (await head(folder))
      enrichment.context.build = { name, version, commit }
    },
    enrich: () => enrichment,
  })
}

/** The commit that is checked out; undefined where there is no git. */
async function head(folder) {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: folder })
    return stdout.trim()
  } catch {
    return undefined
  }
}
