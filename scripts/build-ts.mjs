// Bundles src/ into dist/ and rolls the public types up into index.d.ts, testing.d.ts, bridges.d.ts and their .d.cts.
// `--check` builds into a temporary folder and fails when the committed types differ.
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PRODUCTS } from './freshness.mjs'
import { required, root } from './stage.mjs'

const HEADER =
  '// GENERATED from src/ by `npm run build:ts`. Do not edit: change src/ and commit the result.\n'
const TYPES = Object.fromEntries(
  ['index', 'testing', 'bridges'].flatMap((entry) => [
    [`${entry}.d.mts`, `${entry}.d.ts`],
    [`${entry}.d.cts`, `${entry}.d.cts`],
  ]),
)
const check = process.argv.includes('--check')

const startedAt = new Date()
const outDir = check ? mkdtempSync(join(tmpdir(), 'fapilog-types-')) : join(root, 'dist')
rmSync(outDir, { recursive: true, force: true })
await required('tsdown', ['tsdown', '--out-dir', outDir, '--log-level', 'warn'])
for (const path of readdirSync(outDir, { recursive: true })) {
  if (!/\.d\.[cm]ts$/.test(path)) continue
  const file = join(outDir, path)
  writeFileSync(file, withCommentsOnTheirLines(readFileSync(file, 'utf8')))
}

let failed = false
for (const [built, committed] of Object.entries(TYPES)) {
  const text = HEADER + readFileSync(join(outDir, built), 'utf8').replace(/^\/\/#.*\n?/gm, '')
  const foreign = [
    ...text.matchAll(/(?:from|import\(|require\()\s*["'](?!node:|fapilog["'])([^"']+)["']/g),
  ]
  for (const [, specifier] of foreign) {
    failed = true
    console.error(`${committed} refers to '${specifier}', which a user does not have installed`)
  }
  const target = join(root, committed)
  if (!check) {
    writeFileSync(target, text)
    rmSync(join(outDir, built))
  } else if (readIfAny(target) !== text) {
    failed = true
    console.error(`${committed} is not what src/ says: run \`npm run build:ts\` and commit it`)
  }
}

if (check) rmSync(outDir, { recursive: true })
else {
  for (const product of PRODUCTS) utimesSync(join(root, product), startedAt, startedAt)
}
if (failed) process.exit(1)

/** Inside types without a name the bundler puts comments behind the member before theirs, where they are not found. */
function withCommentsOnTheirLines(types) {
  return types
    .replace(/^( *)(\/\*\*.*\*\/)(?=\S)/gm, '$1$2\n$1')
    .replace(/^( *)(\S.*;) (\/\*\*.*)$/gm, '$1$2\n$1$3')
}

function readIfAny(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return ''
    throw error
  }
}
