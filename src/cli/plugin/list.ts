// The plugins among the dependencies of an application.

import { complain, print } from '../print.js'

/** Prints them. @returns the exit code: 1 when one does not fit */
export async function listPlugins(folder: string, json: boolean): Promise<number> {
  // Loaded here: the other commands need no plugins.
  const { PluginRegistry } = await import('fapilog/plugins')
  const packages = new PluginRegistry({ from: folder }).packages()
  const wrong = packages.filter((one) => problemsOf(one).length > 0)
  if (json) {
    const rows = packages.map((one) => ({
      name: one.name,
      ...one.metadata,
      problems: problemsOf(one),
    }))
    print(`${JSON.stringify(rows)}\n`)
  } else {
    if (packages.length === 0) print('no plugins among the direct dependencies\n')
    const width = Math.max(...packages.map(({ name }) => name.length))
    for (const { name, metadata } of packages.filter((one) => !wrong.includes(one))) {
      const { kind = '', version = '', description = '' } = metadata ?? {}
      print(`${`${kind.padEnd(9)}  ${name.padEnd(width)}  ${version}  ${description}`.trimEnd()}\n`)
    }
    for (const one of wrong) complain(`${one.name}: ${problemsOf(one).join('; ')}`)
  }
  return wrong.length > 0 ? 1 : 0
}

function problemsOf(one: {
  readonly problems: readonly string[]
  readonly mismatches: readonly string[]
}): readonly string[] {
  return [...one.problems, ...one.mismatches]
}
