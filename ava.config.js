// Tests run in child processes (the addon keeps process-wide state) against the built package.
export default {
  files: ['__test__/**/*.spec.ts'],
  extensions: { ts: 'module' },
  nodeArguments: ['--import=@oxc-node/core/register'],
  workerThreads: false,
  timeout: '2m',
  concurrency: 2,
}
