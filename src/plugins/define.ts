// Makes plugins: what was written is checked before it is used anywhere. zod comes with the first plugin.

import { PluginError } from '../errors.js'
import { loadChecker } from '../load-checker.js'
import type { Enricher, Filter, Plugin, Processor, Redactor, Sink } from './contracts.js'

/**
 * Checks a plugin of any kind, which may be an instance of a class, and gives it back. A logger does the same.
 *
 * @throws {PluginError} listing every problem
 */
export function definePlugin<P extends Plugin>(plugin: P): P {
  const problems = loadChecker().checkPlugin(plugin)
  if (problems.length > 0) throw PluginError.of(nameOf(plugin), problems)
  return plugin
}

/** Makes an enricher. @throws {PluginError} listing every problem */
export function defineEnricher(enricher: Omit<Enricher, 'kind'>): Enricher {
  return definePlugin({ ...enricher, kind: 'enricher' })
}

/** Makes a filter. @throws {PluginError} listing every problem */
export function defineFilter(filter: Omit<Filter, 'kind'>): Filter {
  return definePlugin({ ...filter, kind: 'filter' })
}

/** Makes a redactor. @throws {PluginError} listing every problem */
export function defineRedactor(redactor: Omit<Redactor, 'kind'>): Redactor {
  return definePlugin({ ...redactor, kind: 'redactor' })
}

/** Makes a processor. @throws {PluginError} listing every problem */
export function defineProcessor(processor: Omit<Processor, 'kind'>): Processor {
  return definePlugin({ ...processor, kind: 'processor' })
}

/** Makes a sink. @throws {PluginError} listing every problem */
export function defineSink(sink: Omit<Sink, 'kind'>): Sink {
  return definePlugin({ ...sink, kind: 'sink' })
}

/** What to call a plugin that may be anything. */
function nameOf(plugin: unknown): string {
  try {
    const { name } = plugin as { name?: unknown }
    return typeof name === 'string' && name !== '' ? `plugin ${name}` : 'plugin'
  } catch {
    return 'plugin'
  }
}
