// Events on their way through plugins. An event is read from the native side when a plugin first looks at it: a plugin
// that does not look costs next to nothing.

import type { PluginEvent } from './contracts.js'

/** Where events are read from. */
export interface EventSource {
  event(id: number, index: number): string | null
}

/** It goes on as it came. */
const KEEP = 0
/** It ends here. */
export const DROP = 1
/** It goes on as the plugins have made it. */
const CHANGED = 2
/** It goes on without its message and fields. */
export const WITHHOLD = 3

/** An event that a plugin has looked at, as JSON. */
interface Seen {
  /** As it came from the native side. */
  readonly original: string
  /** As the plugins so far have left it. */
  text: string
}

/** Events that are on their way together. */
export class Batch {
  private readonly seen = new Map<number, Seen>()

  /**
   * @param id - how the native side speaks of it
   * @param verdicts - one an event: 0 while plugins may see it, something else once its fate is known
   */
  constructor(
    private readonly source: EventSource,
    readonly id: number,
    readonly verdicts: Uint8Array,
  ) {}

  get length(): number {
    return this.verdicts.length
  }

  /** Whether plugins may see an event: it is not a plugin's own, and none before has ended it. */
  isOpen(index: number): boolean {
    return this.verdicts[index] === KEEP
  }

  /** No plugin sees the event any more. */
  end(index: number, verdict: typeof DROP | typeof WITHHOLD): void {
    this.verdicts[index] = verdict
  }

  /** A new copy of an event. */
  read(index: number): PluginEvent {
    let seen = this.seen.get(index)
    if (seen === undefined) {
      const original = this.source.event(this.id, index) ?? '{}'
      seen = { original, text: original }
      this.seen.set(index, seen)
    }
    return JSON.parse(seen.text) as PluginEvent
  }

  /** What a plugin has made of an event that it has read. */
  write(index: number, text: string): void {
    const seen = this.seen.get(index)
    if (seen !== undefined) seen.text = text
  }

  /** Puts down in the verdicts which events were changed; those as JSON, in order. */
  changes(): string[] {
    const changed: string[] = []
    if (this.seen.size === 0) return changed
    for (let index = 0; index < this.length; index++) {
      const seen = this.seen.get(index)
      if (seen === undefined || seen.text === seen.original || !this.isOpen(index)) continue
      this.verdicts[index] = CHANGED
      changed.push(seen.text)
    }
    return changed
  }
}

/**
 * What one plugin sees of an event, read as soon as anything is asked of it. Nobody else sees its changes: what the plugin
 * has made of the event is kept once it is done.
 */
export class View {
  private object: PluginEvent | undefined

  constructor(
    private readonly batch: Batch,
    readonly index: number,
  ) {}

  /** The plugin's copy. */
  show(): PluginEvent {
    this.object ??= this.batch.read(this.index)
    return this.object
  }

  /** The plugin has returned another object. */
  replace(event: PluginEvent): void {
    this.show()
    this.object = event
  }

  /**
   * What the plugin has left is what the next one gets.
   *
   * @param isLevel - whether a text is the name of a level
   * @throws {TypeError} when that is no event: the native side would go on with what it has instead, a secret perhaps
   */
  keep(isLevel: (name: string) => boolean): void {
    if (this.object === undefined) return
    const { timestamp, level, message, logger, context, diagnostics, data } = this.object
    if (typeof message !== 'string') throw notAnEvent('message', 'a text', message)
    if (!(typeof level === 'string' && isLevel(level))) throw notAnEvent('level', 'a level', level)
    if (!isTime(timestamp) && timestamp !== this.batch.read(this.index).timestamp)
      throw notAnEvent('timestamp', 'a time as RFC 3339', timestamp)
    if (!isSection(context)) throw notAnEvent('context', 'an object', context)
    if (!isSection(diagnostics)) throw notAnEvent('diagnostics', 'an object', diagnostics)
    if (!isSection(data)) throw notAnEvent('data', 'an object', data)
    // In this way, since what is inherited or hidden would be missing.
    const parts = { timestamp, level, message, logger, context, diagnostics, data }
    this.batch.write(this.index, JSON.stringify(parts))
  }

  /** The event that the plugin is given. */
  event(): PluginEvent {
    return new Proxy(this, HANDLER) as unknown as PluginEvent
  }
}

const HANDLER: ProxyHandler<View> = {
  get: (view, key) => Reflect.get(view.show(), key),
  set: (view, key, value) => Reflect.set(view.show(), key, value),
  has: (view, key) => Reflect.has(view.show(), key),
  ownKeys: (view) => Reflect.ownKeys(view.show()),
  deleteProperty: (view, key) => Reflect.deleteProperty(view.show(), key),
  getPrototypeOf: () => Object.prototype,
  defineProperty: (view, key, descriptor) =>
    Reflect.defineProperty(view.show(), key, { ...descriptor, configurable: true }),
  getOwnPropertyDescriptor: (view, key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(view.show(), key)
    // A proxy may not claim more about a property than its target knows.
    return descriptor && { ...descriptor, configurable: true }
  },
}

/** RFC 3339, with the offset that makes it a moment. */
const TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/

function isTime(value: unknown): boolean {
  return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value))
}

/** Whether something is an object of fields, and is one as JSON. */
export function isSection(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    typeof (value as { toJSON?: unknown }).toJSON !== 'function'
  )
}

function notAnEvent(name: string, expected: string, value: unknown): TypeError {
  const is = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value
  const given = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : is
  return new TypeError(`what was returned is not an event: ${name} is ${given}, not ${expected}`)
}
