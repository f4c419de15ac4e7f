// Checked settings of redaction → the document that the native side gets.

import { DEFAULT_DETECTORS } from '../redact/detectors.js'
import type { ResolvedRedact } from './redact.js'

/** Redaction as crates/core/src/stages/redact/settings.rs reads it. */
export function redactDocument(redact: ResolvedRedact): object {
  const { fields, paths, block, patterns, detectors, hashKey, hashKeyEnv, ...rest } = redact
  const kinds = detectors === true ? DEFAULT_DETECTORS : detectors === false ? [] : detectors
  return {
    ...rest,
    fields: fields.map((field) => (typeof field === 'string' ? { name: field } : field)),
    paths: paths.map((path) => (typeof path === 'string' ? { path } : path)),
    block: typeof block === 'boolean' ? [] : block,
    blockBodies: block === true,
    patterns: patterns.map((pattern) =>
      typeof pattern === 'string' ? { regex: pattern } : pattern,
    ),
    ...(kinds === undefined
      ? {}
      : { detectors: kinds.map((kind) => (typeof kind === 'string' ? { name: kind } : kind)) }),
    ...(hashKey !== undefined
      ? { hashKey: { value: hashKey } }
      : hashKeyEnv !== undefined
        ? { hashKey: { env: hashKeyEnv } }
        : {}),
  }
}
