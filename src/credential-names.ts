// Names of credentials, for what is masked before it becomes an event.

import binding from '../native/binding.cjs'
import { WithheldKeys, type WithheldNames } from './redact/key-name.js'

const CREDENTIALS = JSON.stringify({ presets: ['CREDENTIALS'] })
/** Names that are remembered; an application has fewer, unless others choose them. */
const MAX_KNOWN = 1000

let keys: WithheldKeys | undefined
const known = new Map<string, boolean>()

/**
 * Whether a field of this name holds a credential: whether the preset `CREDENTIALS` of redaction masks it.
 *
 * @param name - in any spelling: `accessToken`, `ACCESS-TOKEN`
 */
export function isCredentialName(name: string): boolean {
  const before = known.get(name)
  if (before !== undefined) return before
  keys ??= new WithheldKeys(JSON.parse(String(binding.withheldNames(CREDENTIALS))) as WithheldNames)
  const is = keys.rule(name) !== undefined
  if (known.size < MAX_KNOWN) known.set(name, is)
  return is
}
