// The application of docs/recipes/nextjs.md, built and started by Next.js itself.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './run.mjs'
import { root } from './stage.mjs'
import { install } from './tarballs.mjs'

const RECIPE = readFileSync(join(root, 'docs/recipes/nextjs.md'), 'utf8')
const BROKEN = `export const dynamic = 'force-dynamic'
export function GET() {
  throw new TypeError('out of stock')
}
`

/**
 * Makes the application, with packages of ours and Next.js.
 *
 * @param cache - folder whose node_modules have Next.js
 */
export function makeNextApp(folder, tarballs, cache) {
  install(folder, ...tarballs)
  // Next.js would look in the registry for what this one does not name.
  rmSync(join(folder, 'package-lock.json'))
  cpSync(join(cache, 'node_modules'), join(folder, 'node_modules'), { recursive: true })
  const blocks = [...RECIPE.matchAll(/^```js file=(\S+)\n([\s\S]*?)^```$/gm)]
  const files = Object.fromEntries(blocks.map(([, path, code]) => [path, code]))
  for (const [path, text] of Object.entries({ ...files, 'app/broken/route.js': BROKEN })) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** `next build`, `next start`. @returns the events on standard output, as `ask` does */
export async function buildAndStart(folder, requests) {
  const next = build(folder)
  return ask(folder, [next, 'start', '--hostname', '127.0.0.1', '--port', '0'], requests)
}

/** The same with `output: 'standalone'`, started from the folder `elsewhere`, where nothing else is. */
export async function buildStandalone(folder, elsewhere, requests) {
  const [, includes] = /`(outputFileTracingIncludes: .*)`/.exec(RECIPE)
  writeFileSync(
    join(folder, 'next.config.mjs'),
    `export default { serverExternalPackages: ['fapilog'], output: 'standalone', ${includes} }\n`,
  )
  build(folder)
  cpSync(join(folder, '.next/standalone'), elsewhere, { recursive: true, verbatimSymlinks: true })
  rmSync(folder, { recursive: true })
  return ask(elsewhere, ['server.js'], requests)
}

function build(folder) {
  process.env.NEXT_TELEMETRY_DISABLED = '1'
  const next = join(folder, 'node_modules/next/dist/bin/next')
  run(folder, process.execPath, next, 'build')
  return next
}

/**
 * Starts a server, sends `requests` at once and then one that fails, and stops it with SIGTERM.
 *
 * @returns the events on standard output
 */
async function ask(cwd, args, requests) {
  const env = { ...process.env, FAPILOG_FORMAT: 'json', HOSTNAME: '127.0.0.1', PORT: '0' }
  const server = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(server, 'close')
  let output = ''
  let errors = ''
  server.stderr.on('data', (text) => (errors += text))
  try {
    const address = await new Promise((resolve, reject) => {
      server.stdout.on('data', (text) => {
        output += text
        const found = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(output)
        if (found) resolve(found[0])
      })
      closed.then(() => reject(new Error(`the server has ended:\n${output}${errors}`)), reject)
    })
    const status = async (path) => (await fetch(address + path)).status
    const paths = Array.from({ length: requests }, (_, n) => `/orders?n=${n}`)
    const statuses = await Promise.all(paths.map(status))
    const wrong = statuses.filter((one) => one !== 200)
    const broken = await status('/broken')
    if (wrong.length > 0 || broken !== 500)
      throw new Error(`statuses ${wrong}, ${broken}:\n${output}${errors}`)
  } finally {
    server.kill('SIGTERM')
    await closed
  }
  const lines = output.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line))
}
