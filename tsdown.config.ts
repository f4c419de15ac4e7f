import { defineConfig, type UserConfig } from 'tsdown'
import { PINO_PARTS, SETTINGS_PARTS } from './scripts/bundled-packages.mjs'

const shared = {
  platform: 'node',
  target: 'node20',
  // build-ts.mjs does, once for both builds
  clean: false,
  hash: false,
  sourcemap: false,
} satisfies UserConfig

export default defineConfig([
  {
    ...shared,
    entry: 'src/index.ts',
    format: ['esm', 'cjs'],
    dts: true,
    deps: {
      onlyBundle: [],
      // the same relative paths are right from src/ and from dist/
      neverBundle: [/native\/binding\.cjs$/, /lazy\/(otel|settings)\.cjs$/],
    },
  },
  {
    // Loaded by lazy/settings.cjs when there are settings to check: zod is half of the import's time and memory.
    ...shared,
    entry: { settings: 'src/settings/check.ts' },
    format: 'cjs',
    dts: false,
    deps: { alwaysBundle: SETTINGS_PARTS, onlyBundle: SETTINGS_PARTS },
  },
  {
    // `fapilog/plugins`: beside the main entry, so that nobody pays for it who does not import it.
    ...shared,
    entry: { plugins: 'src/registry.ts' },
    format: ['esm', 'cjs'],
    dts: true,
    deps: { onlyBundle: [], neverBundle: [/^fapilog$/, /lazy\/settings\.cjs$/] },
  },
  {
    // Adapters for frameworks: beside the package's main entry, which they import as its users do.
    ...shared,
    entry: Object.fromEntries(
      ['express', 'fastify', 'hono', 'koa', 'nestjs'].map((name) => [
        `frameworks/${name}`,
        `src/frameworks/${name}.ts`,
      ]),
    ),
    format: ['esm', 'cjs'],
    dts: true,
    deps: { onlyBundle: [], neverBundle: [/^(fapilog|fastify|hono|rxjs|@nestjs\/(common|core))$/] },
  },
  {
    // The command line: loads the rest of the package only for what needs it.
    ...shared,
    entry: { 'cli/main': 'src/cli/main.ts' },
    format: 'esm',
    dts: false,
    deps: { onlyBundle: [], neverBundle: [/native\/binding\.cjs$/, /^fapilog(\/|$)/] },
  },
  {
    // What tests need, and bridges. They import the package by its name: there is one copy of it in a process.
    ...shared,
    entry: { testing: 'src/testing/index.ts' },
    format: ['esm', 'cjs'],
    dts: true,
    deps: { onlyBundle: [], neverBundle: ['fapilog'] },
  },
  {
    ...shared,
    entry: { bridges: 'src/bridges/index.ts' },
    format: ['esm', 'cjs'],
    dts: true,
    deps: { onlyBundle: [], neverBundle: ['fapilog'] },
  },
  // The drop-in for pino, with the packages that pino itself has for this. Its two entries differ as those of pino do: what
  // is required is the function.
  ...(['esm', 'cjs'] as const).map(
    (format): UserConfig => ({
      ...shared,
      entry: { pino: format === 'esm' ? 'src/pino/index.ts' : 'src/pino/require.ts' },
      format,
      dts: true,
      deps: { onlyBundle: PINO_PARTS, alwaysBundle: PINO_PARTS, neverBundle: [/^fapilog$/] },
    }),
  ),
])
