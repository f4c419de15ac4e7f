// What is installed, which binary, and whether it works.

import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isatty } from 'node:tty'
import { wantsColor } from '../../color.js'
import { native, nativeFile } from '../native.js'
import { bytes, type Finding, fail, messageOf, ok, warn } from './finding.js'

const root = new URL('../../', import.meta.url)

export async function installation(): Promise<Finding[]> {
  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const { version, engines } = manifest as { version: string; engines: { node: string } }
  const { platform, arch, versions } = process
  const findings = [
    ok('fapilog', `${version}, ${decodeURIComponent(root.pathname)}`),
    ok('node', `${process.version} (asked for: ${engines.node}), Node-API ${versions['napi']}`),
    ok('platform', `${platform} ${arch}${platform === 'linux' ? `, ${libc()}` : ''}`),
  ]
  const project = projectVersion()
  if (project !== undefined && project !== version)
    findings.push(warn('project', `the project here has fapilog ${project}, this is ${version}`))
  return [...findings, ...(await addon()), output()]
}

async function addon(): Promise<Finding[]> {
  try {
    native()
  } catch (error) {
    return [fail('addon', messageOf(error))]
  }
  const file = nativeFile()
  const from = process.env['FAPILOG_NATIVE_PATH'] ? ' (FAPILOG_NATIVE_PATH)' : ''
  const where = file === undefined ? 'loaded' : `${file}${from}, ${bytes(statSync(file).size)}`
  return [ok('addon', where), await trial()]
}

/** Logs one event, from the call to the line. */
async function trial(): Promise<Finding> {
  try {
    const { createLogger } = (await import(
      new URL('dist/index.mjs', root).href
    )) as typeof import('../../index.js')
    const log = createLogger({ level: 'TRACE', sinks: [{ type: 'memory', format: 'json' }] })
    log.info('doctor', { n: 1 })
    await log.flush()
    const [line] = log.takeLines()
    await log.close()
    const right = line !== undefined && JSON.parse(line).data.n === 1
    return right
      ? ok('trial', 'one event logged and read back')
      : fail('trial', `read back: ${line}`)
  } catch (error) {
    return fail('trial', messageOf(error))
  }
}

function output(): Finding {
  const terminal = isatty(1)
  const looks = wantsColor(terminal) ? 'colours' : 'no colours'
  return ok('stdout', `${terminal ? 'a terminal: pretty' : 'no terminal: json'}, ${looks}`)
}

function libc(): string {
  // Types for Node 20 do not know it; without it every open socket is resolved by name.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean }
  report.excludeNetwork = true
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } }
  const glibc = header.glibcVersionRuntime
  return glibc === undefined ? 'musl' : `glibc ${glibc}`
}

/** The version that the project in the working directory would load. */
function projectVersion(): string | undefined {
  try {
    const require = createRequire(`${process.cwd()}/package.json`)
    return (require('fapilog/package.json') as { version: string }).version
  } catch {
    // It has none.
    return undefined
  }
}
