// `pino.transport`: the targets that need no worker thread here.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type DestinationOptions, destination } from './destination.js'
import { multistream } from './multistream.js'
import type { DestinationStream } from './output.js'
import { problem } from './problem.js'
import type { PinoTransportOptions, PinoTransportTargetOptions } from './types.js'

const INSTEAD =
  "'pino/file' or 'pino-pretty'; for other targets, give pino() the stream that transport() of the package pino returns, or a sink by its option fapilog"

type Pretty = (options: object) => DestinationStream

/** The real pino-pretty, as the application has it. */
function pretty(options: object): DestinationStream {
  try {
    const require = createRequire(join(process.cwd(), 'package.json'))
    return (require('pino-pretty') as Pretty)({ sync: true, ...options })
  } catch (cause) {
    const expected =
      "pino-pretty to be installed, or fapilog: { format: 'pretty' } in the options of pino() instead"
    throw problem('transport.target', 'pino-pretty', `${expected} (${(cause as Error).message})`)
  }
}

function stream({ target, options = {} }: PinoTransportTargetOptions): DestinationStream {
  if (target === 'pino-pretty') return pretty(options)
  if (target !== 'pino/file') throw problem('transport.target', target, INSTEAD)
  const { destination: dest, ...rest } = options as DestinationOptions & {
    destination?: string | number
  }
  return destination({ ...rest, dest })
}

/**
 * A stream for `pino()`: `pino/file` is a destination, `pino-pretty` the package of that name in this thread.
 *
 * @throws {ConfigurationError} for other targets, and pipelines
 */
export function transport(options: PinoTransportOptions): DestinationStream {
  const { target, targets, levels, dedupe } = options
  if (targets === undefined) {
    if (target === undefined) throw problem('transport', options, `a target: ${INSTEAD}`)
    return stream({ ...options, target })
  }
  const streams = targets.map((one) => ({ stream: stream(one), level: one.level }))
  return multistream(streams, { levels, dedupe })
}
