// Controllers without decorator syntax, which the tests' compiler leaves as it is.

import 'reflect-metadata'
import { Controller, HttpCode, Inject } from '@nestjs/common'

/** A route: its decorator, its status, and what its parameters are. */
export interface Route {
  readonly on: MethodDecorator
  readonly status?: number
  readonly parameters?: readonly ParameterDecorator[]
}

type Class = abstract new (...args: never[]) => object

/** Makes a class a controller, with tokens for its constructor and what its methods answer. */
export function controller<T extends Class>(
  target: T,
  tokens: readonly unknown[],
  routes: Readonly<Record<string, Route>>,
): T {
  Controller()(target)
  for (const [index, token] of tokens.entries()) Inject(token as never)(target, undefined, index)
  for (const [name, { on, status = 200, parameters = [] }] of Object.entries(routes)) {
    const { prototype } = target as unknown as { prototype: object }
    const method = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor
    for (const [index, parameter] of parameters.entries()) parameter(prototype, name, index)
    HttpCode(status)(prototype, name, method)
    on(prototype, name, method)
  }
  return target
}
