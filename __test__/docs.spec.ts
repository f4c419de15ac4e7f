// README.md and docs/: every snippet runs, the output they show is what they print, and every link and test
// they name exists.
//
// A fence is ```js (ESM, or CommonJS when it calls `require`) or ```ts (run, and checked by tsc);
// ```js no-run is skipped. ```sh run is a shell script, run where the last snippet of the page before it ran. A ```text fence marked `output` holds what the snippet before it prints.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TYPESCRIPT = import.meta.resolve('@oxc-node/core/register')
const TSC = require.resolve('typescript/bin/tsc')

/** Made by `npm run bench`, which takes minutes. */
const GENERATED = ['docs/bench.svg', 'benches/record/latest.json']

/** Packages that snippets import besides `fapilog`. */
const BESIDE = ['@hono', '@koa', '@opentelemetry', 'express', 'fastify', 'hono', 'koa']

interface Snippet {
  readonly name: string
  readonly language: 'js' | 'ts' | 'sh'
  readonly code: string
  /** What is run before a shell script. */
  readonly before?: Snippet | undefined
  /** What it prints, when the page says so. */
  output: string | undefined
}

async function pages(): Promise<string[]> {
  const docs = await readdir(join(ROOT, 'docs'))
  return ['README.md', ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]
}

function snippets(page: string, text: string): Snippet[] {
  const found: Snippet[] = []
  for (const match of text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)) {
    const [, language, marks, code] = match as unknown as [string, string, string, string]
    if (/\bno-run\b/.test(marks)) continue
    if (language === 'text' && /\boutput\b/.test(marks)) {
      const last = found.at(-1)
      if (last === undefined) throw new Error(`${page}: output without a snippet`)
      last.output = code
    } else if (language === 'js' || language === 'ts' || /\brun\b/.test(marks)) {
      const line = text.slice(0, match.index).split('\n').length
      const kind = language === 'js' || language === 'ts' ? language : 'sh'
      const before = found.findLast(({ language }) => language !== 'sh')
      found.push({ name: `${page}:${line}`, language: kind, code, before, output: undefined })
    }
  }
  return found
}

function fileName({ language, code }: Snippet, index: number): string {
  if (language === 'ts') return `snippet-${index}.mts`
  return `snippet-${index}.${/\brequire\(/.test(code) ? 'cjs' : 'mjs'}`
}

/** A folder in which `fapilog` can be imported, and what its users may have beside it. */
async function project(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fapilog-docs-'))
  await mkdir(join(folder, 'node_modules'))
  await symlink(ROOT, join(folder, 'node_modules', 'fapilog'), 'junction')
  for (const beside of BESIDE) {
    await symlink(
      join(ROOT, 'node_modules', beside),
      join(folder, 'node_modules', beside),
      'junction',
    )
  }
  return folder
}

/** What differs from run to run: times, ids, the machine, the process, folders. */
function stable(text: string): string {
  return text
    .replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g, '<time>')
    .replace(/^\d{2}:\d{2}:\d{2}\.\d{3}/gm, '<time>')
    .replace(/"time":\d{13}/g, '"time":<time>')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replace(/"(host|hostname)":"[^"]*"/g, '"$1":"<host>"')
    .replace(/"pid":\d+/g, '"pid":<pid>')
    .replaceAll('\r\n', '\n')
    .trimEnd()
}

const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(FAPILOG_|NODE_OPTIONS$|NO_COLOR$|FORCE_COLOR$)/.test(name),
  ),
)

const all: Snippet[] = []
for (const page of await pages()) {
  all.push(...snippets(page, await readFile(join(ROOT, page), 'utf8')))
}

for (const [index, snippet] of all.entries()) {
  test(`the snippet at ${snippet.name} runs`, async (t) => {
    const folder = await project()
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const options = { cwd: folder, env: environment, timeout: 60_000 }
    const execute = async (one: Snippet) => {
      const file = join(folder, fileName(one, index))
      await writeFile(file, one.code)
      const flags = one.language === 'ts' ? [`--import=${TYPESCRIPT}`] : []
      return run(process.execPath, [...flags, file], options)
    }
    const shell = async () => {
      if (snippet.before !== undefined) await execute(snippet.before)
      const bin = `"${process.execPath}" "${join(ROOT, 'bin/fapilog.mjs')}"`
      return run('sh', ['-c', snippet.code.replaceAll('npx fapilog', bin)], options)
    }
    const { stdout } = await (snippet.language === 'sh' ? shell() : execute(snippet))
    if (snippet.output !== undefined) t.is(stable(stdout), stable(snippet.output))
    else t.pass()
  })
}

test('the TypeScript snippets have no type errors', async (t) => {
  const folder = await project()
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const files: string[] = []
  for (const [index, snippet] of all.entries()) {
    if (snippet.language !== 'ts') continue
    files.push(fileName(snippet, index))
    await writeFile(join(folder, fileName(snippet, index)), snippet.code)
  }
  t.true(files.length > 0)
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules', '@types')],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  await t.notThrowsAsync(
    run(process.execPath, [TSC, '-p', folder]).catch((error: { stdout?: string }) => {
      throw new Error(error.stdout ?? String(error))
    }),
  )
})

test('links and named tests lead to files that exist', async (t) => {
  for (const page of await pages()) {
    const text = await readFile(join(ROOT, page), 'utf8')
    const prose = text.replace(/^```[\s\S]*?^```$/gm, '')
    const links = [...prose.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)]
      .map(([, target]) => target as string)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => join(dirname(page), target))
    const named = [
      ...prose.matchAll(/`((?:__test__|crates|benches|src|demo)\/[\w./-]+\.\w+)`/g),
    ].map(([, path]) => path as string)
    for (const path of [...links, ...named]) {
      if (GENERATED.includes(path)) continue
      t.true(existsSync(join(ROOT, path)), `${page} names ${relative('', path)}`)
    }
  }
})
