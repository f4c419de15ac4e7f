// Where V8 keeps the memory of JavaScript in a cage of its own, as in Electron, there is nothing that a log call could write
// to and native threads read. No logger is made there; no event is lost.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What such a runtime answers: `napi_no_external_buffers_allowed`. */
const REFUSES = 'int fapi_create_external_buffer(void) { return 22; }\n'

const PROGRAM = `
import { createLogger } from 'fapilog'
try {
  createLogger({ sinks: ['stdout'] }).info('into the void')
} catch (error) {
  console.log(error.name, error.code, error.message)
}
`

const linux = process.platform === 'linux' ? test : test.skip

linux('createLogger says what the runtime does not allow, and where to log from instead', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fapilog-cage-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const shim = join(folder, 'cage.so')
  writeFileSync(join(folder, 'cage.c'), REFUSES)
  const compiled = spawnSync('cc', ['-shared', '-fPIC', '-o', shim, join(folder, 'cage.c')])
  if (compiled.status !== 0) {
    t.log('SKIPPED: needs a C compiler, to answer the addon as such a runtime does')
    t.pass()
    return
  }
  // Node.js itself cannot be made to refuse, so the addon asks for the function under another name.
  const name = readdirSync(join(ROOT, 'native')).find((file) => file.endsWith('.node')) ?? ''
  const addon = readFileSync(join(ROOT, 'native', name), 'latin1')
  t.true(addon.includes('\0napi_create_external_buffer\0'))
  const caged = addon.replace('\0napi_create_external_buffer\0', '\0fapi_create_external_buffer\0')
  writeFileSync(join(folder, name), caged, 'latin1')

  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', PROGRAM],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], FAPILOG_NATIVE_PATH: join(folder, name), LD_PRELOAD: shim },
    },
  )
  t.regex(
    stdout,
    /^PipelineError FAPILOG_REGION_INVALID .*Electron.*no native memory: log from a process of Node\.js\n$/,
  )
  t.is(stderr, '')
  t.is(status, 0)
})
