// src/settings/settings-builder.ts: a method for each setting and each type of sink.
import { settingsSchema } from '../../src/settings/schema.ts'
import { bare, definition, shapeOf } from '../../src/settings/walk.ts'
import { namedTypes, plain, settingsOf } from './look.mjs'

export function builder(banner) {
  const settings = settingsOf(settingsSchema)
  const sinks = namedTypes(settingsSchema).filter(
    ({ schema }) => definition(shapeOf(schema)?.type ?? schema).type === 'literal',
  )
  const names = sinks.map(({ name }) => name).sort()
  return `// ${banner}

import type { ${['LoggerOptions', ...names, 'SinkOptions'].sort().join(', ')} } from './options.js'

type Value<Name extends keyof LoggerOptions> = NonNullable<LoggerOptions[Name]>

/** Collects settings; every method returns the builder. Groups add up, everything else is replaced. */
export class SettingsBuilder {
  private collected: LoggerOptions = {}

  /** What was collected: options of \`createLogger\`. */
  get options(): LoggerOptions {
    return { ...this.collected }
  }

${settings.map(setter).join('\n\n')}

  /** Adds a destination to those there are. */
  addSink(sink: SinkOptions): this {
    return this.set('sinks', [...(this.collected.sinks ?? []), sink])
  }

${sinks.map(adder).join('\n\n')}

  private set<Name extends keyof LoggerOptions>(name: Name, value: Value<Name>): this {
    this.collected = { ...this.collected, [name]: value }
    return this
  }
}
`
}

const pascal = (name) => name[0].toUpperCase() + name.slice(1)

function setter({ name, schema, meaning }) {
  const group = shapeOf(schema) !== undefined
  const value = group ? `{ ...this.collected.${name}, ...${name} }` : name
  return `  /** ${plain(meaning.description)}. */
  with${pascal(name)}(${name}: Value<'${name}'>): this {
    return this.set('${name}', ${value})
  }`
}

function adder({ name, schema, description }) {
  const settings = settingsOf(schema).filter(({ meaning }) => meaning)
  const type = definition(shapeOf(schema).type).values[0]
  const needed = settings.filter(({ optional }) => !optional)
  const text = needed.length === 1 && definition(bare(needed[0].schema)).type === 'string'
  if (text) {
    const [{ name: key, meaning }] = needed
    return `  /**
   * ${description}
   *
   * @param ${key} - ${plain(meaning.description)}
   */
  add${pascal(type)}(${key}: string, options: Omit<${name}, 'type' | '${key}'> = {}): this {
    return this.addSink({ ...options, type: '${type}', ${key} })
  }`
  }
  const fallback = needed.length === 0 ? ' = {}' : ''
  return `  /** ${description} */
  add${pascal(type)}(options: Omit<${name}, 'type'>${fallback}): this {
    return this.addSink({ ...options, type: '${type}' })
  }`
}
