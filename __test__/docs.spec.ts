// Every Markdown page of the repository: its snippets run, the output they show is what they print, and every link,
// file and command they name exists. No fence goes unlooked at.
//
// | fence            | is                                                                                          |
// | ---------------- | ------------------------------------------------------------------------------------------- |
// | `js`, `ts`       | run: as ESM, or as CommonJS when it calls `require`; `ts` is checked by tsc as well          |
// | `sh run`         | a shell script, run in the folder of the last `js` or `ts` snippet before it                 |
// | `sh`             | shown only; what it calls of ours has to exist                                               |
// | `json`, `yaml`   | parsed                                                                                       |
// | `dockerfile`     | looked at line by line: instructions that there are                                          |
// | `text output`    | what the snippet before it prints                                                            |
// | any `file=NAME`  | written to that file for the snippets behind it on the page, one of which has to name it     |
//
// Marks: `signal=SIGTERM` sends the signal after the first output; `needs=NAME` skips the snippet where neither
// a package nor a program of that name is installed.

import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { parseAllDocuments } from 'yaml'
import { cli } from './support/cli.ts'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TYPESCRIPT = import.meta.resolve('@oxc-node/core/register')
const TSC = require.resolve('typescript/bin/tsc')

/** Made by `npm run bench`, which takes minutes. */
const GENERATED = ['docs/bench.svg', 'benches/record/latest.json']

/** Folders without pages of ours; the signatures in docs/api are made from the types, which tsc checks. */
const NO_PAGES = ['node_modules', 'target', 'dist', 'npm', '.smoke', 'lazy', 'native']
const NO_SNIPPETS = /^docs\/api\//

/** Packages and programs that are not among the dependencies of the project (scripts/guests.mjs installs them). */
const APART = '__test__/fixtures/runners-apart/node_modules'

/** Packages that snippets import besides `fapilog`. */
const BESIDE = [
  ...['examples/fapilog-enricher-build', 'examples/fapilog-sink-http'],
  ...['@hono', '@koa', '@nestjs', '@opentelemetry', 'express', 'fastify', 'hono', 'koa'],
  ...['pino', 'prom-client', 'reflect-metadata', 'winston', 'zod', `${APART}/bunyan`],
]

/** What NestJS is written with. */
const DECORATORS = { experimentalDecorators: true }

interface Snippet {
  readonly name: string
  readonly language: 'js' | 'ts' | 'sh'
  readonly code: string
  /** Files of the page that it finds beside it. */
  readonly files: ReadonlyMap<string, string>
  /** What is run before a shell script. */
  readonly before?: Snippet | undefined
  readonly signal?: NodeJS.Signals | undefined
  readonly needs?: string | undefined
  /** What it prints, when the page says so. */
  output: string | undefined
}

interface Fence {
  readonly at: string
  readonly language: string
  readonly marks: string
  readonly code: string
}

/** The files below a folder of the repository, but for those that it does not consist of. */
async function filesOf(folder = ''): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(join(ROOT, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (!entry.isDirectory()) found.push(path)
    else if (!entry.name.startsWith('.') && !NO_PAGES.includes(entry.name))
      found.push(...(await filesOf(path)))
  }
  return found
}

async function pages(): Promise<string[]> {
  return (await filesOf()).filter((path) => path.endsWith('.md'))
}

