// The table of a benchmark.

import { availableParallelism, cpus, loadavg } from 'node:os'
import type { Result } from './measure.js'

export function report(results: readonly Result[]): string {
  const rows = [
    ['workload', 'logger', 'call', '(median)', 'until on file', '(median)', 'events', 'missing'],
    ...results.map(({ workload, subject, callNs, onFileNs, events, missing }) => [
      workload,
      subject,
      ns(callNs.best),
      ns(callNs.median),
      ns(onFileNs.best),
      ns(onFileNs.median),
      events.toLocaleString('en'),
      String(missing),
    ]),
  ]
  const widths = (rows[0] as string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  )
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2
          ? cell.padEnd(widths[column] as number)
          : cell.padStart(widths[column] as number),
      )
      .join('  '),
  )
  const [cpu] = cpus()
  const load = loadavg()[0] as number
  const busy =
    load > availableParallelism() / 2 ? ` (load ${load.toFixed(1)}: other work disturbs)` : ''
  const machine = `${cpu?.model ?? process.arch}, ${availableParallelism()} CPUs${busy}, Node ${process.version}`
  const alone = new Set(results.map(({ subject }) => subject)).size === 1
  const hint = alone ? '\nInstall pino in this project to see it beside fapilog.' : ''
  return `${lines.join('\n')}\n\n${machine}; per event, the best round first.${hint}\n`
}

function ns(value: number): string {
  return value < 10_000 ? `${Math.round(value)} ns` : `${(value / 1000).toFixed(1)} µs`
}
