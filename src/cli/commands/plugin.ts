// fapilog plugin list | new | validate

import type { PluginKind } from 'fapilog'
import { type Command, type Given, UsageError, unknown } from '../command.js'
import { listPlugins } from '../plugin/list.js'
import { newPlugin } from '../plugin/new.js'
import { KINDS } from '../plugin/template.js'
import { validatePackage } from '../plugin/validate.js'

const DEFAULT_KIND: PluginKind = 'enricher'
const ACTIONS = ['list', 'new', 'validate'] as const

export const plugin: Command = {
  name: 'plugin',
  summary: 'list the plugins of an application, begin one, check one',
  operands: 'list [folder] | new <name> | validate [folder]',
  details: `
  list      plugins among the dependencies of the application in this folder, and whether they fit; runs none of their code
  new       write a package with a plugin that works, its test and its README into a new folder
  validate  load the plugin of the package in this folder and show it events at which plugins tend to stumble

The folder is the working directory unless one is named.`,
  options: {
    kind: {
      type: 'string',
      short: 'k',
      value: 'kind',
      help: `new: ${KINDS.join(', ')} (${DEFAULT_KIND})`,
    },
    settings: {
      type: 'string',
      short: 's',
      value: 'json',
      help: 'validate: the settings that the plugin gets',
    },
    json: { type: 'boolean', help: 'list and validate: one JSON document' },
  },
  examples: [
    ['npx fapilog plugin new fapilog-sink-orders --kind sink', 'begin a plugin'],
    ['npx fapilog plugin validate', 'check the one in this folder'],
    ['npx fapilog plugin list', 'what the application here could load'],
  ],
  exitCodes: ['all is right', 'a plugin does not fit or breaks its contract'],
  run(given) {
    const [action = '', operand, ...more] = given.positionals
    if (more.length > 0) throw new UsageError(`plugin ${action} takes one operand`)
    const json = given.flag('json')
    switch (ACTIONS.find((known) => known === action)) {
      case 'list':
        return listPlugins(operand ?? '.', json)
      case 'new':
        if (operand === undefined) throw new UsageError('plugin new takes the name of the package')
        return newPlugin(operand, kind(given))
      case 'validate':
        return validatePackage(operand ?? '.', settings(given), json)
      default:
        if (action === '') throw new UsageError(`plugin takes an action: ${ACTIONS.join(', ')}`)
        return unknown('action', action, ACTIONS)
    }
  },
}

function kind(given: Given): PluginKind {
  const name = given.text('kind') ?? DEFAULT_KIND
  return KINDS.find((known) => known === name) ?? unknown('kind of plugin', name, KINDS)
}

function settings(given: Given): unknown {
  const text = given.text('settings')
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`--settings is no JSON: ${(error as Error).message}`)
  }
}
