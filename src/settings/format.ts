// The formats that a sink can have.

import { choice } from './kinds.js'
import { named } from './meaning.js'

export const FORMATS = ['json', 'pino', 'pretty', 'logfmt', 'simple', 'minimal'] as const

export const format = named('FormatName', 'How an event becomes a line.', choice(FORMATS))
