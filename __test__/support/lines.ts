// Reads files of numbered lines without holding them in memory.

import { closeSync, openSync, readSync } from 'node:fs'

/** Calls `line` with the start and end of every line; returns the bytes behind the last line end. */
export function eachLine(
  path: string,
  line: (bytes: Buffer, start: number, end: number) => void,
): number {
  const file = openSync(path, 'r')
  const chunk = Buffer.alloc(4 << 20)
  let kept = 0
  try {
    for (;;) {
      const read = readSync(file, chunk, kept, chunk.length - kept, null)
      if (read === 0) return kept
      const length = kept + read
      let start = 0
      for (;;) {
        const end = chunk.indexOf(10, start)
        if (end === -1 || end >= length) break
        line(chunk, start, end)
        start = end + 1
      }
      chunk.copyWithin(0, start, length)
      kept = length - start
    }
  } finally {
    closeSync(file)
  }
}

/** The digits at `at` as a number. */
export function numberAt(bytes: Buffer, at: number): number {
  let number = 0
  for (let i = at; ; i++) {
    const digit = (bytes[i] as number) - 48
    if (digit < 0 || digit > 9) return i === at ? Number.NaN : number
    number = number * 10 + digit
  }
}
