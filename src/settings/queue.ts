// The ring between a log call and the native threads.

import { MAX_DATA_BYTES, MIN_DATA_BYTES } from '../wire/layout.js'
import { choice, duration, level, size } from './kinds.js'
import { group, setting } from './meaning.js'

export const queue = group(
  { name: 'QueueOptions', description: 'The ring between a log call and the native threads.' },
  {
    ringBytes: setting(size(MIN_DATA_BYTES, MAX_DATA_BYTES), {
      description:
        'Size of the ring, rounded up to a power of two. Memory is used as it fills for the first time',
      default: '8 MB',
      example: '16 MB',
    }),
    overflow: setting(choice(['drop-newest', 'block']), {
      description:
        'What happens to an event for which the ring has no room: dropped and counted, or the call waits',
      default: 'drop-newest',
      example: 'block',
    }),
    blockTimeoutMs: setting(duration(0, 3_600_000), {
      description: 'Longest wait of a call under `block`; then the event is dropped and counted',
      default: 1000,
      example: '5s',
      inPython: { variable: 'FAPILOG_CORE__BACKPRESSURE_WAIT_MS' },
    }),
    protectedLevel: setting(level(), {
      description: 'Events at or above this level may use the last eighth of the ring',
      default: 'ERROR',
      example: 'WARNING',
    }),
    maxEventBytes: setting(size(16_384, 64 << 20), {
      description:
        'Longer events are cut value by value, with a visible marker; none is dropped for its size. At most a quarter of the ring, which is also the default of a ring below 1 MB',
      default: '256 KB',
      example: '1 MB',
    }),
    pluginBytes: setting(size(65_536, 1 << 30), {
      description:
        'Events that may be on their way to plugins and back; beyond that the ring fills and its `overflow` decides',
      default: '8 MB',
      example: '64 MB',
    }),
  },
)
