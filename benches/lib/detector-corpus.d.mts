export const DETECTORS: readonly string[]
export function corpus(
  detector: string,
  count?: number,
): { readonly text: string; readonly secret: string | undefined }[]
