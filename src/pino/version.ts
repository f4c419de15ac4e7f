/** The version of pino whose behaviour this is. */
export const version = '10.4.0'
