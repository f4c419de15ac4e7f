// What a new plugin begins with: one small plugin that works for each kind, and a package around it.

import type { PluginKind } from 'fapilog'
import { PLUGIN_API_VERSION } from '../../plugins/contracts.js'

/** The kinds of plugins, each with a template. */
export const KINDS: readonly PluginKind[] = ['enricher', 'filter', 'redactor', 'processor', 'sink']

/** What a template is filled in with. */
export interface Project {
  /** Name of the package. */
  readonly name: string
  readonly kind: PluginKind
  /** Version of fapilog that it is written with. */
  readonly fapilog: string
}

/** One kind of plugin. */
interface Template {
  /** What it does, for package.json and README. */
  readonly does: string
  /** JSON schema of its only setting, and its name. */
  readonly setting: string
  readonly schema: { readonly description: string; readonly [keyword: string]: unknown }
  /** Settings for the example in the README, as code. */
  readonly example: string
  /** The module. */
  readonly code: (plugin: string) => string
  /** The test of what it does. */
  readonly test: string
}

const TEXTS = { type: 'array', items: { type: 'string' } }

const TEMPLATES: Readonly<Record<PluginKind, Template>> = {
  enricher: {
    does: 'Adds the region that the process runs in to the context of every event',
    setting: 'region',
    schema: { type: 'string', minLength: 1, description: 'the region, default `eu`' },
    example: "{ region: 'us' }",
    code: (plugin) => `import { defineEnricher } from 'fapilog'

/** @param {{ region?: string }} [settings] the region, default \`eu\` */
export default function plugin({ region = 'eu' } = {}) {
  const enrichment = { context: { region } }
  return defineEnricher({
    name: '${plugin}',
    version: '0.1.0',
    enrich: () => enrichment,
  })
}
`,
    test: `test('every event says the region', () => {
  const log = createTestLogger({ plugins: [plugin({ region: 'us' })] })
  log.info('order placed')
  expectLog(log, { message: 'order placed', context: { region: 'us' } })
})
`,
  },
  filter: {
    does: 'Ends events with certain messages',
    setting: 'messages',
    schema: { ...TEXTS, description: 'messages of events that end here, default `["ping"]`' },
    example: "{ messages: ['ping', 'pong'] }",
    code: (plugin) => `import { defineFilter } from 'fapilog'

/** @param {{ messages?: readonly string[] }} [settings] messages of events that end here, default \`["ping"]\` */
export default function plugin({ messages = ['ping'] } = {}) {
  const unwanted = new Set(messages)
  return defineFilter({
    name: '${plugin}',
    version: '0.1.0',
    filter: (event) => !unwanted.has(event.message),
  })
}
`,
    test: `test('events with these messages end', () => {
  const log = createTestLogger({ plugins: [plugin({ messages: ['pong'] })] })
  log.info('pong')
  log.info('order placed')
  expectLog(log, 'order placed', { times: 1 })
  expectNoLog(log, 'pong')
})
`,
  },
  redactor: {
    does: 'Masks fields by their names, at every depth',
    setting: 'fields',
    schema: { ...TEXTS, description: 'names of the fields, default `["plate"]`' },
    example: "{ fields: ['plate', 'vin'] }",
    code: (plugin) => `import { defineRedactor } from 'fapilog'

/** @param {{ fields?: readonly string[] }} [settings] names of the fields, default \`["plate"]\` */
export default function plugin({ fields = ['plate'] } = {}) {
  const secret = new Set(fields)
  const mask = (value) => {
    if (typeof value !== 'object' || value === null) return
    for (const key of Object.keys(value)) {
      if (secret.has(key)) value[key] = '***'
      else mask(value[key])
    }
  }
  return defineRedactor({
    name: '${plugin}',
    version: '0.1.0',
    redact(event) {
      mask(event.data)
    },
  })
}
`,
    test: `test('fields of these names are masked, the others are not', () => {
  const log = createTestLogger({ plugins: [plugin({ fields: ['plate'] })] })
  log.info('parked', { plate: 'B-XY 123', car: { plate: 'B-XY 123', doors: 5 } })
  expectLog(log, { data: { plate: '***', car: { plate: '***', doors: 5 } } })
})
`,
  },
  processor: {
    does: 'Cuts long messages',
    setting: 'maxLength',
    schema: { type: 'integer', minimum: 1, description: 'characters that are kept, default 1000' },
    example: '{ maxLength: 200 }',
    code: (plugin) => `import { defineProcessor } from 'fapilog'

/** @param {{ maxLength?: number }} [settings] characters that are kept, default 1000 */
export default function plugin({ maxLength = 1000 } = {}) {
  return defineProcessor({
    name: '${plugin}',
    version: '0.1.0',
    process(event) {
      if (event.message.length <= maxLength) return
      event.data.messageLength = event.message.length
      event.message = event.message.slice(0, maxLength)
    },
  })
}
`,
    test: `test('a long message is cut, and says how long it was', () => {
  const log = createTestLogger({ plugins: [plugin({ maxLength: 5 })] })
  log.info('short')
  log.info('too long')
  expectLog(log, 'short', { times: 1 })
  expectLog(log, { message: 'too l', data: { messageLength: 8 } })
})
`,
  },
  sink: {
    does: 'Appends events to a file as JSON lines',
    setting: 'path',
    schema: {
      type: 'string',
      minLength: 1,
      description: 'the file, default one in the folder for temporary files',
    },
    example: "{ path: 'logs/events.log' }",
    code: (plugin) => `import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineSink } from 'fapilog'

/** @param {{ path?: string }} [settings] the file, default one in the folder for temporary files */
export default function plugin({ path = join(tmpdir(), '${plugin}.log') } = {}) {
  let file
  return defineSink({
    name: '${plugin}',
    version: '0.1.0',
    format: 'json',
    async start() {
      file = await open(path, 'a')
    },
    // A rejection makes fapilog try the same lines again.
    async writeLines(lines) {
      await file.appendFile(lines)
    },
    health: () => ({ healthy: file !== undefined }),
    async stop() {
      await file?.close()
      file = undefined
    },
  })
}
`,
    test: `test('every event is a line of the file, in order', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sink-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'events.log')
  const log = createTestLogger({ plugins: [plugin({ path })] })
  for (let n = 0; n < 100; n++) log.info('order placed', { n })
  await log.close()
  const lines = readFileSync(path, 'utf8').trimEnd().split('\\n')
  const numbers = lines.map((line) => JSON.parse(line).data.n)
  assert.deepEqual(numbers, Array.from({ length: 100 }, (_, n) => n))
})
`,
  },
}

