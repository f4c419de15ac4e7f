// What `require('fapilog/pino')` returns: the function itself, as with pino.

import { pino } from './export.js'

export default pino
