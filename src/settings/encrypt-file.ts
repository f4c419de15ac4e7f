// How the files of a sink are encrypted. What their bytes mean is in crates/core/src/sealed/mod.rs.

import { KEY_VARIABLE } from './key-variable.js'
import { text } from './kinds.js'
import { group, setting } from './meaning.js'

export const encryptFile = group(
  {
    name: 'EncryptFileOptions',
    heading: '`encrypt`',
    description: 'How the files of a sink are encrypted.',
  },
  {
    keyVariable: setting(text(1), {
      description:
        'The variable of the environment that holds the key: 32 bytes in base64 or hexadecimal',
      default: KEY_VARIABLE,
      example: 'LOG_KEY',
    }),
  },
)
