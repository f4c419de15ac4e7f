// The tables of docs/settings.md: one for each group of settings.
import { typeMeanings } from '../../src/settings/meaning.ts'
import { PRESETS } from '../../src/settings/presets.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import { pythonVariables, variableOf } from '../../src/settings/variables.ts'
import { definition, shapeOf } from '../../src/settings/walk.ts'
import { allowedText, defaultText, literal, namedTypes, settingsOf } from './look.mjs'

const START = '<!-- tables: written by `npm run generate` from src/settings/schema.ts -->'
const END = '<!-- end of the tables -->'

/** The page with fresh tables. */
export function reference(page) {
  const [before, rest] = page.split(START)
  const after = rest?.split(END)[1]
  if (after === undefined) throw new Error(`docs/settings.md needs ${START} and ${END}`)
  return `${before}${START}\n\n${tables()}\n${presets()}\n${python()}\n${END}${after}`
}

function tables() {
  const groups = namedTypes(settingsSchema).filter(({ schema }) => shapeOf(schema))
  const paths = pathsOf(settingsSchema)
  // The logger first, then by what is nearest to it.
  const ordered = [...groups].sort((a, b) => depth(a, paths) - depth(b, paths))
  return ordered
    .map((type) => table(type, paths))
    .filter(Boolean)
    .join('\n')
}

function presets() {
  const rows = Object.entries(PRESETS).map(
    ([name, { description, settings }]) =>
      `| \`${name}\` | ${description} | \`${literal(settings)}\` |`,
  )
  const head = '| Preset | For | Settings |\n| --- | --- | --- |'
  return `## Presets\n\nA preset stands below every other source but the defaults.\n\n${head}\n${rows.join('\n')}\n`
}

function python() {
  const rows = pythonVariables(settingsSchema).map(
    ([name, path, unit]) =>
      `| \`${name}\` | \`${path}\`${unit === undefined ? '' : `; a plain number is in ${unit}`} |`,
  )
  const head = '| Variable | Sets |\n| --- | --- |'
  return `## Variables of the Python library\n\nThese mean here what they mean there. A variable of ours for the same setting comes first.\n\n${head}\n${rows.join('\n')}\n`
}

function depth({ schema, extends: parent }, paths) {
  if (schema === settingsSchema) return 0
  if (paths.has(schema)) return paths.get(schema).length
  return parent ? 12 : 11
}

/** Where the groups are that environment variables reach. */
function pathsOf(root) {
  const found = new Map([[root, []]])
  const visit = (group, path) => {
    for (const { name, schema } of settingsOf(group)) {
      let inner = schema
      while (definition(inner).innerType) inner = definition(inner).innerType
      if (!shapeOf(inner)) continue
      found.set(inner, [...path, name])
      visit(inner, [...path, name])
    }
  }
  visit(root, [])
  return found
}

function table({ name, description, heading, schema, extends: parent }, paths) {
  const inherited = parent ? Object.keys(shapeOf(parent)) : []
  const rows = settingsOf(schema).filter((one) => one.meaning && !inherited.includes(one.name))
  if (rows.length === 0) return ''
  const path = paths.get(schema)
  const title = heading ?? (path?.length ? `\`${path.join('.')}\`` : undefined) ?? tag(schema)
  if (title === undefined) throw new Error(`the group ${name} has no heading`)
  const columns = ['Setting', 'Default', 'Allowed', ...(path ? ['Variable'] : []), 'Meaning']
  const lines = rows.map((one) => {
    const name = path && variableOf([...path, one.name], one.schema)
    const variable = path ? [name === undefined ? '' : `\`${name}\``] : []
    const callable = typeof one.meaning.example === 'function'
    const example = callable ? '' : `. Example: \`${literal(one.meaning.example, one.schema)}\``
    return [
      `\`${one.name}\``,
      defaultText(one),
      allowedText(one.schema),
      ...variable,
      one.meaning.description + (one.meaning.live ? '. Can change at run time' : '') + example,
    ]
  })
  const text = [columns, columns.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
  return `## ${title}\n\n${description}\n\n${text}\n`
}

function tag(schema) {
  const type = shapeOf(schema).type
  return type && typeMeanings.has(schema) ? `\`type: '${definition(type).values[0]}'\`` : undefined
}
