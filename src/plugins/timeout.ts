// Nobody waits for a plugin for ever.

/** What a plugin that takes too long is rejected with. */
export class TimedOut extends Error {}

/**
 * What a plugin has promised, or a rejection with {@link TimedOut} when that takes too long.
 *
 * @param keepsAlive - whether the process goes on for as long as it is awaited
 */
export function within<T>(
  result: PromiseLike<T> | T,
  timeoutMs: number,
  keepsAlive = true,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new TimedOut(`no result within ${timeoutMs} ms`))
    const timer = setTimeout(late, timeoutMs)
    if (!keepsAlive) timer.unref()
    Promise.resolve(result)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}

/** Whether a plugin answers later. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}
