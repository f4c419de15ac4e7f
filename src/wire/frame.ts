/**
 * A container that is being written, and those around it. Made only when a container has another one in it; a
 * short-lived object is cheaper than a store into a long-lived array, which the garbage collector must be told of.
 */
export class Frame {
  readonly depth: number

  constructor(
    readonly container: object,
    /** Key of the container in the one around it; `$` at the top. */
    readonly key: string | number,
    readonly up: Frame | undefined,
  ) {
    this.depth = up === undefined ? 1 : up.depth + 1
  }

  /** Where the container stands, as in `$.a.b[0]`. */
  path(): string {
    const outer = this.up === undefined ? '$' : this.up.path()
    if (this.key === '$') return outer
    return typeof this.key === 'number' ? `${outer}[${this.key}]` : `${outer}.${this.key}`
  }
}
