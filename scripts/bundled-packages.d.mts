/** In `fapilog/pino`: what pino itself has for this. */
export const PINO_PARTS: string[]
/** In what checks settings. */
export const SETTINGS_PARTS: string[]
