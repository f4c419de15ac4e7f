// Whether output is coloured.

/** NO_COLOR and FORCE_COLOR as https://no-color.org and https://force-color.org define them. */
export function wantsColor(terminal: boolean): boolean {
  const { env } = process
  const forced = env['FORCE_COLOR']
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return terminal && env['TERM'] !== 'dumb'
}
