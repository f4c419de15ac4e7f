// Writes the package of a new plugin.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PluginKind } from 'fapilog'
import { UsageError } from '../command.js'
import { complain, print } from '../print.js'
import { ownVersion } from '../version.js'
import { template } from './template.js'

/** Names of packages as npm takes them. */
const NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/

/** Writes it into a folder of its name, without the scope. @returns the exit code */
export function newPlugin(name: string, kind: PluginKind): number {
  if (!NAME.test(name) || name.length > 214)
    throw new UsageError(
      `'${name}' is no name of a package: lower case letters, digits and -._~, perhaps behind a @scope/`,
    )
  const folder = name.replace(/^.*\//, '')
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    complain(`${folder} is there and not empty`)
    return 1
  }
  mkdirSync(folder, { recursive: true })
  const files = template({ name, kind, fapilog: ownVersion() })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  print(`${Object.keys(files)
    .map((file) => `${join(folder, file)}\n`)
    .join('')}
Next:
  cd ${folder}
  npm install
  npm test
  npx fapilog plugin validate
`)
  return 0
}
