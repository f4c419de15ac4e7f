// How well the detectors of redaction tell secrets from what looks like them: `npm run bench:detectors`.
//
// Recall is the part of the secrets that were found whole, precision the part of the texts with hits that hold a
// secret. The corpus has as many texts with a secret as without.

import { pathToFileURL } from 'node:url'
import { corpus, DETECTORS } from './lib/detector-corpus.mjs'
import { load } from './lib/fapilog.mjs'

/** Counts of one detector. */
export async function measure(detector, count) {
  const { createLogger } = await load()
  const log = createLogger({
    format: 'json',
    sinks: [{ type: 'memory' }],
    redact: { detectors: [detector], mask: '\u2588', jsonStrings: true, maxScanBytes: '64 MB' },
  })
  const result = { found: 0, missed: [], right: 0, wrong: [] }
  for (const { text, secret } of corpus(detector, count)) {
    log.info('m', { text })
    const seen = JSON.parse(log.takeLines()[0]).data.text
    if (secret === undefined) {
      if (seen === text) result.right++
      else result.wrong.push(text)
    } else {
      const inside = JSON.stringify(secret).slice(1, -1)
      const left = seen.includes(secret) || seen.includes(inside) || seen === text
      if (left) result.missed.push(text)
      else result.found++
    }
  }
  await log.close()
  return result
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log('detector        secrets  found  recall    lookalikes  hit  precision')
  for (const detector of DETECTORS) {
    const { found, missed, right, wrong } = await measure(detector)
    const secrets = found + missed.length
    const recall = (found / secrets).toFixed(4)
    const precision = (found / (found + wrong.length)).toFixed(4)
    console.log(
      `${detector.padEnd(14)} ${String(secrets).padStart(8)} ${String(found).padStart(6)}  ${recall}  ${String(right + wrong.length).padStart(12)} ${String(wrong.length).padStart(4)}     ${precision}`,
    )
    if (process.argv.includes('--show'))
      for (const text of [...missed.slice(0, 5), ...wrong.slice(0, 5)])
        console.log(`    ${JSON.stringify(text)}`)
  }
}
