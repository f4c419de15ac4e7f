// Bundles a program with the packed package by each bundler, as docs/bundlers.md says, and runs what comes out.
//
//   npm run test:bundlers
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cachedInstall } from './cached-install.mjs'
import { checks, equal } from './checks.mjs'
import { buildAndStart, buildStandalone, makeNextApp } from './nextjs-app.mjs'
import { fails, run } from './run.mjs'
import { root } from './stage.mjs'
import { install, packPlatform, packRoot } from './tarballs.mjs'

const EXPECTED = [
  { level: 30, orderId: 42, msg: 'order placed' },
  { level: 40, msg: 'FAPILOG_CONFIGURATION' },
]
/** What ESM has no `require` without, for CommonJS inside of it. */
const BANNER =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** Sent at once. */
const NEXT_REQUESTS = 20

const { check, skip, end } = checks('bundlers')
const cache = cachedInstall('bundlers')
const nextCache = cachedInstall('nextjs')
const folder = mkdtempSync(join(tmpdir(), 'fapilog-bundlers-'))
const app = join(folder, 'app')
const tarballs = [packRoot(folder).tarball, packPlatform(folder).tarball]
install(app, ...tarballs)
const entry = join(app, 'app.mjs')
copyFileSync(join(root, '__test__', 'bundlers', 'app.mjs'), entry)

/** How a program is bundled into the folder `out`; each returns the file to run. */
const BUNDLERS = {
  esbuild: {
    'outside, ESM': (out) => esbuild(out, 'esm', { packages: 'external' }),
    'outside, CommonJS': (out) => esbuild(out, 'cjs', { packages: 'external' }),
    'inside, CommonJS': (out) => esbuild(out, 'cjs', { external: ['@fapilog/*'] }),
    'inside, ESM': (out) =>
      esbuild(out, 'esm', { external: ['@fapilog/*'], banner: { js: BANNER } }),
    'inside with the addon': (out) => esbuild(out, 'cjs', { loader: { '.node': 'copy' } }),
  },
  webpack: {
    outside: (out) => webpack(out, [/^fapilog\b/]),
    inside: (out) => webpack(out, [/^@fapilog\/binding-/]),
  },
  rollup: {
    'outside, ESM': (out) => rollup(out, 'es', [/^node:/, /^fapilog\b/]),
    'outside, CommonJS': (out) => rollup(out, 'cjs', [/^node:/, /^fapilog\b/]),
    'inside, CommonJS': (out) => rollup(out, 'cjs', [/^node:/, /^@fapilog\/binding-/]),
  },
  vite: {
    'SSR, as it is': (out) => vite(out, {}),
    'SSR, inside': (out) => vite(out, { noExternal: [/^fapilog\b/] }, BANNER),
  },
}

for (const [bundler, ways] of Object.entries(BUNDLERS)) {
  for (const [way, bundle] of Object.entries(ways)) {
    const title = `${bundler}, ${way}`
    if (!existsSync(join(cache, 'node_modules', bundler))) {
      skip(title, 'it could not be installed')
      continue
    }
    await check(title, async () => {
      const out = join(app, title.replace(/\W+/g, '-'))
      let script = await bundle(out)
      let cwd = app
      if (way === 'inside with the addon') {
        // All it needs is in its folder.
        cwd = join(folder, 'alone')
        cpSync(out, cwd, { recursive: true })
        script = join(cwd, 'app.cjs')
      }
      const log = join(out, 'app.log')
      equal(run(cwd, process.execPath, script, log), 'true\n', 'output')
      const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
      const events = lines.map((line) => {
        const { time, pid, hostname, ...rest } = JSON.parse(line)
        return rest
      })
      equal(JSON.stringify(events), JSON.stringify(EXPECTED), 'events')
    })
  }
}
await check(
  'inside of an ES module without `require` the error says to keep fapilog external',
  async () => {
    const script = await vite(join(app, 'vite-plain'), { noExternal: [/^fapilog\b/] })
    const said = fails(app, process.execPath, script)
    if (!said.includes('keep fapilog external (docs/bundlers.md)')) throw new Error(said)
  },
)
await nextjs()
rmSync(folder, { recursive: true, force: true })
end()

async function nextjs() {
  const made = join(folder, 'next')
  const ways = {
    'Next.js, next build and next start': () => buildAndStart(made, NEXT_REQUESTS),
    "Next.js, output: 'standalone'": () =>
      buildStandalone(made, join(folder, 'standalone'), NEXT_REQUESTS),
  }
  const installed = existsSync(join(nextCache, 'node_modules', 'next'))
  if (installed) makeNextApp(made, tarballs, nextCache)
  for (const [title, way] of Object.entries(ways)) {
    if (installed) await check(title, async () => checkNext(await way()))
    else skip(title, 'it could not be installed')
  }
}

/** Every request and the error have their line, and nothing else has. */
function checkNext(events) {
  const counts = {}
  for (const { level, logger, message } of events) {
    const line = `${level} ${logger}: ${message}`
    counts[line] = (counts[line] ?? 0) + 1
  }
  const expected = {
    'INFO shop: server started': 1,
    'INFO shop: order placed': NEXT_REQUESTS,
    'ERROR shop: request failed': 1,
  }
  equal(JSON.stringify(counts), JSON.stringify(expected), 'events')
  const urls = new Set(events.flatMap(({ data }) => data.url ?? []))
  equal(urls.size, NEXT_REQUESTS, 'different requests')
  const { data, diagnostics } = events.at(-1)
  equal(data.path, '/broken', 'path of the request that failed')
  const exception = JSON.stringify(diagnostics.exception)
  if (!exception.includes('out of stock')) throw new Error(exception)
}

function load(name) {
  return createRequire(join(cache, 'package.json'))(name)
}

async function esbuild(out, format, more) {
  const outfile = join(out, format === 'esm' ? 'app.mjs' : 'app.cjs')
  const common = { entryPoints: [entry], bundle: true, platform: 'node', logLevel: 'silent' }
  await load('esbuild').build({ ...common, format, outfile, ...more })
  return outfile
}

async function webpack(out, externals) {
  const stats = await new Promise((resolve, reject) => {
    load('webpack')(
      {
        mode: 'production',
        target: 'node',
        context: app,
        entry,
        output: { path: out, filename: 'app.cjs' },
        externals,
        externalsType: 'commonjs',
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    )
  })
  const { errors } = stats.toJson({ all: false, errors: true })
  equal(errors.map(({ message }) => message).join('\n'), '', 'errors')
  return join(out, 'app.cjs')
}

async function rollup(out, format, external) {
  const { nodeResolve } = load('@rollup/plugin-node-resolve')
  const { default: commonjs } = load('@rollup/plugin-commonjs')
  const plugins = [nodeResolve({ exportConditions: ['node'] }), commonjs()]
  const bundle = await load('rollup').rollup({ input: entry, external, plugins })
  const file = join(out, format === 'es' ? 'app.mjs' : 'app.cjs')
  await bundle.write({ file, format })
  return file
}

async function vite(out, ssr, banner = '') {
  const from = pathToFileURL(createRequire(join(cache, 'package.json')).resolve('vite')).href
  const { build } = await import(from)
  const output = { entryFileNames: 'app.mjs', banner }
  await build({
    root: app,
    configFile: false,
    logLevel: 'silent',
    ssr,
    build: {
      ssr: entry,
      outDir: out,
      rollupOptions: { external: [/^@fapilog\/binding-/], output },
    },
  })
  return join(out, 'app.mjs')
}
