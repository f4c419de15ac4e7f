// Retroactive debug: events below the level that are kept, and written once something goes wrong.

import { count, duration, minimumLevel, size } from './kinds.js'
import { group, setting } from './meaning.js'

export const retroactive = group(
  {
    name: 'RetroactiveOptions',
    description: 'Events below the level that are kept, and written once something goes wrong.',
  },
  {
    level: setting(minimumLevel(), {
      description: 'Lowest level that is kept',
      default: 'DEBUG',
      example: 'TRACE',
    }),
    trigger: setting(minimumLevel(), {
      description:
        'An event at or above this level has what was kept for its scope written before it',
      default: 'ERROR',
      example: 'WARNING',
    }),
    maxBytes: setting(size(1024, 64 << 20), {
      description: 'Most that is written at once, the latest events',
      default: '64 KB',
      example: '1 MB',
    }),
    maxEvents: setting(count(1, 1_000_000), {
      description: 'Most events that are written at once, the latest',
      default: 1000,
      example: 100,
    }),
    maxAge: setting(duration(1, 3_600_000), {
      description: 'Older events are not written',
      default: '30s',
      example: '5m',
    }),
    memory: setting(size(65_536, 1 << 30), {
      description:
        'Size of the buffer for all scopes of the logger; the oldest events are overwritten',
      default: '4 MB',
      example: '16 MB',
    }),
  },
)
