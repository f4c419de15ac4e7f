// Plugins in JavaScript. Only code can give them: no file and no variable holds a function.

import { z } from 'zod/mini'
import { type Plugin, pluginProblem } from '../plugins/contracts.js'
import { kind } from './meaning.js'

const plugin = z.custom<Plugin>((value) => pluginProblem(value) === undefined, {
  error: ({ input }) => pluginProblem(input) ?? 'a plugin',
})

export const plugins = kind(z.array(plugin), {
  type: 'readonly Plugin[]',
  imports: ['../plugins/contracts.js', 'Plugin'],
  allowed: 'a list of plugins',
  json: undefined,
})
