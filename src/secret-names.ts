// Settings whose values are nobody's business: they are in no error and in no listing of settings.

const SECRET =
  /secret|token|password|passphrase|authorization|cookie|credential|api_?key|hash_?key$|headers/i

/** Whether the value at a path of the settings is not to be shown. */
export function isSecret(path: string): boolean {
  return SECRET.test(path)
}
