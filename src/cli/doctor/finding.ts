// What `fapilog doctor` finds.

/** `warn` is worth a look; `fail` keeps fapilog from working and sets the exit code. */
export type State = 'ok' | 'warn' | 'fail'

export interface Finding {
  readonly about: string
  readonly state: State
  readonly text: string
}

export const ok = (about: string, text: string): Finding => ({ about, state: 'ok', text })
export const warn = (about: string, text: string): Finding => ({ about, state: 'warn', text })
export const fail = (about: string, text: string): Finding => ({ about, state: 'fail', text })

/** `3.4 MB` */
export function bytes(count: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  const power = count < 1024 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1)
  const value = count / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
