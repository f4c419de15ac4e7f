// Names of settings as environment variables: `queue.ringBytes` is FAPILOG_QUEUE__RING_BYTES.

export const PREFIX = 'FAPILOG_'

/** The variable of the setting at a path. */
export function variableOf(path: readonly string[]): string {
  return (
    PREFIX +
    path.map((key) => key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('__')
  )
}
