// The tarballs that `npm publish` would ship from here, and installing them elsewhere.
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { addonFile } from './freshness.mjs'
import { npm } from './run.mjs'
import { root } from './stage.mjs'

/** What every package ships beside its code. */
const LICENCES = ['LICENSE', 'THIRD-PARTY-LICENSES.txt']

/** Packs the root package into `folder`. @returns where the tarball is, and the names of its files */
export function packRoot(folder) {
  return pack(root, folder)
}

/** Packs this machine's platform package into `folder`. */
export function packPlatform(folder) {
  const addon = basename(addonFile())
  const platform = addon.replace(/^fapilog\.|\.node$/g, '')
  const staged = join(folder, 'platform')
  cpSync(join(root, 'npm', platform), staged, { recursive: true })
  copyFileSync(join(root, addonFile()), join(staged, addon))
  for (const file of LICENCES) copyFileSync(join(root, file), join(staged, file))
  const packed = pack(staged, folder)
  if (!packed.files.includes(addon)) throw new Error(`${addon} is not in the tarball`)
  return packed
}

/** Makes the folder `target` with the tarballs installed in it. */
export function install(target, ...tarballs) {
  mkdirSync(target)
  writeFileSync(join(target, 'package.json'), '{ "private": true }\n')
  npm(target, 'install', '--no-audit', '--no-fund', '--offline', ...tarballs)
}

function pack(source, folder) {
  const [{ filename, files }] = JSON.parse(
    npm(source, 'pack', '--json', '--pack-destination', folder),
  )
  return {
    tarball: join(folder, basename(filename)),
    files: files.map(({ path }) => path).sort(),
  }
}
