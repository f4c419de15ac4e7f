// Fails when the places that name the version disagree: package.json, Cargo.toml and npm/*; and when `typesVersions`,
// for resolvers that do not read `exports`, lacks an entry point.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { root } from './stage.mjs'

const read = (...path) => readFileSync(join(root, ...path), 'utf8')
const { version, exports, typesVersions } = JSON.parse(read('package.json'))
const named = {
  'Cargo.toml': /^version = "(.*)"$/m.exec(read('Cargo.toml'))?.[1],
  'package-lock.json': JSON.parse(read('package-lock.json')).version,
}
for (const platform of readdirSync(join(root, 'npm'))) {
  named[`npm/${platform}`] = JSON.parse(read('npm', platform, 'package.json')).version
}

const wrong = Object.entries(named).filter(([, found]) => found !== version)
for (const [file, found] of wrong) console.error(`${file} says ${found}, package.json ${version}`)

const types = Object.fromEntries(
  Object.entries(exports)
    .filter(([path, target]) => path !== '.' && target.require?.types !== undefined)
    .map(([path, target]) => [path.slice(2), [target.require.types]]),
)
const hasTypes = isDeepStrictEqual(typesVersions['*'], types)
if (!hasTypes)
  console.error(`typesVersions of package.json has to be {"*":${JSON.stringify(types)}}`)

process.exitCode = wrong.length > 0 || !hasTypes ? 1 : 0
