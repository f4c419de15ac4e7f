// schemas/settings.schema.json: the settings as a file can hold them, for editors (JSON Schema 2020-12).
import { kinds, typeMeanings } from '../../src/settings/meaning.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import { bare, definition, shapeOf } from '../../src/settings/walk.ts'
import { namedTypes, plain, settingsOf } from './look.mjs'

export function jsonSchema() {
  const root = typeMeanings.get(settingsSchema).name
  const types = namedTypes(settingsSchema)
  const { description, ...body } = objectSchema(settingsSchema)
  const definitions = types
    .filter(({ name }) => name !== root)
    .map((type) => [type.name, { description: type.description, ...structure(type.schema) }])
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://raw.githubusercontent.com/fapilog/fapilog-node/main/schemas/settings.schema.json',
    title: 'fapilog settings',
    description: 'Settings of fapilog as a configuration file holds them.',
    ...body,
    properties: { $schema: { type: 'string' }, ...body.properties },
    $defs: Object.fromEntries(definitions),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function objectSchema(group) {
  const properties = {}
  const required = []
  for (const one of settingsOf(group)) {
    const json = schemaOf(one.schema)
    // What only code can give has no place in a file.
    if (json === undefined) continue
    properties[one.name] = {
      ...json,
      ...(one.meaning ? { description: plain(one.meaning.description) } : {}),
      ...(one.default === undefined ? {} : { default: one.default }),
      ...(one.meaning ? { examples: [one.meaning.example] } : {}),
    }
    if (!one.optional) required.push(one.name)
  }
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  }
}

/** A reference to a named type, or its structure. */
function schemaOf(schema) {
  let inner = schema
  for (;;) {
    const named = typeMeanings.get(inner)
    if (named) return { $ref: `#/$defs/${named.name}` }
    const next = definition(inner).innerType ?? definition(inner).in
    if (next === undefined || kinds.has(inner)) break
    inner = next
  }
  return structure(inner)
}

function structure(schema) {
  const inner = bare(schema)
  const kind = kinds.get(inner)
  if (kind) return kind.json
  const { options, element, valueType, values, checks } = definition(inner)
  if (shapeOf(inner)) return objectSchema(inner)
  if (values) return { const: values[0] }
  if (valueType) return { type: 'object', additionalProperties: schemaOf(valueType) }
  if (options) return { anyOf: options.map(schemaOf) }
  if (element) {
    const least = checks?.find((check) => check._zod.def.check === 'min_length')
    const minItems = least ? { minItems: least._zod.def.minimum } : {}
    return { type: 'array', items: schemaOf(element), ...minItems }
  }
  throw new Error('a setting has no JSON schema: make it in kinds.ts')
}
