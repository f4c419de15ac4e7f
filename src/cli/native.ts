// The native addon, loaded at the first use: help and diagnosis work without it.

import { createRequire } from 'node:module'
import type binding from '../../native/binding.cjs'

const require = createRequire(import.meta.url)

/** The addon. @throws an error with the code `FAPILOG_NATIVE_MISSING` that says what to do */
export function native(): typeof binding {
  return require('../../native/binding.cjs') as typeof binding
}

/** The file the addon was loaded from, once it is. */
export function nativeFile(): string | undefined {
  return Object.keys(require.cache).find(
    (file) => /fapilog\.[\w-]+\.node$/.test(file) || isNamed(file),
  )
}

function isNamed(file: string): boolean {
  const named = process.env['FAPILOG_NATIVE_PATH']
  return named !== undefined && named !== '' && require.resolve(named) === file
}
