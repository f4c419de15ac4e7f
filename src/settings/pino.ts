// What an application may change about the lines of the format `pino`. Names and meanings are those of
// crates/core/src/format/pino_options.rs.

import { z } from 'zod/mini'
import { jsonObject } from './enrich.js'
import { choice, flag, text } from './kinds.js'
import { group, setting } from './meaning.js'

export const pino = group(
  {
    name: 'PinoOptions',
    heading: '`pino`',
    description: 'Lines of the format `pino`, whichever sink they go to.',
  },
  {
    messageKey: setting(text(1, 256), {
      description: 'Key of the message',
      default: 'msg',
      example: 'message',
    }),
    errorKey: setting(text(0, 256), {
      description: 'Field whose Error gives the message of a call that has none; empty for none',
      default: 'err',
      example: 'error',
    }),
    timestamp: setting(choice(['epoch', 'unix', 'iso', 'none']), {
      description:
        'The time: milliseconds or seconds since 1970, `2026-01-02T03:04:05.678Z`, or left out',
      default: 'epoch',
      example: 'iso',
    }),
    origin: setting(flag(), {
      description: '`pid` and `hostname` in every line',
      default: true,
      example: false,
    }),
    levels: setting(z.record(z.string(), jsonObject()), {
      description: 'What lines of a level say of it, by name of the level',
      default: {},
      otherwise: '`{ level: 30 }` and so on',
      example: { INFO: { severity: 'INFO' } },
    }),
    crlf: setting(flag(), {
      description: 'Lines end with CR LF',
      default: false,
      example: true,
    }),
  },
)