function fences(page: string, text: string): Fence[] {
  return [...text.matchAll(/^```(\w*)([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language, marks, code] = match as unknown as [string, string, string, string]
    const line = text.slice(0, match.index).split('\n').length
    return { at: `${page}:${line}`, language, marks, code }
  })
}

/** The value of a mark `name=value`. */
function mark(marks: string, name: string): string | undefined {
  return new RegExp(`\\b${name}=(\\S+)`).exec(marks)?.[1]
}

function snippets(page: string, text: string): Snippet[] {
  const found: Snippet[] = []
  const files = new Map<string, string>()
  const unused = new Map<string, string>()
  for (const { at, language, marks, code } of fences(page, text)) {
    for (const file of unused.keys()) if (code.includes(file)) unused.delete(file)
    const file = mark(marks, 'file')
    if (file !== undefined) {
      files.set(file, code)
      unused.set(file, at)
    } else if (language === 'text' && /\boutput\b/.test(marks)) {
      const last = found.at(-1)
      if (last === undefined) throw new Error(`${at}: output without a snippet`)
      last.output = code
    } else if (language === 'js' || language === 'ts' || /^sh\b.*\brun\b/.test(language + marks)) {
      found.push({
        name: at,
        language: language as Snippet['language'],
        code,
        files: new Map(files),
        before: found.findLast(({ language }) => language !== 'sh'),
        signal: mark(marks, 'signal') as NodeJS.Signals | undefined,
        needs: mark(marks, 'needs'),
        output: undefined,
      })
    }
  }
  for (const [file, at] of unused) throw new Error(`${at}: nothing on the page uses ${file}`)
  return found
}

function fileName({ language, code }: Snippet, index: number): string {
  if (language === 'ts') return `snippet-${index}.mts`
  return `snippet-${index}.${/\brequire\(/.test(code) ? 'cjs' : 'mjs'}`
}

/** A folder in which `fapilog` can be imported, and what its users may have beside it. */
async function project(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fapilog-docs-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await mkdir(join(folder, 'node_modules'))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: DECORATORS }))
  await symlink(ROOT, join(folder, 'node_modules', 'fapilog'), 'junction')
  for (const beside of BESIDE) {
    const from = join(ROOT, beside.includes('/') ? beside : join('node_modules', beside))
    const to = join(folder, 'node_modules', beside.split('/').at(-1) as string)
    // not linked: they would look for `fapilog` where they really are
    if (beside.startsWith('examples/')) await cp(from, to, { recursive: true })
    else if (existsSync(from)) await symlink(from, to, 'junction')
  }
  return folder
}

async function writeFiles(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, text] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

function isInstalled(name: string, folder: string): boolean {
  const programs = `${environment['PATH']}${delimiter}/usr/sbin`.split(delimiter)
  return [join(folder, 'node_modules'), ...programs].some((path) => existsSync(join(path, name)))
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
  Object.entries({
    ...process.env,
    PATH: `${process.env['PATH']}${delimiter}${join(ROOT, APART, '.bin')}`,
    PORT: '0',
  }).filter(([name]) => !/^(FAPILOG_|NODE_OPTIONS$|NO_COLOR$|FORCE_COLOR$)/.test(name)),
)

/** Runs a program until its first output, sends it a signal and answers with all that it printed. */
async function untilSignal(
  args: readonly string[],
  signal: NodeJS.Signals,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly timeout: number },
): Promise<{ stdout: string }> {
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout === '') child.kill(signal)
    stdout += text
  })
  return new Promise((resolve, reject) => {
    child.on('close', (code, by) => {
      if (code === 0 || by === signal) resolve({ stdout })
      else reject(new Error(`ended with ${code ?? by}: ${stdout}`))
    })
  })
}

const texts = new Map<string, string>()
for (const page of await pages()) texts.set(page, await readFile(join(ROOT, page), 'utf8'))

const all: Snippet[] = []
for (const [page, text] of texts) if (!NO_SNIPPETS.test(page)) all.push(...snippets(page, text))

for (const [index, snippet] of all.entries()) {
  test(`the snippet at ${snippet.name} runs`, async (t) => {
    const folder = await project()
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    if (snippet.needs !== undefined && !isInstalled(snippet.needs, folder)) {
      t.log(`skipped: ${snippet.needs} is not installed`)
      t.pass()
      return
    }
    await writeFiles(folder, snippet.files)
    const options = { cwd: folder, env: environment, timeout: 60_000 }
    const execute = async (one: Snippet) => {
      const file = join(folder, fileName(one, index))
      await writeFile(file, one.code)
      const args = one.language === 'ts' ? [`--import=${TYPESCRIPT}`, file] : [file]
      return one.signal === undefined
        ? run(process.execPath, args, options)
        : untilSignal(args, one.signal, options)
    }
    const shell = async () => {
      if (snippet.before !== undefined) await execute(snippet.before)
      const bin = `"${process.execPath}" "${join(ROOT, 'bin/fapilog.mjs')}"`
      return run('sh', ['-ec', snippet.code.replaceAll('npx fapilog', bin)], options)
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
    for (const [name, text] of snippet.files) {
      if (!name.endsWith('.ts')) continue
      await writeFiles(folder, new Map([[name, text]]))
      if (!files.includes(name)) files.push(name)
    }
    if (snippet.language !== 'ts') continue
    files.push(fileName(snippet, index))
    await writeFile(join(folder, fileName(snippet, index)), snippet.code)
  }
  t.true(files.length > 0)
  const compilerOptions = {
    ...DECORATORS,
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

test('every fence is of a kind that is run, parsed or only shown', (t) => {
  for (const [page, text] of texts) {
    if (NO_SNIPPETS.test(page)) continue
    for (const { at, language, marks, code } of fences(page, text)) {
      t.notRegex(marks, /no-run/, at)
      if (mark(marks, 'file') !== undefined && !/^(json|yaml)$/.test(language)) continue
      if (language === 'json') t.notThrows(() => JSON.parse(code), at)
      else if (language === 'yaml') {
        for (const document of parseAllDocuments(code)) t.deepEqual(document.errors, [], at)
      } else if (language === 'dockerfile') {
        t.regex(code, /^((FROM|WORKDIR|COPY|RUN|USER|ENV|CMD) .*\n)+$/, at)
      } else t.true(['js', 'ts', 'sh', 'text', ''].includes(language), `${at}: ${language}`)
    }
  }
})

test('commands that pages name exist', async (t) => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  const helps = new Map<string, string>()
  for (const [page, text] of texts) {
    if (NO_SNIPPETS.test(page)) continue
    for (const [, name] of text.matchAll(/\bnpm run (?:--\S+ )*([a-z][\w:-]*)/g)) {
      t.true((name as string) in scripts, `${page}: npm run ${name}`)
    }
    for (const [call, name, rest] of text.matchAll(/\bnpx fapilog ([a-z]+)([^\n`|]*)/g)) {
      if (!helps.has(name as string)) {
        const { code, stdout } = await cli([name as string, '--help'])
        t.is(code, 0, `${page}: ${call}`)
        helps.set(name as string, stdout)
      }
      for (const [, flag] of (rest as string).matchAll(/ (--[a-z][a-z-]*)/g)) {
        t.true(helps.get(name as string)?.includes(flag as string), `${page}: ${call}`)
      }
    }
  }
  t.true(helps.size > 0)
})

