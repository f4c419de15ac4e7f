// What settings ask of each other.

import type { ConfigurationProblem } from '../errors.js'
import { ringBytes } from './ring-bytes.js'
import type { ResolvedSettings } from './schema.js'

/** Sinks that have room in the journal of a ring's file (crates/ring/src/journal.rs). */
const MAX_CRASH_SAFE_SINKS = 14

type Rule = (settings: ResolvedSettings) => ConfigurationProblem[]

/** Every rule; each names all that is wrong. */
export const RULES: readonly Rule[] = [repeatedNames, eventsFitTheRing, crashSafeSinks]

function repeatedNames({ sinks }: ResolvedSettings): ConfigurationProblem[] {
  const names = sinks.map(({ name }) => name)
  return names.flatMap((name, index) =>
    name === undefined || names.indexOf(name) === index
      ? []
      : [{ path: `sinks[${index}].name`, value: name, expected: 'a name that no other sink has' }],
  )
}

function eventsFitTheRing(settings: ResolvedSettings): ConfigurationProblem[] {
  const quarter = ringBytes(settings) / 4
  const { maxEventBytes } = settings.queue
  if (maxEventBytes <= quarter) return []
  return [
    {
      path: 'queue.maxEventBytes',
      value: maxEventBytes,
      expected: `at most a quarter of queue.ringBytes (${quarter})`,
    },
  ]
}

/** What `durability: 'crash-safe'` asks of the sinks. */
function crashSafeSinks({ durability, sinks }: ResolvedSettings): ConfigurationProblem[] {
  if (durability !== 'crash-safe') return []
  const count = sinks.filter(({ type }) => type === 'file').length
  if (count === 0 || count > MAX_CRASH_SAFE_SINKS) {
    return [
      {
        path: 'durability',
        value: durability,
        expected: `1 to ${MAX_CRASH_SAFE_SINKS} sinks of type file, not ${count}`,
      },
    ]
  }
  return sinks.flatMap((sink, index) =>
    sink.type === 'file' && sink.whenFull !== 'block'
      ? [
          {
            path: `sinks[${index}].whenFull`,
            value: sink.whenFull,
            expected: "'block' with durability 'crash-safe', which drops no line at a file",
          },
        ]
      : [],
  )
}
