// When a file is rotated, and what happens to rotated files.

import { z } from 'zod/mini'
import { choice, count, duration, flag, size } from './kinds.js'
import { group, setting } from './meaning.js'

export const rotate = group(
  {
    name: 'RotateOptions',
    heading: '`rotate`',
    description: 'When a file is rotated, and what happens to rotated files.',
  },
  {
    maxBytes: setting(size(1), {
      description: 'Rotate before a line would make the file longer than this',
      otherwise: 'no limit',
      example: '100 MB',
    }),
    interval: setting(z.union([choice(['hourly', 'daily', 'weekly']), duration(1)]), {
      description:
        'Rotate at every full hour, day (midnight), week (Monday), or at multiples of a duration of the wall clock',
      otherwise: 'never',
      example: 'daily',
    }),
    utc: setting(flag(), {
      description: 'Align intervals and name rotated files in UTC instead of local time',
      default: false,
      example: true,
    }),
    compress: setting(choice(['none', 'gzip']), {
      description: 'Compress rotated files in the background',
      default: 'none',
      example: 'gzip',
    }),
    keepFiles: setting(count(0, 1_000_000), {
      description: 'Rotated files kept',
      otherwise: 'all',
      example: 10,
    }),
    keepBytes: setting(size(0), {
      description: 'Bytes kept in rotated files, as they lie on disk',
      otherwise: 'no limit',
      example: '1 GB',
    }),
    keepFor: setting(duration(1), {
      description: 'Rotated files whose last line is older are deleted',
      otherwise: 'never',
      example: '30d',
    }),
  },
)