/** Modules whose names a test may use, and what it imports of them. */
const IMPORTS: readonly (readonly [module: string, names: readonly string[]])[] = [
  ['node:fs', ['mkdtempSync', 'readFileSync', 'rmSync']],
  ['node:os', ['tmpdir']],
  ['node:path', ['join']],
]
const KIT = ['assertPlugin', 'createTestLogger', 'expectLog', 'expectNoLog']

/** The files of a new package, by name. */
export function template(project: Project): Readonly<Record<string, string>> {
  const one = TEMPLATES[project.kind]
  return {
    'package.json': manifest(project, one),
    'index.js': one.code(pluginName(project)),
    'index.test.js': test(one),
    'README.md': readme(project, one),
  }
}

/** `@acme/fapilog-sink-orders` is the plugin `orders`. */
function pluginName({ name, kind }: Project): string {
  const short = name.replace(/^.*\//, '')
  return short.replace(new RegExp(`^fapilog-(?:plugin-)?(?:${kind}-)?(?=.)`), '')
}

function manifest({ name, kind, fapilog }: Project, { does, setting, schema }: Template): string {
  const [major] = fapilog.split('.')
  const manifest = {
    name,
    version: '0.1.0',
    description: does,
    keywords: ['fapilog-plugin'],
    type: 'module',
    exports: { '.': './index.js', './package.json': './package.json' },
    files: ['index.js'],
    engines: { node: '>=20' },
    scripts: { test: 'node --test', validate: 'fapilog plugin validate' },
    peerDependencies: { fapilog: `^${fapilog}` },
    devDependencies: { fapilog: `^${fapilog}` },
    fapilog: {
      kind,
      entry: './index.js',
      apiVersion: PLUGIN_API_VERSION,
      fapilog: `^${major}`,
      settings: {
        type: 'object',
        additionalProperties: false,
        properties: { [setting]: schema },
      },
    },
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}

function test({ test }: Template): string {
  const uses = (name: string) => new RegExp(`\\b${name}\\b`).test(test)
  const imports = IMPORTS.flatMap(([module, names]) => {
    const used = names.filter(uses)
    return used.length === 0 ? [] : [`import { ${used.join(', ')} } from '${module}'\n`]
  })
  const kit = KIT.filter((name) => name === 'assertPlugin' || uses(name))
  return `${uses('assert') ? "import assert from 'node:assert/strict'\n" : ''}${imports.join('')}import test from 'node:test'
import { ${kit.join(', ')} } from 'fapilog/testing'
import plugin from './index.js'

test('the plugin keeps its contract', () => assertPlugin(plugin()))

${test}`
}

function readme({ name, kind }: Project, { does, setting, schema, example }: Template): string {
  return `# ${name}

${does}: ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind} for [fapilog](https://www.npmjs.com/package/fapilog).

\`\`\`js
import { createLogger } from 'fapilog'
import { PluginRegistry } from 'fapilog/plugins'

const registry = new PluginRegistry()
const log = createLogger({
  plugins: [await registry.load('${name}', ${example})],
})
\`\`\`

| setting | meaning |
| --- | --- |
| \`${setting}\` | ${schema.description} |

\`npm test\` runs its tests, \`npm run validate\` checks package and plugin as fapilog does.
`
}
