// What becomes of events that have been redacted. Names and meanings are those of
// crates/core/src/stages/process/settings.rs.

import { z } from 'zod/mini'
import { KEY_VARIABLE } from './key-variable.js'
import { choice, size, text } from './kinds.js'
import { group, setting } from './meaning.js'

const encrypt = group(
  {
    name: 'EncryptOptions',
    heading: '`processors.encrypt`',
    description: 'Encrypts the values of fields.',
  },
  {
    fields: setting(z.array(text(1)), {
      description: 'Names of the fields; `user.email` looks inside an object',
      default: [],
      example: ['user.email'],
    }),
    keyVariable: setting(text(1), {
      description:
        'The variable of the environment that holds the key: 32 bytes in base64 or hexadecimal',
      default: KEY_VARIABLE,
      example: 'LOG_KEY',
    }),
  },
)

const sizeGuard = group(
  {
    name: 'SizeGuardOptions',
    heading: '`processors.sizeGuard`',
    description: 'Keeps events below a size.',
  },
  {
    maxBytes: setting(size(256, 64 << 20), {
      description: 'The largest event, measured as it travels: values, keys and a header',
      default: '64 KB',
      example: '16 KB',
      inPython: { variable: 'FAPILOG_SIZE_GUARD__MAX_BYTES' },
    }),
    action: setting(choice(['truncate', 'drop']), {
      description:
        '`truncate`: its longest texts are cut, with a visible marker, and if that is not enough its largest fields left out; `drop`: it ends there, counted as filtered',
      default: 'truncate',
      example: 'drop',
      inPython: { variable: 'FAPILOG_SIZE_GUARD__ACTION' },
    }),
  },
)

export const processors = group(
  {
    name: 'ProcessorOptions',
    heading: '`processors`',
    description: 'What becomes of events that have been redacted.',
  },
  {
    rename: setting(z.record(z.string(), text(1)), {
      description:
        'Other names of fields, which stay where they are: `user.mail` looks inside an object',
      default: {},
      example: { 'user.mail': 'email' },
    }),
    drop: setting(z.array(text(1)), {
      description: 'Fields that are left out',
      default: [],
      example: ['req.headers'],
    }),
    encrypt: setting(encrypt, {
      description: 'Encrypts the values of fields',
      example: { fields: ['user.email'] },
    }),
    sizeGuard: setting(sizeGuard, {
      description: 'Keeps events below a size',
      example: { maxBytes: '16 KB' },
    }),
  },
)
