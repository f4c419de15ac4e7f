// One event on its way through plugins. It is read from the native side when a plugin first looks at it: a plugin
// that does not look costs next to nothing.

import type { PluginEvent } from './contracts.js'

/** Where events are read from. */
export interface EventSource {
  event(id: number, index: number): string | null
}

/** What one plugin sees of an event, read as soon as anything is asked of it. Nobody else sees its changes later. */
class View {
  object: PluginEvent | undefined

  constructor(private readonly traveller: Traveller) {}

  load(): PluginEvent {
    this.object ??= this.traveller.read()
    return this.object
  }
}

const HANDLER: ProxyHandler<View> = {
  get: (view, key) => Reflect.get(view.load(), key),
  set: (view, key, value) => Reflect.set(view.load(), key, value),
  has: (view, key) => Reflect.has(view.load(), key),
  ownKeys: (view) => Reflect.ownKeys(view.load()),
  deleteProperty: (view, key) => Reflect.deleteProperty(view.load(), key),
  getPrototypeOf: () => Object.prototype,
  defineProperty: (view, key, descriptor) =>
    Reflect.defineProperty(view.load(), key, { ...descriptor, configurable: true }),
  getOwnPropertyDescriptor: (view, key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(view.load(), key)
    // A proxy may not claim more about a property than its target knows.
    return descriptor && { ...descriptor, configurable: true }
  },
}

/** An event that may have been read, and changed. */
export class Traveller {
  /** The event as the plugins before have left it, once one has looked at it. */
  private text: string | undefined
  /** As it came from the native side. */
  private original: string | undefined
  private view: View | undefined
  private proxy: PluginEvent | undefined
  /** No plugin sees it any more. */
  ended = false

  constructor(
    private readonly source: EventSource,
    private readonly batch: number,
    readonly index: number,
  ) {}

  /** For the next plugin. */
  event(): PluginEvent {
    if (this.proxy === undefined) {
      this.view = new View(this)
      this.proxy = new Proxy(this.view, HANDLER) as unknown as PluginEvent
    }
    return this.proxy
  }

  /** Whether `value` is what the plugin was given. */
  is(value: unknown): boolean {
    return value === this.proxy
  }

  /** A new copy of the event. */
  read(): PluginEvent {
    if (this.text === undefined) {
      this.text = this.source.event(this.batch, this.index) ?? '{}'
      this.original = this.text
    }
    return JSON.parse(this.text) as PluginEvent
  }

  /** The plugin's copy, to be changed for it. */
  load(): PluginEvent {
    this.event()
    return (this.view as View).load()
  }

  /** The plugin has returned another object. */
  replace(event: PluginEvent): void {
    this.load()
    ;(this.view as View).object = event
  }

  /** The plugin is done with it; what it has left is what the next one gets. @throws what JSON.stringify throws */
  keep(): void {
    const object = this.view?.object
    if (object === undefined) return
    const text = JSON.stringify(object)
    if (typeof text !== 'string' || text[0] !== '{') throw new TypeError('an event is an object')
    this.text = text
    this.undo()
  }

  /** What the plugin has done to it is forgotten. */
  undo(): void {
    // A view that was not looked into can be given to the next plugin.
    if (this.view?.object === undefined) return
    this.view = undefined
    this.proxy = undefined
  }

  /** The event as JSON if it is not as it came. */
  changed(): string | undefined {
    return this.text === this.original ? undefined : this.text
  }
}
