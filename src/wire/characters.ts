/**
 * `charCodeAt` without looking it up on each string: V8 has a dozen kinds of strings, and a property access that
 * has seen more than four of them is a call.
 */
export const charCodeAt: (text: string, index: number) => number = Function.prototype.call.bind(
  String.prototype.charCodeAt,
)
