// The kinds of secrets that are known by their looks: those of crates/core/src/stages/redact/scan.

export const DETECTORS = [
  'card',
  'iban',
  'email',
  'phone',
  'ssn',
  'jwt',
  'privateKey',
  'apiKey',
  'authorization',
  'url',
] as const

/** What `detectors: true` stands for: `phone` is for those who ask for it, `url` has a setting of its own. */
export const DEFAULT_DETECTORS: readonly (typeof DETECTORS)[number][] = DETECTORS.filter(
  (name) => name !== 'phone' && name !== 'url',
)
