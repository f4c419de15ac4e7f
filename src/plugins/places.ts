// Where on its way an event meets plugins.

import type { Plugin } from './contracts.js'

/** Places in the order of `Place` of the native side. */
export const PLACES = [
  { place: 'before-redaction', kinds: ['filter', 'enricher'] },
  { place: 'after-redaction', kinds: ['redactor', 'processor'] },
] as const

/** What the native side has to know about plugins. */
export function placesOf(plugins: readonly Plugin[]): { place: string; withhold: boolean }[] {
  return PLACES.filter(({ kinds }) =>
    plugins.some(({ kind }) => (kinds as readonly string[]).includes(kind)),
  ).map(({ place, kinds }) => ({
    place,
    withhold:
      (kinds as readonly string[]).includes('redactor') &&
      plugins.some(({ kind }) => kind === 'redactor'),
  }))
}
