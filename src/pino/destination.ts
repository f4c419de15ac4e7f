// `pino.destination`: where lines go that the native side writes.

import { EventEmitter } from 'node:events'
import { appendFileSync, truncateSync, writeSync } from 'node:fs'
import type { Logger, SinkOptions } from 'fapilog'
import { problem } from './problem.js'

/** Options of `pino.destination`. */
export interface DestinationOptions {
  /** Path or file descriptor. @default 1 */
  dest?: string | number | undefined
  /** File descriptor. */
  fd?: string | number | undefined
  /**
   * Every call of the logger returns after its line was written.
   * @default false: lines are written by another thread, and before the process ends
   */
  sync?: boolean | undefined
  /** Whether a file is added to, instead of emptied. @default true */
  append?: boolean | undefined
  /** Whether missing directories are made. @default false */
  mkdir?: boolean | undefined
  /** Permission bits of a file that is made. @default those that the umask leaves of 0o666 */
  mode?: number | undefined
  /** Every batch of lines is synced to the device. @default false */
  fsync?: boolean | undefined
  /** Accepted: lines are collected anyway. */
  minLength?: number | undefined
  /** Accepted: nothing is dropped for the length of a queue. */
  maxLength?: number | undefined
  /** Accepted: the native side knows how much to write at once. */
  maxWrite?: number | undefined
  /** Accepted: lines are never kept for longer than milliseconds. */
  periodicFlush?: number | undefined
  /** Accepted: the native side tries again by itself. */
  retryEAGAIN?: ((error: Error, length: number, left: number) => boolean) | undefined
}

const BRAND = Symbol.for('fapilog.pino.destination')
const STANDARD: Readonly<Record<string, 'stdout' | 'stderr' | 'null'>> = {
  1: 'stdout',
  2: 'stderr',
  '/dev/stdout': 'stdout',
  '/dev/stderr': 'stderr',
  '/dev/null': 'null',
}

/** What `pino.destination` returns: it belongs to the loggers that are made with it. */
export class Destination extends EventEmitter {
  /** What it is told by. */
  readonly [BRAND] = true
  /** The path, if it is one. */
  readonly file: string | undefined
  /** The file descriptor, if it is one. */
  readonly fd: number
  /** Whether calls wait for their line. */
  readonly sync: boolean
  /** Whether the file is added to. */
  readonly append: boolean
  /** Whether every batch is synced. */
  readonly fsync: boolean
  /** Whether it has ended. */
  destroyed = false
  /** What the native side opens; undefined for a descriptor that only this side can write to. */
  readonly sink: SinkOptions | undefined
  private readonly loggers = new Set<Logger>()

  /** @throws {ConfigurationError} when it is neither a path nor a file descriptor */
  constructor(options: DestinationOptions = {}) {
    super()
    const given = options.dest ?? options.fd ?? 1
    const number = typeof given === 'string' && given.trim() === '' ? Number.NaN : Number(given)
    const isPath = typeof given === 'string' && !Number.isInteger(number)
    if (!isPath && !(Number.isInteger(number) && number >= 0))
      throw problem('destination.dest', given, 'a path or a file descriptor')
    if (given === '') throw problem('destination.dest', given, 'a path or a file descriptor')
    this.file = isPath ? given : undefined
    this.fd = isPath ? -1 : number
    this.sync = options.sync === true
    this.append = options.append !== false
    this.fsync = options.fsync === true
    const standard = STANDARD[isPath ? given : number]
    if (standard !== undefined) this.sink = standard
    else if (isPath) {
      this.sink = {
        type: 'file',
        path: given,
        mkdir: options.mkdir === true,
        mode: options.mode ?? 0o666 & ~process.umask(),
      }
      if (!this.append) empty(given)
    }
    process.nextTick(() => this.emit('ready'))
  }

  /** Takes a logger that writes here. */
  attach(logger: Logger): void {
    this.loggers.add(logger)
  }

  /** Lets go of a logger that is no more. */
  detach(logger: Logger): void {
    this.loggers.delete(logger)
  }

  /** Writes text, behind the lines of the loggers. */
  write(text: string): boolean {
    if (this.destroyed) return false
    this.flushSync()
    if (this.file === undefined) writeSync(this.fd, text)
    else if (this.sink !== 'null') appendFileSync(this.file, text)
    return true
  }

  /** Returns when everything logged before is written, or the wait has taken `shutdownTimeoutMs`. */
  flushSync(): void {
    for (const logger of this.loggers) logger.flushSync()
  }

  /** The same without waiting: calls back. */
  flush(done: (error?: Error | null) => void = () => undefined): void {
    Promise.all([...this.loggers].map((logger) => logger.flush())).then(
      () => done(),
      (error: Error) => done(error),
    )
  }

  /**
   * Opens the file again, after logrotate moved it.
   *
   * @throws {ConfigurationError} when asked for another file
   */
  reopen(file?: string): void {
    if (file !== undefined && file !== this.file)
      throw problem(
        'destination.reopen',
        file,
        'no other file: make another destination and logger',
      )
    for (const logger of this.loggers) logger.reopen()
  }

  /** Writes what is left and closes. What is logged afterwards is dropped. */
  end(): void {
    if (this.destroyed) return
    this.destroyed = true
    Promise.allSettled([...this.loggers].map((logger) => logger.close())).then(() => {
      this.emit('finish')
      this.emit('close')
    })
  }

  /** The same as `end`: nothing is thrown away. */
  destroy(): void {
    this.end()
  }
}

/** Whether a stream is a destination, of this copy of the module or another. */
export const isDestination = (stream: unknown): stream is Destination =>
  typeof stream === 'object' && stream !== null && BRAND in stream

/**
 * A destination for `pino()`: a path, a file descriptor, or options with one of them.
 *
 * @throws {ConfigurationError} when it is neither
 */
export function destination(options: string | number | DestinationOptions = 1): Destination {
  return new Destination(typeof options === 'object' ? options : { dest: options })
}

function empty(path: string): void {
  try {
    truncateSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
