// Objects that a placeholder of a message makes text of: what is withheld by its key is not in the text either.

/** What stands in the place of a key's value; undefined when the value may be shown. */
export type Hides = (key: string) => string | undefined

/** Remembers what was found out about keys, up to so many. */
const MAX_REMEMBERED = 1024

/** The same answers, found out once. */
export function remembering(hides: Hides): Hides {
  const known = new Map<string, string | undefined>()
  return (key) => {
    if (known.has(key)) return known.get(key)
    if (known.size >= MAX_REMEMBERED) known.clear()
    const mask = hides(key)
    known.set(key, mask)
    return mask
  }
}

/** Something that becomes the same text and number as `value`, and the same JSON but for what is hidden. */
export function shownInText(value: unknown, hides: Hides): unknown {
  if (typeof value !== 'object' || value === null) return value
  return {
    toJSON: () => copy('', value, hides, []),
    [Symbol.toPrimitive]: (hint: string) => (hint === 'number' ? Number(value) : String(value)),
  }
}

/** What `JSON.stringify` would see of a value. */
function copy(key: string, given: unknown, hides: Hides, ancestors: readonly unknown[]): unknown {
  let value = given
  if (typeof value === 'object' && value !== null) {
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') value = toJSON.call(value, key)
  }
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (ancestors.includes(value)) return '[Circular]'
  if (value instanceof String || value instanceof Number || value instanceof Boolean)
    return value.valueOf()
  const inside = [...ancestors, value]
  if (Array.isArray(value))
    return Array.from(value, (item, at) => copy(String(at), item, hides, inside))
  const made: Record<string, unknown> = Object.create(null)
  for (const name of Object.keys(value)) {
    made[name] = hides(name) ?? copy(name, (value as Record<string, unknown>)[name], hides, inside)
  }
  return made
}
