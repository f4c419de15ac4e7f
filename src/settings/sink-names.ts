// What sinks are called: in metrics, receipts and routing.

/** The types of fapilog's own sinks. No plugin that is found by its package may have one of them for a name. */
export const SINK_TYPES = ['stdout', 'stderr', 'file', 'null', 'memory'] as const

/** The name of each sink: its own, or its type, numbered when that is taken. */
export function sinkNames(
  sinks: readonly { readonly name?: string | undefined; readonly type: string }[],
): string[] {
  const names = new Set(sinks.map(({ name }) => name))
  return sinks.map(({ name, type }) => {
    if (name !== undefined) return name
    let free = type
    for (let number = 2; names.has(free); number++) free = `${type}-${number}`
    names.add(free)
    return free
  })
}
