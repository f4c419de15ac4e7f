import type { ChildProcess } from 'node:child_process'

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}
export interface Comparison {
  events: number
  acked: number
  lost: number
  duplicated: number
  disorder: number
  unreadable: number
}

export const CLI: string
export const CLEAN: Pick<Comparison, 'lost' | 'duplicated' | 'disorder' | 'unreadable'>
export function folder(): string
export function remove(dir: string): void
export function start(
  dir: string,
  ...args: (string | number)[]
): Promise<{ child: ChildProcess; ended: Promise<Ending> }>
export function runAndKill(dir: string, ms: number, ...args: (string | number)[]): Promise<Ending>
export function recover(dir: string, ...args: string[]): { code: number; out: string }
export function lines(dir: string): { torn: boolean; lines: string[]; summaries: string[] }
export function acked(dir: string, tag?: string): number
export function compare(dir: string, tag?: string): Comparison
