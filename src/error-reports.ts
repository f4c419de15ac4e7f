// Brings what went wrong on the native threads to the application's `onError`.

import { type FapilogError, PipelineError, PluginError, SinkError } from './errors.js'

const LOOK_EVERY_MS = 250

/** One entry of the native document. */
interface Diagnostic {
  readonly code: string
  readonly sink: string | null
  readonly message: string
}

/** Asks the native side now and then, without holding the event loop. */
export class ErrorReports {
  /** Errors thrown by the application's function. */
  thrown = 0
  private readonly take: () => string
  private readonly onError: (error: SinkError | PipelineError | PluginError) => void
  private readonly timer: NodeJS.Timeout

  constructor(
    take: () => string,
    onError: (error: SinkError | PipelineError | PluginError) => void,
  ) {
    this.take = take
    this.onError = onError
    this.timer = setInterval(() => this.deliver(), LOOK_EVERY_MS).unref()
  }

  /** Tells of everything since the last time. Never throws. */
  deliver(): void {
    let found: readonly Diagnostic[] = []
    try {
      found = JSON.parse(this.take()) as Diagnostic[]
    } catch {
      this.thrown++
    }
    for (const { code, sink, message } of found) {
      if (sink !== null) this.tell(new SinkError(code, message))
      else if (code === 'FAPILOG_PLUGIN') this.tell(new PluginError(message))
      else this.tell(new PipelineError(code, message))
    }
  }

  /** Tells of one error. Never throws. */
  tell(error: FapilogError): void {
    try {
      const result: unknown = this.onError(error)
      if (result instanceof Promise) result.catch(() => this.thrown++)
    } catch {
      this.thrown++
    }
  }

  /** Delivers what is left and stops. */
  close(): void {
    this.deliver()
    clearInterval(this.timer)
  }
}
