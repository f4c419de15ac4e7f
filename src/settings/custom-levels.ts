// The options of a logger that has levels of the application's own: as LoggerOptions, but wherever a level is asked
// for, one of those will do.

import type { LoggerOptions } from './options.js'

/** A type with more levels wherever it takes a level. */
type WithLevels<Type, Name extends string> = 'INFO' extends Type
  ? Type | Name | Uppercase<Name>
  : Other<Type, Name>

type Other<Type, Name extends string> = Type extends (...args: never[]) => unknown
  ? Type
  : Type extends readonly (infer Element)[]
    ? readonly WithLevels<Element, Name>[]
    : Type extends object
      ? { readonly [Key in keyof Type]: WithLevels<Type[Key], Name> }
      : Type

/** Options of `createLogger` with levels of the application's own. */
export type OptionsWith<Levels extends Readonly<Record<string, number>>> = WithLevels<
  Omit<LoggerOptions, 'customLevels'>,
  keyof Levels & string
> & { readonly customLevels: Levels }
