// What plugins do after they have answered. AsyncLocalStorage tells what they log then from what the application logs, but
// it costs every log call of the application a look. So it is used from the moment on when a plugin has returned a promise,
// or has started something that outlives its call: a timer, a request, a promise that nobody waits for.

import { AsyncResource } from 'node:async_hooks'

/** Microtasks within which what is only a chain of promises has logged something. */
const HOPS = 16

/** A number that grows with every timer, request or callback that is begun in this thread. */
function resources(): number {
  const resource = new AsyncResource('FapilogAftermath', { requireManualDestroy: true })
  // Who looks for open handles, as jest does, would take it for one.
  resource.emitDestroy()
  return resource.asyncId()
}

/** Watches a turn of the event loop in which plugins are called. */
export class Aftermath {
  /** Whether something of a plugin's has outlived its call: from now on it is followed. */
  lingers: boolean
  private resources = resources()
  private position = 0
  private hops = 0

  /** @param logged - a number that changes with every event that this thread logs */
  constructor(private readonly logged: () => number) {
    // Not every runtime counts.
    this.lingers = resources() <= this.resources
  }

  /** Plugins are called next. */
  begin(): void {
    if (!this.lingers) this.resources = resources()
  }

  /** Plugins have been called. @param own - what the caller itself has begun meanwhile */
  end(own: number): void {
    if (this.lingers) return
    this.resources += own + 1
    this.position = this.logged()
    this.hops = HOPS
    this.hop()
  }

  /** Nothing but microtasks of what was called has its turn until then. */
  private hop(): void {
    if (this.logged() !== this.position) {
      this.lingers = true
    } else if (this.hops-- > 0) {
      // Not queueMicrotask, which would count.
      Promise.resolve().then(() => this.hop())
    } else if (resources() > this.resources) {
      this.lingers = true
    }
  }
}
