// The end of the process: one `exit` listener for all containers of this thread, and one `beforeExit` listener.

/** What the exit listener needs from a container. */
export interface Drainable {
  readonly shutdownTimeoutMs: number
  sync: boolean
  /** Says so on standard error, without ever waiting for its reader. */
  reportUnwritten(text: string): void
  /** Tells the application's `onError` what there is. */
  deliverErrors(): void
  /** Writes what there is, with a sink that is stuck not holding up the others. */
  lastFlushSync(timeoutMs: number): {
    complete: boolean
    sinks: readonly { name: string; complete: boolean; error: string | null }[]
  }
  /** Lets go of what the process would leave behind, if everything is written. */
  finish(): void
}

const open = new Set<Drainable>()

function drainAll(): void {
  for (const container of open) {
    try {
      // Listeners that run after this one may still log: their events are written before the call returns.
      container.sync = true
      const receipt = container.lastFlushSync(container.shutdownTimeoutMs)
      if (receipt.complete) {
        container.finish()
        container.deliverErrors()
        continue
      }
      const late = receipt.sinks.filter((sink) => !sink.complete)
      container.reportUnwritten(
        `exit after ${container.shutdownTimeoutMs} ms with unwritten events in ${late
          .map((sink) => `${sink.name} (${sink.error ?? 'unknown'})`)
          .join(', ')}`,
      )
      container.deliverErrors()
    } catch {
      // Nothing may change how the process ends.
    }
  }
}

/** Drains `container` when the process exits; returns how to take that back. */
export function onProcessExit(container: Drainable): () => void {
  if (open.size === 0) process.on('exit', drainAll)
  open.add(container)
  return () => {
    open.delete(container)
    if (open.size === 0) process.removeListener('exit', drainAll)
  }
}

const idle = new Set<() => void>()

function tellIdle(): void {
  for (const tell of idle) tell()
}

/** Calls `tell` when the event loop is empty, before the process ends for that; returns how to take that back. */
export function onLoopEmpty(tell: () => void): () => void {
  if (idle.size === 0) process.on('beforeExit', tellIdle)
  idle.add(tell)
  return () => {
    idle.delete(tell)
    if (idle.size === 0) process.removeListener('beforeExit', tellIdle)
  }
}
