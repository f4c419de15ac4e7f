/** Methods that a bridge calls. */
export type LevelMethod =
  | 'trace'
  | 'debug'
  | 'info'
  | 'warning'
  | 'error'
  | 'critical'
  | 'audit'
  | 'security'
