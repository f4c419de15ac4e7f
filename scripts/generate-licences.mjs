// Writes THIRD-PARTY-LICENSES.txt: whose code is in dist/ and in the addon, on any platform, and under which terms. `--check`
// only compares.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { PINO_PARTS, SETTINGS_PARTS } from './bundled-packages.mjs'
import { writeGenerated } from './generated.mjs'
import { run } from './run.mjs'
import { root } from './stage.mjs'

/** Where there is a choice, the first of these that a package has a text of. */
const PREFERRED = ['MIT', 'ISC', 'BSD', 'Zlib', 'Apache-2.0', 'Unlicense']

/** Words that only one text has. */
const KINDS = {
  'Apache-2.0': /Apache License\s+Version 2\.0/,
  Unlicense: /free and unencumbered software released into the public domain/,
  Unicode: /UNICODE[, ]+INC\.|UNICODE LICENSE/i,
  BSD: /Redistributions of source code must retain/,
  Zlib: /Altered source versions must be plainly marked/,
  ISC: /Permission to use, copy, modify, and\/or distribute this software for any\s+purpose/,
  MIT: /Permission is hereby granted, free of charge/,
}
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`

/** Linked into every addon; its own crates are not in Cargo.lock. */
const STANDARD_LIBRARY = {
  name: 'Rust',
  version: 'standard library',
  licence: 'MIT OR Apache-2.0',
  texts: [`Copyright (c) The Rust Project Contributors\n\n${MIT}`],
}
const RULE = '-'.repeat(80)
const ITS_CRATES = 'addr2line, adler2, gimli, hashbrown, miniz_oxide, object, rustc-demangle'

const packages = [...PINO_PARTS, ...SETTINGS_PARTS].sort().map(fromNpm)
const crates = [...linkedCrates(), STANDARD_LIBRARY]
const byText = new Map()
for (const { name, texts } of [...packages, ...crates]) {
  for (const text of texts) byText.set(text, [...(byText.get(text) ?? []), name])
}

writeGenerated({
  'THIRD-PARTY-LICENSES.txt': `Made by \`npm run generate:licences\`: do not edit.

fapilog is licensed under the Apache License, Version 2.0: see LICENSE. What is published contains code of others, under
the terms below.

In the npm package fapilog:

${list(packages)}

In the native addons, on one platform or another:

${list(crates)}

The standard library of Rust has parts of ${ITS_CRATES}.

${[...byText].map(([text, names]) => `${RULE}\n${names.join(', ')}:\n\n${text}\n`).join('\n')}`,
})

function list(parts) {
  return parts.map((one) => `  ${one.name} ${one.version} (${one.licence})`).join('\n')
}

function fromNpm(name) {
  const folder = join(root, 'node_modules', name)
  const { version, license, author } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  )
  return { name, version, licence: license, texts: textsOf(folder, name, license, author) }
}

/** Crates of the addon's, on all platforms; not what only runs while it is built. */
function linkedCrates() {
  const { napi } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const found = new Map()
  for (const target of napi.targets) {
    const { packages, resolve } = JSON.parse(
      run(root, 'cargo', 'metadata', '--locked', '--format-version=1', '--filter-platform', target),
    )
    const packageOf = new Map(packages.map((one) => [one.id, one]))
    const nodeOf = new Map(resolve.nodes.map((node) => [node.id, node]))
    // On each platform anew: the same crate has other dependencies.
    const seen = new Set()
    const visit = (id) => {
      const one = packageOf.get(id)
      if (seen.has(id) || one.targets.some(({ kind }) => kind.includes('proc-macro'))) return
      seen.add(id)
      found.set(id, one)
      for (const { pkg, dep_kinds } of nodeOf.get(id).deps)
        if (dep_kinds.some(({ kind }) => kind === null)) visit(pkg)
    }
    visit(packages.find(({ name }) => name === 'fapilog-addon').id)
  }
  return [...found.values()]
    .filter(({ source }) => source !== null)
    .map(({ name, version, license, authors, manifest_path }) => ({
      name,
      version,
      licence: license,
      texts: textsOf(dirname(manifest_path), name, license, authors.join(', ')),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The licence texts in a folder; of those one may choose from, one. */
function textsOf(folder, name, licence, author) {
  const texts = readdirSync(folder, { recursive: true })
    .filter((path) => /(^|[\\/])(licen[cs]e|copying|notice)[^\\/]*$/i.test(path))
    .filter((path) => !/\.(m?js|ts|rs)$|(^|[\\/])(node_modules|tests|benches)[\\/]/.test(path))
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .sort()
    .map((path) => readFileSync(path, 'utf8'))
    .map((text) =>
      text
        .replaceAll('\r', '')
        .replace(/[ \t]+$/gm, '')
        .replace(/^\n+|\s+$/g, ''),
    )
    .map((text) => ({ text, kind: Object.keys(KINDS).find((kind) => KINDS[kind].test(text)) }))
  const choice = PREFERRED.filter((kind) => licence.includes(kind))
  const chosen = choice.find((kind) => texts.some((one) => one.kind === kind)) ?? choice[0]
  const kept = texts.filter(({ kind }) => kind === chosen || (kind && !choice.includes(kind)))
  if (kept.some(({ kind }) => kind === chosen)) return [...new Set(kept.map(({ text }) => text))]
  // Some crates name the licence and leave its text out.
  if (choice.includes('MIT'))
    return [`Copyright (c) ${author || `the authors of ${name}`}\n\n${MIT}`]
  throw new Error(`${name}: no text of ${licence} in ${relative(root, folder)}`)
}
