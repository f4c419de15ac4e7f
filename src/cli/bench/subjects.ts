// The loggers that are measured, each writing JSON lines to a file.

import { createRequire } from 'node:module'

/** The methods that the workloads call. */
export interface LogCalls {
  info(message: string): void
  info(fields: object, message: string): void
}

export interface Subject {
  readonly name: string
  readonly log: LogCalls
  /** Resolves when everything logged is in the file. */
  flush(): Promise<unknown>
  close(): Promise<unknown>
}

type Pino = ((options: object, destination: object) => LogCalls) & {
  readonly version?: string
  destination(options: object): {
    flushSync(): void
    end(): void
    on(event: string, done: () => void): void
  }
}

/** fapilog with its defaults, except that it waits instead of dropping: every line is counted afterwards. */
export async function fapilog(path: string): Promise<Subject> {
  const entry = new URL('../index.mjs', import.meta.url).href
  const { createLogger } = (await import(entry)) as typeof import('../../index.js')
  const log = createLogger({
    name: 'bench',
    level: 'INFO',
    sinks: [{ type: 'file', path, format: 'json' }],
    queue: { overflow: 'block', blockTimeoutMs: 60_000 },
  })
  return { name: 'fapilog', log, flush: () => log.flush(), close: () => log.close() }
}

/** The project's pino in its fastest configuration, if it has one. */
export async function pino(path: string): Promise<Subject | undefined> {
  let load: Pino
  let version: string
  try {
    const require = createRequire(`${process.cwd()}/package.json`)
    load = require('pino') as Pino
    version = (require('pino/package.json') as { version: string }).version
  } catch {
    // Not installed here.
    return undefined
  }
  const destination = load.destination({ dest: path, sync: true, minLength: 4096 })
  const log = load({ name: 'bench' }, destination)
  return {
    name: `pino ${version}`,
    log,
    flush: async () => destination.flushSync(),
    close: () =>
      new Promise<void>((resolve) => {
        destination.on('close', resolve)
        destination.end()
      }),
  }
}
