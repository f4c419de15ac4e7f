// The size that the ring of a logger really has.

/** The setting, rounded up to a power of two. */
export function ringBytes(settings: { readonly queue: { readonly ringBytes: number } }): number {
  return 2 ** Math.ceil(Math.log2(settings.queue.ringBytes))
}
