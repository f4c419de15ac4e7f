/** The table of `npm run bench`. */

import { spread } from './stats.mjs'
import { pinoModes } from './subjects.mjs'

/** @param {number | undefined} ns */
export const nanoseconds = (ns) => {
  if (ns === undefined || !Number.isFinite(ns)) return '–'
  if (ns < 10) return ns.toFixed(1)
  return Math.round(ns).toLocaleString('en')
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(0)
const withSpread = (s) => (s ? `${nanoseconds(s.median)} ±${spread(s).toFixed(0)}%` : '–')

/**
 * The least median of a figure over pino's modes, and the mode.
 *
 * @param {Record<string, any>} cells the subjects of one workload
 * @param {(cell: any) => { median: number } | null | undefined} figure
 */
export const pinoBest = (cells, figure) => {
  let best = null
  for (const mode of pinoModes) {
    const value = cells[mode] && figure(cells[mode])?.median
    if (Number.isFinite(value) && (best === null || value < best.value)) best = { mode, value }
  }
  return best
}

/** How many times cheaper than pino's best mode. */
export const ratio = (cells, subject, figure) => {
  const best = pinoBest(cells, figure)
  const own = cells[subject] && figure(cells[subject])?.median
  return best && Number.isFinite(own) ? best.value / own : Number.NaN
}

const times = (value) => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 2 : 1)}x` : '–')

const lines = (cell) => {
  if (cell.silent) return cell.lines === 0 ? 'none, ok' : `${cell.lines} too many`
  const difference = cell.lines - cell.expected
  return difference === 0 ? 'lines ok' : `${difference > 0 ? '+' : ''}${difference} lines`
}

const columns = [
  ['subject', (_, name) => name],
  ['call p50', (c) => nanoseconds(c.callP50?.median)],
  ['p99', (c) => nanoseconds(c.callP99?.median)],
  ['p99.9', (c) => nanoseconds(c.callP999?.median)],
  ['one call p99.9', (c) => nanoseconds(c.singleP999?.median)],
  ['empty loop p99.9', (c) => nanoseconds(c.floorP999?.median)],
  ['main thread', (c) => withSpread(c.main)],
  ['pino best/it', (_, name, cells) => times(ratio(cells, name, (c) => c.main))],
  ['until on file', (c) => withSpread(c.onFile)],
  ['pino best/it', (_, name, cells) => times(ratio(cells, name, (c) => c.onFile))],
  ['CPU', (c) => nanoseconds(c.cpu?.median)],
  ['RSS MB', (c) => megabytes(c.rss.median)],
  ['over idle', (c) => `+${megabytes(c.rssOverIdle.median)}`],
  ['B/line', (c) => (c.bytes ? Math.round(c.bytes.median).toLocaleString('en') : '–')],
  ['lines', lines],
]

/**
 * @param {Record<string, Record<string, any>>} cells by workload and subject
 * @param {Record<string, { title: string, n: number }>} workloads
 */
export const table = (cells, workloads) => {
  const rows = []
  for (const [workload, subjects] of Object.entries(cells)) {
    rows.push(`${workload}: ${workloads[workload].title}`)
    for (const [name, cell] of Object.entries(subjects)) {
      rows.push(
        cell.failed
          ? [name, `failed: ${cell.failed}`]
          : columns.map(([, show]) => show(cell, name, subjects)),
      )
    }
  }
  const heads = columns.map(([head]) => head)
  const full = [heads, ...rows.filter((row) => Array.isArray(row) && row.length === heads.length)]
  const widths = heads.map((_, i) => Math.max(...full.map((row) => row[i].length)))
  const line = (row) =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ')
  const body = rows.map((row) => {
    if (typeof row === 'string') return `\n${row}`
    return row.length === heads.length ? line(row) : `${row[0].padEnd(widths[0])}  ${row[1]}`
  })
  return [line(heads), ...body].join('\n')
}
