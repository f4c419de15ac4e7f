// The corpus of `npm run bench:detectors`: no documented shape is missed, and few look-alikes are hit.

import test from 'ava'
import { measure } from '../benches/detectors.mjs'
import { DETECTORS } from '../benches/lib/detector-corpus.mjs'

/** Look-alikes that may be hit, of a thousand: one in ten random numbers of a card's length has a valid check digit. */
const ALLOWED: Readonly<Record<string, number>> = { card: 20, iban: 10, authorization: 15 }

for (const detector of DETECTORS) {
  test(`${detector} misses none of its shapes and hits few look-alikes`, async (t) => {
    const { found, missed, wrong } = await measure(detector, 1000)
    t.deepEqual(missed, [])
    t.is(found, 1000)
    t.true(wrong.length <= (ALLOWED[detector] ?? 0), JSON.stringify(wrong.slice(0, 5)))
  })
}
