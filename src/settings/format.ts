// The formats that a sink can have.

import { FORMATS } from './format-names.js'
import { choice } from './kinds.js'
import { named } from './meaning.js'

export const format = named('FormatName', 'How an event becomes a line.', choice(FORMATS))