/** The anchors of a page, as GitHub makes them of its headings. */
function anchors(text: string): Set<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)
  const found = new Set<string>(
    [...text.matchAll(/<a id="([^"]+)"/g)].map(([, id]) => id as string),
  )
  for (const [, heading] of headings) {
    const slug = (heading as string)
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let again = 1; found.has(anchor); again++) anchor = `${slug}-${again}`
    found.add(anchor)
  }
  return found
}

test('links lead to pages and headings, and named files exist', async (t) => {
  const sources: string[] = []
  for (const folder of ['__test__', 'crates', 'src'])
    for (const path of await filesOf(folder)) if (/\.(rs|ts)$/.test(path)) sources.push(`/${path}`)
  for (const [page, text] of texts) {
    const prose = text.replace(/^```[\s\S]*?^```$/gm, '')
    for (const [, target, anchor] of prose.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      if (/^[a-z]+:/.test(target as string)) continue
      const path = target === '' ? page : join(dirname(page), target as string)
      if (GENERATED.includes(path)) continue
      t.true(existsSync(join(ROOT, path)), `${page} links to ${path}`)
      const aim = texts.get(path)
      if (anchor !== undefined && aim !== undefined) {
        t.true(anchors(aim).has(anchor), `${page} links to ${path}#${anchor}`)
      }
    }
    for (const [, path] of prose.matchAll(
      /`((?:__test__|benches|crates|demo|docs|examples|lazy|schemas|scripts|src)\/[\w./-]+)`/g,
    )) {
      if (GENERATED.includes(path as string)) continue
      t.true(existsSync(join(ROOT, path as string)), `${page} names ${path}`)
    }
    // sources by the end of their paths
    for (const [, path] of prose.matchAll(/`([\w./-]+\.(?:rs|ts))`/g)) {
      const isThere = existsSync(join(ROOT, path as string))
      t.true(
        isThere || sources.some((source) => source.endsWith(`/${path}`)),
        `${page} names ${path}`,
      )
    }
  }
})
