// The part of JSON schema that settings of plugins need. What is not known here is not checked.

/** JSON schema, as far as it is checked; other keywords are allowed and not looked at. */
export interface SettingsSchema {
  /** Name of the type, or one of several. */
  readonly type?: string | readonly string[]
  /** Schemas of the members of an object. */
  readonly properties?: Readonly<Record<string, SettingsSchema>>
  /** Members that have to be there. */
  readonly required?: readonly string[]
  /** Whether there may be other members, or what they must be. */
  readonly additionalProperties?: boolean | SettingsSchema
  /** Schema of the elements of an array. */
  readonly items?: SettingsSchema
  /** The values that are allowed. */
  readonly enum?: readonly unknown[]
  /** Smallest number. */
  readonly minimum?: number
  /** Largest number. */
  readonly maximum?: number
  /** Fewest characters. */
  readonly minLength?: number
  /** Regular expression that a text has to match. */
  readonly pattern?: string
  readonly [keyword: string]: unknown
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** What is wrong with a value, each with its path. */
export function schemaProblems(value: unknown, schema: SettingsSchema, path: string): string[] {
  const is = typeOf(value)
  const types = schema.type === undefined ? [] : [schema.type].flat()
  const fits = types.some((type) => type === is || (type === 'integer' && Number.isInteger(value)))
  if (types.length > 0 && !fits) return [`${path} is ${types.join(' or ')}, not ${is}`]
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${path} is one of ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`]
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? -Infinity)) return [`${path} is at least ${schema.minimum}`]
    if (value > (schema.maximum ?? Infinity)) return [`${path} is at most ${schema.maximum}`]
  }
  if (typeof value === 'string') {
    if (value.length < (schema.minLength ?? 0))
      return [`${path} has ${schema.minLength} characters`]
    if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
      return [`${path} matches ${schema.pattern}`]
  }
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined
      ? []
      : value.flatMap((item, i) => schemaProblems(item, items, `${path}[${i}]`))
  }
  return is === 'object' ? ofObject(value as Record<string, unknown>, schema, path) : []
}

function ofObject(value: Record<string, unknown>, schema: SettingsSchema, path: string): string[] {
  const { properties = {}, required = [], additionalProperties = true } = schema
  const missing = required.filter((name) => value[name] === undefined)
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, one]) => {
      const below = `${path}.${name}`
      if (one === undefined) return []
      if (Object.hasOwn(properties, name))
        return schemaProblems(one, properties[name] as SettingsSchema, below)
      if (additionalProperties === false)
        return [`${below} is no setting; known are ${Object.keys(properties).join(', ')}`]
      return additionalProperties === true ? [] : schemaProblems(one, additionalProperties, below)
    }),
  ]
}
