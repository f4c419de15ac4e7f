// Every command, in the order of the help.

import type { Command } from './command.js'
import { bench } from './commands/bench.js'
import { config } from './commands/config.js'
import { decrypt } from './commands/decrypt.js'
import { doctor } from './commands/doctor.js'
import { plugin } from './commands/plugin.js'
import { pretty } from './commands/pretty.js'
import { query } from './commands/query.js'
import { recover } from './commands/recover.js'
import { tail } from './commands/tail.js'

export const COMMANDS: readonly Command[] = [
  pretty,
  tail,
  query,
  decrypt,
  recover,
  doctor,
  config,
  plugin,
  bench,
]
