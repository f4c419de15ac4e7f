// Colours and numbers for people.

/** Functions that colour text for `stream`, or leave it alone: NO_COLOR, FORCE_COLOR, then the terminal. */
export function painter(stream) {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  const on = NO_COLOR
    ? false
    : FORCE_COLOR === undefined
      ? stream.isTTY === true && TERM !== 'dumb'
      : FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  const style = (open, close) => (text) => (on ? `\x1b[${open}m${text}\x1b[${close}m` : `${text}`)
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    cyan: style(36, 39),
  }
}

/** 1234567 → `1,234,567`. */
export const whole = (number) => Math.round(number).toLocaleString('en-US')

/** Bytes in the unit that fits, 1 KB = 1,024 bytes as in the settings. */
export function size(bytes) {
  const units = ['B', 'KB', 'MB', 'GB']
  let unit = 0
  let value = bytes
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** Nanoseconds in the unit that fits. */
export function nanos(ns) {
  if (ns < 1000) return `${Math.round(ns)} ns`
  return ns < 1e6 ? `${(ns / 1000).toFixed(1)} µs` : `${(ns / 1e6).toFixed(1)} ms`
}

/** Rows in columns; every column but the first `left` ones is flush right. */
export function table(rows, left = 1) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => `${row[column]}`.length)))
  return rows.map((row) =>
    row
      .map((cell, i) => (i < left ? `${cell}`.padEnd(widths[i]) : `${cell}`.padStart(widths[i])))
      .join('   ')
      .trimEnd(),
  )
}
