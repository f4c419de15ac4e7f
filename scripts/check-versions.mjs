// Fails when the places that name the version disagree: package.json, Cargo.toml and npm/*.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './stage.mjs'

const read = (...path) => readFileSync(join(root, ...path), 'utf8')
const { version } = JSON.parse(read('package.json'))
const named = {
  'Cargo.toml': /^version = "(.*)"$/m.exec(read('Cargo.toml'))?.[1],
  'package-lock.json': JSON.parse(read('package-lock.json')).version,
}
for (const platform of readdirSync(join(root, 'npm'))) {
  named[`npm/${platform}`] = JSON.parse(read('npm', platform, 'package.json')).version
}

const wrong = Object.entries(named).filter(([, found]) => found !== version)
for (const [file, found] of wrong) console.error(`${file} says ${found}, package.json ${version}`)
process.exitCode = wrong.length > 0 ? 1 : 0
