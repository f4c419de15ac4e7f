// What a capture gives back: the way to end it.

/** Ends a capture: `using capture = captureConsole(log)`, or a call of `restore`. */
export interface Capture extends Disposable {
  /** Puts back what was there before; more calls do nothing. */
  restore(): void
}

/** A capture that is ended by `restore`, once. */
export function capture(restore: () => void): Capture {
  let active = true
  const end = (): void => {
    if (!active) return
    active = false
    restore()
  }
  return { restore: end, [Symbol.dispose]: end }
}
