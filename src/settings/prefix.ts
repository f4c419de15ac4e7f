// The beginning of every environment variable that is ours.

export const PREFIX = 'FAPILOG_'
