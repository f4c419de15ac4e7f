// What happens while sinks cannot keep up. Meanings are those of crates/core/src/pipeline/pressure.rs.

import { duration, level, ratio } from './kinds.js'
import { group, setting } from './meaning.js'

export const pressure = group(
  {
    name: 'PressureOptions',
    description:
      'What is given up, step by step, while sinks cannot keep up. Pressure is how full the fullest ring is, or the fullest queue of a sink that blocks, from 0 to 1.',
  },
  {
    batchAt: setting(ratio(0, 1), {
      description: 'From this pressure on batches grow, and wait while their sink is busy',
      default: 0.25,
      example: 0.1,
    }),
    sampleAt: setting(ratio(0, 1), {
      description: 'From this pressure on events below `sampleBelow` are sampled',
      default: 0.5,
      example: 0.6,
    }),
    dropAt: setting(ratio(0, 1), {
      description: 'From this pressure on events below `queue.protectedLevel` are dropped',
      default: 0.8,
      example: 0.9,
    }),
    sampleBelow: setting(level(), {
      description: 'Events below this level are sampled, unless `queue.protectedLevel` is lower',
      default: 'WARNING',
      example: 'INFO',
    }),
    rate: setting(ratio(0, 1), {
      description: 'The part of them that goes on',
      default: 0.1,
      example: 0.01,
    }),
    holdMs: setting(duration(1, 3_600_000), {
      description:
        'A step is taken back when the pressure was below half of its mark for so long; then the one before it, and so on',
      default: '1s',
      example: '10s',
    }),
  },
)
