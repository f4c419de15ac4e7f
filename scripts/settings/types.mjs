// src/settings/options.ts: what a user may pass, with what the schema says about it.
import { kinds, typeMeanings } from '../../src/settings/meaning.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import { bare, definition, shapeOf } from '../../src/settings/walk.ts'
import { allowedText, defaultText, namedTypes, plain, settingsOf } from './look.mjs'

const WIDTH = 110

export function options(banner) {
  const imports = new Map()
  const types = namedTypes(settingsSchema)
  const body = types.map((type) => declaration(type, imports)).join('\n\n')
  const heads = [...imports]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([module, names]) => `import type { ${[...names].sort().join(', ')} } from '${module}'`)
  return `// ${banner}\n\n${heads.join('\n')}\n\n${body}\n\n${live()}\n`
}

/** The settings that can change at run time. */
function live() {
  const names = settingsOf(settingsSchema).filter(({ meaning }) => meaning?.live)
  const union = names.map(({ name }) => `'${name}'`).join(' | ')
  return `/** The settings that \`reconfigure\` can change. */\nexport type LiveOptions = Pick<LoggerOptions, ${union}>`
}

function declaration({ name, description, schema, extends: parent }, imports) {
  if (!shapeOf(schema) || kinds.has(bare(schema)))
    return `/** ${description} */\nexport type ${name} = ${typeText(schema, imports, true)}`
  const inherited = parent ? Object.keys(shapeOf(parent)) : []
  const members = settingsOf(schema)
    .filter((one) => !inherited.includes(one.name))
    .map((one) => {
      const comment = one.meaning ? `${tsdoc(one)}\n` : '  /** What it is. */\n'
      const mark = one.optional ? '?' : ''
      return `${comment}  readonly ${one.name}${mark}: ${typeText(one.schema, imports)}`
    })
  const base = parent ? ` extends ${typeMeanings.get(parent).name}` : ''
  return `/** ${description} */\nexport interface ${name}${base} {\n${members.join('\n')}\n}`
}

function tsdoc(one) {
  const kind = kinds.get(bare(one.schema))
  const text = plain(one.meaning.description)
  const bounds = kind?.bounds ? ` Allowed: ${allowedText(one.schema)}.` : ''
  const fallback = defaultText(one)
  const shown = /^`[^`]*`$/.test(fallback) ? fallback.slice(1, -1) : fallback
  const end = ['none', 'required', 'see below'].includes(fallback) ? '' : ` @default ${shown}`
  const full = `${text}.${bounds}`
  if (full.length + end.length <= WIDTH) return `  /** ${full}${end} */`
  const lines = ['']
  for (const word of full.split(' ')) {
    const last = lines.length - 1
    if (lines[last].length + word.length + 1 > WIDTH) lines.push(word)
    else lines[last] += lines[last] === '' ? word : ` ${word}`
  }
  if (end !== '') lines.push(end.trim())
  return `  /**\n${lines.map((line) => `   * ${line}`).join('\n')}\n   */`
}

function typeText(schema, imports, inside = false) {
  let inner = schema
  for (;;) {
    const named = typeMeanings.get(inner)
    if (named && !inside) return named.name
    const kind = kinds.get(inner)
    if (kind) {
      const [module, ...names] = kind.imports ?? []
      if (module) imports.set(module, new Set([...(imports.get(module) ?? []), ...names]))
      return kind.type
    }
    const next = definition(inner).innerType ?? definition(inner).in
    if (next === undefined) break
    inner = next
  }
  const { options, element, valueType, values, type } = definition(inner)
  if (values) return values.map((value) => `'${value}'`).join(' | ')
  if (element) return `readonly ${grouped(typeText(element, imports))}[]`
  if (valueType) return `Readonly<Record<string, ${typeText(valueType, imports)}>>`
  if (options) return options.map((option) => typeText(option, imports)).join(' | ')
  throw new Error(`a ${type} has no type: make it in kinds.ts, or name it with group() or named()`)
}

const grouped = (text) => (/[|&]|=>/.test(text) ? `(${text})` : text)
