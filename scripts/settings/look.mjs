// What the generated files say about a schema, in the words of its fragments.
import { kinds, meanings, typeMeanings } from '../../src/settings/meaning.ts'
import { bare, definition, shapeOf } from '../../src/settings/walk.ts'

/** The source text of a value: JSON with single quotes, or as its kind shows it. */
export function literal(value, schema) {
  const show = schema && kinds.get(bare(schema))?.show
  if (show) return show(value)
  if (typeof value === 'string') return `'${value.replaceAll("'", "\\'")}'`
  if (Array.isArray(value)) return `[${value.map((item) => literal(item)).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${literal(item)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  if (typeof value === 'function') return String(value)
  return String(value)
}

/** A setting of a group: name, schema, meaning, default as a user writes it. */
export function settingsOf(group) {
  return Object.entries(shapeOf(group)).map(([name, schema]) => {
    const { type, defaultValue } = definition(schema)
    const meaning = meanings.get(schema)
    if (meaning === undefined && type !== 'literal')
      throw new Error(`the setting ${name} says nothing about itself: make it with setting()`)
    const optional = type === 'optional' || type === 'prefault' || type === 'default'
    return { name, schema, meaning, optional, default: defaultValue }
  })
}

/** The default in words or as source text. */
export function defaultText({ default: value, optional, meaning, schema }) {
  if (meaning?.otherwise !== undefined) return meaning.otherwise
  if (!optional) return 'required'
  if (value === undefined) return 'none'
  if (shapeOf(schema) && Object.keys(value).length === 0) return 'see below'
  return `\`${literal(value, schema)}\``
}

/** A description outside of the pages that its links lead to. */
export function plain(description) {
  return description.replace(/[:,] see \[[^\]]+\]\([^)]+\)/g, '')
}

/** What is allowed, as Markdown. */
export function allowedText(schema) {
  const inner = bare(schema)
  const kind = kinds.get(inner)
  if (kind) return kind.allowed
  const { options, element, valueType, values, type } = definition(inner)
  if (values) return values.map((value) => `\`${value}\``).join(', ')
  if (element) return `a list: ${allowedText(element)}`
  if (valueType) return `an object of names and values: ${allowedText(valueType)}`
  const name = typeMeanings.get(inner)?.name
  if (name) return `\`${name}\``
  if (options) return options.map(allowedText).join(', or ')
  throw new Error(`nothing says what a ${type} allows: make it in kinds.ts`)
}

/** Every named type that a schema uses, what is used before what uses it. */
export function namedTypes(root) {
  const found = new Map()
  const visit = (schema) => {
    // A name may stand on any of the layers.
    let inner = schema
    for (;;) {
      const meaning = typeMeanings.get(inner)
      if (meaning && found.has(meaning.name)) return
      const def = definition(inner)
      const next = def.innerType ?? def.in
      if (meaning) {
        if (meaning.extends) visit(meaning.extends)
        below(inner)
        found.set(meaning.name, { ...meaning, schema: inner })
        return
      }
      if (next === undefined || kinds.has(inner)) break
      inner = next
    }
    below(inner)
  }
  const below = (schema) => {
    const { shape, element, options, valueType } = definition(bare(schema))
    if (kinds.has(bare(schema))) return
    for (const child of Object.values(shape ?? {})) visit(child)
    for (const child of [element, valueType, ...(options ?? [])]) if (child) visit(child)
  }
  visit(root)
  return [...found.values()]
}
