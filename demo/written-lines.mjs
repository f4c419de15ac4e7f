// Counts what is really in the log files, compressed ones included.
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

const NEWLINE = 10

/** Files, bytes on disk and lines of every log file in `directory`. */
export async function countWritten(directory) {
  const total = { files: 0, compressed: 0, bytes: 0, lines: 0 }
  for (const name of await readdir(directory)) {
    if (!/\.log(\.gz)?$/.test(name)) continue
    const path = join(directory, name)
    total.files++
    total.bytes += (await stat(path)).size
    if (name.endsWith('.gz')) total.compressed++
    total.lines += await lines(path)
  }
  return total
}

async function lines(path) {
  let count = 0
  const stages = [createReadStream(path)]
  if (path.endsWith('.gz')) stages.push(createGunzip())
  await pipeline(...stages, async (chunks) => {
    for await (const chunk of chunks) {
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) count++
    }
  })
  return count
}
