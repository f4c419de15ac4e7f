// SIGTERM, SIGINT and SIGHUP: the native side takes them over while loggers are open and nobody else listens.
// A listener of the application's takes them back by itself; when the last one goes, they are taken over again.

import { isMainThread } from 'node:worker_threads'

/** What is needed of the native side. */
export interface SignalDrain {
  drainAtSignals(timeoutMs: number): void
  forgetSignals(): void
  armSignals(names: readonly string[]): void
  disarmSignals(): void
}

const SIGNALS: readonly string[] = ['SIGTERM', 'SIGINT', 'SIGHUP']
const open = new Set<SignalDrain>()

function arm(drain: SignalDrain): void {
  drain.armSignals(SIGNALS.filter((signal) => process.listenerCount(signal) === 0))
}

function onRemoved(event: string | symbol): void {
  if (!SIGNALS.includes(event as string) || process.listenerCount(event) > 0) return
  const [drain] = open
  if (drain !== undefined) arm(drain)
}

/** Drains when a signal ends the process; returns how to take that back. */
export function onSignals(drain: SignalDrain, timeoutMs: number): () => void {
  drain.drainAtSignals(timeoutMs)
  // Only the main thread gets signals.
  if (!isMainThread) return () => drain.forgetSignals()
  if (open.size === 0) process.on('removeListener', onRemoved)
  open.add(drain)
  arm(drain)
  return () => {
    drain.forgetSignals()
    if (!open.delete(drain) || open.size > 0) return
    process.removeListener('removeListener', onRemoved)
    drain.disarmSignals()
  }
}
