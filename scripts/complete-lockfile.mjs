// Adds to package-lock.json the optional platform packages that `npm install` left out because the
// registry it asked (a mirror) does not hold them. Without the entries `npm ci` refuses the lockfile
// everywhere. Added entries carry no integrity hash: this machine never sees those packages.
import { readFileSync, writeFileSync } from 'node:fs'
import { root } from './stage.mjs'

const OS = 'aix android darwin freebsd linux netbsd openbsd openharmony sunos win32'.split(' ')
const CPU = 'arm arm64 ia32 loong64 mips64el ppc64 ppc64le riscv64 s390x wasm32 x64'.split(' ')

const file = new URL('package-lock.json', `file://${root}`)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const added = []
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (resolves(path, name)) continue
    lock.packages[`node_modules/${name}`] = placeholder(name, range)
    added.push(name)
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
)
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added.length} optional packages added to package-lock.json`)

function resolves(path, name) {
  for (let from = path; ; from = from.slice(0, from.lastIndexOf('/node_modules/'))) {
    if (lock.packages[`${from === '' ? '' : `${from}/`}node_modules/${name}`]) return true
    if (!from.includes('/node_modules/')) return `node_modules/${name}` in lock.packages
  }
}

function placeholder(name, range) {
  const words = name.split(/[/-]/)
  const os = name === 'fsevents' ? ['darwin'] : OS.filter((word) => words.includes(word))
  const cpu = CPU.filter((word) => words.includes(word))
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : []
  return {
    version: range.replace(/^[~^]/, ''),
    ...(cpu.length > 0 && { cpu }),
    dev: true,
    ...(libc.length > 0 && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  }
}
