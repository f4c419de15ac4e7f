// npm packages whose code is in dist/. The bundler refuses any other, and each is named in THIRD-PARTY-LICENSES.txt.

/** In `fapilog/pino`: what pino itself has for this. */
export const PINO_PARTS = ['@pinojs/redact', 'pino-std-serializers', 'safe-stable-stringify']

/** In what checks settings. */
export const SETTINGS_PARTS = ['zod']
