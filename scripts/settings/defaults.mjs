// src/settings/defaults.ts: what the schema makes of no options at all, so that nothing has to be checked then.
import { settingsSchema } from '../../src/settings/schema.ts'

export function defaults(banner) {
  const text = JSON.stringify(settingsSchema.parse({}), null, 2)
  return `// ${banner}

import type { ResolvedSettings } from './schema.js'

/** The settings of a logger that was given none. */
export const defaultSettings = (): ResolvedSettings => (${text})
`
}
