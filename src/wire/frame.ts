/**
 * A container that is being written, and those around it. Made only when a container has another one in it; a
 * short-lived object is cheaper than a store into a long-lived array, which the garbage collector must be told of.
 */
export class Frame {
  readonly depth: number

  constructor(
    readonly container: object,
    /** Key of the container in the one around it; `$` at the top; undefined when it was not noted. */
    readonly key: string | number | undefined,
    readonly up: Frame | undefined,
  ) {
    this.depth = up === undefined ? 1 : up.depth + 1
  }

  /** Whether the container is that of the fields of the call. */
  get isTop(): boolean {
    return this.up === undefined && (this.key === '$' || this.key === undefined)
  }

  /** Where the container stands, as in `$.a.b[0]`. */
  path(): string {
    if (this.isTop) return '$'
    const outer = this.up === undefined ? '$' : this.up.path()
    const key = this.key ?? keyOf(this.up?.container as object, this.container)
    if (key === '$') return outer
    return typeof key === 'number' ? `${outer}[${key}]` : `${outer}.${key}`
  }
}

/** The key of a container in the plain object or array around it, found without calling getters. */
function keyOf(outer: object, inner: object): string | number {
  try {
    if (Array.isArray(outer)) return outer.indexOf(inner)
    const isInner = (key: string) => Object.getOwnPropertyDescriptor(outer, key)?.value === inner
    return Object.keys(outer).find(isInner) ?? '?'
  } catch {
    return '?'
  }
}
