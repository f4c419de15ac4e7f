// What a plugin has thrown, as text.

/** The message of whatever was thrown. Never throws. */
export function failureText(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'unreadable error'
  }
}
