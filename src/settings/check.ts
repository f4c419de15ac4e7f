// Entry of dist/settings.cjs, which holds zod and is loaded when there is something to check. It reports problems
// instead of throwing them: the error classes live in the package's main file, so that `instanceof` holds.

import { z } from 'zod/mini'
import type { ConfigurationProblem } from '../errors.js'
import type { LoggerOptions } from './options.js'
import { problems } from './problems.js'
import { ringBytes } from './ring-bytes.js'
import { RULES } from './rules.js'
import { type ResolvedSettings, settingsSchema } from './schema.js'

// A schema that is used once or twice is not worth code of its own, which would cost 6 ms.
z.config({ jitless: true })

/** Settings that can be used, or why not. */
export type Checked =
  | { readonly settings: ResolvedSettings }
  | { readonly problems: readonly ConfigurationProblem[] }

/** Checks options and fills in the defaults. */
export function check(options: LoggerOptions): Checked {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    return {
      problems: [{ path: 'options', value: options, expected: 'an object of options' }],
    }
  }
  const result = settingsSchema.safeParse(options)
  if (!result.success)
    return { problems: result.error.issues.flatMap((issue) => problems(issue, [], options)) }
  const settings = result.data
  if (options.queue?.maxEventBytes === undefined) {
    const { queue } = settings
    queue.maxEventBytes = Math.min(queue.maxEventBytes, ringBytes(settings) / 4)
  }
  const found = RULES.flatMap((rule) => rule(settings))
  return found.length > 0 ? { problems: found } : { settings }
}
