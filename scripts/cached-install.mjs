// Packages that one test needs and nothing else: installed in a folder of their own, where the next run finds them.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './stage.mjs'

const FILES = ['package.json', 'package-lock.json']

/**
 * Installs what `__test__/<name>/package.json` lists, unless it is there. What cannot be had is missing afterwards, which is
 * no error.
 *
 * @returns the folder with its node_modules
 */
export function cachedInstall(name) {
  const wanted = join(root, '__test__', name)
  const cache = join(root, 'node_modules', '.cache', `fapilog-${name}`)
  const known = FILES.every((file) => {
    const there = join(cache, file)
    return existsSync(there) && readFileSync(there).equals(readFileSync(join(wanted, file)))
  })
  if (known) return cache
  mkdirSync(cache, { recursive: true })
  for (const file of FILES) copyFileSync(join(wanted, file), join(cache, file))
  console.log(`installing ${name} in ${cache}`)
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: cache,
    encoding: 'utf8',
    timeout: 300_000,
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.log(stderr)
    // So that the next run tries again.
    rmSync(join(cache, 'package.json'))
  }
  return cache
}
