// When a sink that fails is not tried for a while. Meanings are those of crates/core/src/pipeline/breaker.rs.

import { count, duration } from './kinds.js'
import { group, setting } from './meaning.js'

export const breaker = group(
  {
    name: 'BreakerOptions',
    heading: '`breaker`',
    description: 'When a sink that fails is not tried for a while.',
  },
  {
    failures: setting(count(1, 1_000_000), {
      description: 'Failed attempts in a row after which the sink is not tried',
      default: 5,
      example: 3,
    }),
    probeMs: setting(duration(1, 86_400_000), {
      description: 'Time until it is tried once more, with the next lines',
      default: '30s',
      example: '5s',
    }),
  },
)
