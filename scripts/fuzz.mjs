// Fuzzes the native side with libFuzzer, on the stable toolchain:
// npm run fuzz -- [target] [--seconds N] [--sanitizer none|address]
// Without a target each one runs for that time. Inputs that were found worth keeping stay in
// crates/core/fuzz/corpus (not committed); a crash is left in crates/core/fuzz/artifacts.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'crates/core/fuzz')
const tools = join(root, 'target/tools')
const targets = readdirSync(join(folder, 'fuzz_targets')).map((file) => file.replace(/\.rs$/, ''))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '20' },
    sanitizer: { type: 'string', default: 'none' },
  },
})
const unknown = positionals.find((name) => !targets.includes(name))
if (unknown !== undefined || !(Number(values.seconds) > 0)) {
  console.error(
    unknown === undefined
      ? `--seconds ${values.seconds}: not a positive number`
      : `unknown target '${unknown}': choose from ${targets.join(', ')}`,
  )
  process.exit(2)
}

const environment = { ...process.env, PATH: `${join(tools, 'bin')}${delimiter}${process.env.PATH}` }
// A sanitizer is a nightly flag; everything else that cargo-fuzz passes is stable.
if (values.sanitizer !== 'none') environment.RUSTC_BOOTSTRAP = '1'

if (run(['fuzz', '--version'], 'ignore') !== 0) {
  console.log('cargo-fuzz is not installed: installing it into target/tools')
  if (run(['install', 'cargo-fuzz', '--locked', '--root', tools]) !== 0) process.exit(1)
}

const failed = []
for (const target of positionals.length > 0 ? positionals : targets) {
  console.log(`fuzz ${target} for ${values.seconds} s`)
  const corpus = join(folder, 'corpus', target)
  mkdirSync(corpus, { recursive: true })
  const folders = [corpus, join(folder, 'seeds', target)].filter((path) => existsSync(path))
  const code = run([
    'fuzz',
    'run',
    '--fuzz-dir',
    folder,
    '--sanitizer',
    values.sanitizer,
    target,
    ...folders,
    '--',
    `-max_total_time=${values.seconds}`,
    '-rss_limit_mb=2048',
    '-timeout=10',
    '-print_final_stats=1',
    '-verbosity=0',
  ])
  if (code !== 0) failed.push(target)
}
console.log(failed.length > 0 ? `fuzz: failed: ${failed.join(', ')}` : 'fuzz: nothing found')
process.exitCode = failed.length > 0 ? 1 : 0

function run(parameters, stdio = 'inherit') {
  return spawnSync('cargo', parameters, { cwd: root, env: environment, stdio }).status
}
