// Where the runners and the package managers are that fapilog is tried in (scripts/guests.mjs installs them).

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Their folder. */
export function guests(): string {
  const folder = fileURLToPath(new URL('../fixtures/runners-apart', import.meta.url))
  if (!existsSync(join(folder, 'node_modules/fapilog')))
    throw new Error('jest, vitest, pnpm and yarn are not installed: run `npm run test:node` once')
  return folder
}
