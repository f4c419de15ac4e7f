// Where the key of encrypted fields and files is looked for when nothing else is said.

export const KEY_VARIABLE = 'FAPILOG_ENCRYPTION_KEY'
