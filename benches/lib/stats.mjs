/** @param {ArrayLike<number>} values @param {number} q a quantile, 0 to 1 */
export const quantile = (values, q) => {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length === 0) return Number.NaN
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
}

/** The middle value, or the mean of the two middle ones. @param {number[]} values */
export const median = (values) => {
  const sorted = Float64Array.from(values).sort()
  const half = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** Median, least and greatest of one figure over the rounds. @param {number[]} values */
export const summary = (values) => {
  const finite = values.filter(Number.isFinite)
  if (finite.length === 0) return null
  return { median: median(finite), min: Math.min(...finite), max: Math.max(...finite) }
}

/** Half the range in per cent of the median: the ± of the table. */
export const spread = (s) =>
  s === null || s.median === 0 ? 0 : ((s.max - s.min) / 2 / Math.abs(s.median)) * 100
