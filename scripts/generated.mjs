// What is generated from other files: written, or with --check only compared.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const root = new URL('../', import.meta.url)

/**
 * Writes the texts of `outputs`, by path; with `--check` ends with status 1 when one is not as it should be.
 * `folder` holds nothing else: other files in it go.
 */
export function writeGenerated(outputs, folder) {
  const check = process.argv.includes('--check')
  let stale = 0
  if (folder !== undefined) {
    mkdirSync(new URL(folder, root), { recursive: true })
    for (const name of readdirSync(new URL(folder, root))) {
      const path = `${folder}/${name}`
      if (path in outputs) continue
      stale++
      if (check) console.error(`${path} is out of date: run npm run generate`)
      else rmSync(new URL(path, root))
    }
  }
  for (const [path, text] of Object.entries(outputs)) {
    const url = new URL(path, root)
    let current = ''
    try {
      current = readFileSync(url, 'utf8')
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
    if (current === text) continue
    stale++
    if (check) console.error(`${path} is out of date: run npm run generate`)
    else {
      writeFileSync(url, text)
      console.log(`wrote ${path}`)
    }
  }
  if (check && stale > 0) process.exitCode = 1
}
