export const DETECTORS: readonly string[]
