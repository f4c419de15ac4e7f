export function load(): typeof import('../src/settings/check.js')
