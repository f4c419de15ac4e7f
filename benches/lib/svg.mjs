/** The plot of the README: horizontal bars, readable on light and dark pages, written by hand. */

import { nanoseconds } from './table.mjs'

const escapeXml = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])

const width = 960
const label = 112
const gap = 24
const bar = 14
const step = 20
const valueRoom = 64

const panels = [
  ['main thread, ns per event', (cell) => cell.main?.median],
  ['until on file, ns per event', (cell) => cell.onFile?.median],
]

const style = `
  text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .head { font-weight: 600 }
  .dim { fill: #59636e }
  .bar { fill: #8c959f }
  .own { fill: #d1540a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .dim { fill: #9198a1 }
    .bar { fill: #656c76 }
    .own { fill: #ff8b3d }
  }
`

/**
 * @param {Record<string, Record<string, any>>} cells by workload and subject
 * @param {Record<string, { title: string }>} workloads
 * @param {string} caption one line below the title
 */
export const svg = (cells, workloads, caption) => {
  const wanted = ['message', 'request', 'deep', 'mixed'].filter((name) => cells[name])
  const shown = wanted.length > 0 ? wanted : Object.keys(cells).slice(0, 4)
  const panel = (width - label - gap) / panels.length
  const parts = []
  let y = 24
  parts.push(
    `<text class="title" x="0" y="${y}">What a log call costs (shorter is better; » marks a bar that is cut)</text>`,
  )
  y += 20
  parts.push(`<text class="dim" x="0" y="${y}">${escapeXml(caption)}</text>`)
  y += 28
  panels.forEach(([title], p) => {
    parts.push(`<text class="head" x="${label + p * (panel + gap)}" y="${y}">${title}</text>`)
  })
  for (const workload of shown) {
    y += 28
    parts.push(`<text class="head" x="0" y="${y}">${escapeXml(workloads[workload].title)}</text>`)
    const rows = Object.entries(cells[workload]).filter(([, cell]) => !cell.failed)
    // Scaled to pino and fapilog; the bar of a logger that is far slower is cut and marked.
    const scales = panels.map(([, figure]) => {
      const of = (list) => Math.max(0, ...list.map(([, cell]) => figure(cell) ?? 0))
      const near = of(rows.filter(([name]) => /^(fapilog|pino)/.test(name)))
      return near > 0 ? Math.min(of(rows), 2 * near) : of(rows)
    })
    y += 8
    for (const [name, cell] of rows) {
      const kind = name.startsWith('fapilog') ? 'own' : 'bar'
      const base = y + bar - 3
      parts.push(`<text x="${label - 8}" y="${base}" text-anchor="end">${escapeXml(name)}</text>`)
      panels.forEach(([, figure], p) => {
        const value = figure(cell)
        if (!Number.isFinite(value)) return
        const x = label + p * (panel + gap)
        const isCut = value > scales[p]
        const long = Math.max(
          1,
          (Math.min(value, scales[p]) / scales[p]) * (panel - gap - valueRoom),
        )
        const text = isCut ? `» ${nanoseconds(value)}` : nanoseconds(value)
        parts.push(
          `<rect class="${kind}" x="${x}" y="${y}" width="${long.toFixed(1)}" height="${bar}" rx="2"/>` +
            `<text class="dim" x="${(x + long + 6).toFixed(1)}" y="${base}">${text}</text>`,
        )
      })
      y += step
    }
  }
  const height = y + 12
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(
      'Benchmark: cost of a log call on the main thread and until it is on file',
    )}">`,
    `<style>${style}</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}
