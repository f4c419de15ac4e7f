// Standard output, written at once: what was printed is out when the process ends, and a reader that has left
// (`| head`) ends it quietly.

import { writeSync } from 'node:fs'

const pause = new Int32Array(new SharedArrayBuffer(4))

/** Writes text to standard output. */
export function print(text: string): void {
  write(1, Buffer.from(text))
}

/** Writes a line to standard error, with the name of the program before it. */
export function complain(text: string): void {
  write(2, Buffer.from(`fapilog: ${text}\n`))
}

function write(to: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(to, bytes, written)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') process.exit(0)
      if (code !== 'EAGAIN') throw error
      // Non-blocking and full: its reader needs a moment.
      Atomics.wait(pause, 0, 0, 5)
    }
  }
}
