// Writes the sentence below the README's figure from the run that drew it, benches/record/latest.json.
// `--check` only compares.

import { readFileSync } from 'node:fs'
import { writeGenerated } from './generated.mjs'

const root = new URL('../', import.meta.url)
const read = (path) => readFileSync(new URL(path, root), 'utf8')

const { meta, cells } = JSON.parse(read('benches/record/latest.json'))
const busy = ([, cell]) => cell.main.median
const [name, pino] = Object.entries(cells.request)
  .filter(([subject]) => subject.startsWith('pino'))
  .sort((a, b) => busy(a) - busy(b))[0]
const { fapilog } = cells.request
const microseconds = (ns) => `${(ns / 1000).toFixed(2)} µs`

const sentence = `The bench's request record keeps the main thread busy for ${microseconds(fapilog.main.median)}, and for
${microseconds(pino.main.median)} with the fastest of pino's destinations (${name}); the line is on file after
${microseconds(fapilog.onFile.median)} and ${microseconds(pino.onFile.median)} an event (${meta.date.slice(0, 10)}, ${meta.cpu}, ${meta.cores} cores, Node.js ${meta.node.slice(1)}).`

const BOUNDS = /(<!-- from benches\/record\/latest.json -->\n)[\s\S]*?(<!-- -->)/
const readme = read('README.md')
if (!BOUNDS.test(readme)) throw new Error('README.md has no place for the headline')
writeGenerated({ 'README.md': readme.replace(BOUNDS, `$1${sentence}\n$2`) })
