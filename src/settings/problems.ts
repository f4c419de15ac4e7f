// What the schema refuses, in words: path, value, what is allowed and the names that were near.

import type { z } from 'zod/mini'
import type { ConfigurationProblem } from '../errors.js'
import { acceptedLevels } from './kinds.js'
import { settingsSchema } from './schema.js'
import { namesAt, tagsAt } from './walk.js'

type Issue = z.core.$ZodIssue

/** The keys of a path as it is shown. */
export function keysOf(path: string): readonly string[] {
  return path.split(/[.[\]]+/).filter((key) => key !== '')
}

function show(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else text += text === '' ? String(part) : `.${String(part)}`
  }
  return text === '' ? 'options' : text
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const part of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[part]
  return value
}

/** What an input has wrong that a schema, that of the settings if none is named, has refused. */
export function problems(
  issue: Issue,
  base: readonly PropertyKey[],
  input: unknown,
  root: z.core.$ZodType = settingsSchema,
): ConfigurationProblem[] {
  const path = [...base, ...issue.path]
  const value = at(input, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const names = namesAt(root, path, input)
        const shown = path.length === 0 ? key : `${show(path)}.${key}`
        return {
          path: shown,
          value: at(input, [...path, key]),
          expected: `no such setting; known are ${names.join(', ')}`,
          candidates: names,
          name: key,
        }
      })
    case 'invalid_value':
      return [
        {
          path: show(path),
          value,
          expected: `one of ${issue.values.map((known) => JSON.stringify(known)).join(', ')}`,
          candidates: issue.values.map(String),
        },
      ]
    case 'invalid_union': {
      if ('discriminator' in issue && typeof issue.discriminator === 'string') {
        const { discriminator } = issue
        const owner = path.at(-1) === discriminator ? path.slice(0, -1) : path
        const known = tagsAt(root, owner, input, discriminator)
        const tag = [...owner, discriminator]
        return [
          {
            path: show(tag),
            value: at(input, tag),
            expected: `one of ${known.map((word) => JSON.stringify(word)).join(', ')}`,
            candidates: known,
          },
        ]
      }
      if (hasOwnMessage(issue)) return [{ path: show(path), value, expected: issue.message }]
      // The branch that got furthest is the one that was meant.
      const chosen = issue.errors.find((branch) =>
        branch.some(
          (one) =>
            one.path.length > 0 || one.code === 'unrecognized_keys' || 'discriminator' in one,
        ),
      )
      if (typeof value === 'object' && value !== null && chosen !== undefined)
        return chosen.flatMap((one) => problems(one, path, input, root))
      const branches = issue.errors.flat()
      const values = branches.flatMap((one) =>
        one.code === 'invalid_value' ? one.values.map(String) : [],
      )
      const others = branches.flatMap((one) => alternative(one))
      const expected = [
        ...(values.length > 0
          ? [`one of ${values.map((known) => JSON.stringify(known)).join(', ')}`]
          : []),
        ...new Set(others),
      ]
      return [{ path: show(path), value, expected: expected.join(' or '), candidates: values }]
    }
    case 'invalid_type':
      return [{ path: show(path), value, expected: article(issue.expected) }]
    case 'too_small':
      return [
        { path: show(path), value, expected: `at least ${issue.minimum}${unit(issue.origin)}` },
      ]
    case 'too_big':
      return [
        { path: show(path), value, expected: `at most ${issue.maximum}${unit(issue.origin)}` },
      ]
    default:
      return [{ path: show(path), value, expected: issue.message, ...levelNames(issue) }]
  }
}

/** Whether the schema says itself what is right. */
function hasOwnMessage(issue: Issue): boolean {
  return issue.code === 'invalid_union' && issue.message !== 'Invalid input'
}

/** What one branch of a union would have taken. */
function alternative(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [article(issue.expected)]
  if (issue.code === 'custom' || hasOwnMessage(issue)) return [issue.message]
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(alternative) : []
}

function article(type: string): string {
  const name = type === 'int' ? 'integer' : type
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

function unit(origin: string): string {
  return origin === 'string' ? ' character(s)' : origin === 'array' ? ' element(s)' : ''
}

function levelNames(issue: Issue): { candidates?: readonly string[] } {
  if (!issue.message.startsWith('a level')) return {}
  const names = [...acceptedLevels().levels.map(({ name }) => name), 'WARN', 'FATAL']
  return { candidates: issue.message.includes('SILENT') ? [...names, 'SILENT'] : names }
}
