// Reads what `processors.encrypt` has written.

import binding from '../native/binding.cjs'
import { ConfigurationError } from './errors.js'

/**
 * The value of a field that was encrypted.
 *
 * @param text - what stands in the log, `enc:v1:…`
 * @param options - the name of the field as it stands in `processors.encrypt.fields`, and the key: 32 bytes in base64 or
 *   hexadecimal
 * @returns the value, or undefined if it was not encrypted with this key and for this field, or was changed
 * @throws {ConfigurationError} when the key is none
 */
export function decryptField(
  text: string,
  { field, key }: { readonly field: string; readonly key: string },
): unknown {
  let json: string | null
  try {
    json = binding.decryptField(text, field, key)
  } catch (error) {
    throw new ConfigurationError(
      'options.key is not a key: 32 bytes in base64 or hexadecimal',
      [],
      { cause: error },
    )
  }
  return json === null ? undefined : JSON.parse(json)
}
