import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: 'src/index.ts',
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20',
  dts: true,
  clean: true,
  hash: false,
  sourcemap: false,
  deps: {
    // zod as a package costs 46 ms to import on Node 20, bundled it costs 8
    alwaysBundle: ['zod'],
    onlyBundle: ['zod'],
    // the same relative path is right from src/ and from dist/
    neverBundle: [/native\/binding\.cjs$/],
  },
})
