// Runs the plugins of a logger on the thread that created it: takes batches from the native side, shows them to the
// plugins in order, answers. Whatever a plugin does, its batch is answered.

import { onLoopEmpty } from '../lifecycle.js'
import type { PluginMetrics } from '../metrics.js'
import { Aftermath } from './aftermath.js'
import { Batch } from './batch.js'
import { DEFAULT_TIMEOUT_MS, type Plugin, type PluginHealth, type Sink } from './contracts.js'
import { failureText } from './failure-text.js'
import { PLACES } from './places.js'
import type { PluginPort } from './port.js'
import { SinkStep } from './sink-step.js'
import { type InlinePlugin, type Report, Step } from './step.js'
import { isThenable, within } from './timeout.js'

/** Longest time that plugins hold the event loop before others get their turn. */
const SLICE_MS = 5
/** Longest wait without the event loop for what only the event loop could bring on. */
const STUCK_MS = 100
/** Longest wait for `stop` of all plugins together. */
const STOP_TIMEOUT_MS = 5000

interface Station {
  readonly index: number
  readonly steps: readonly Step[]
  busy: boolean
}

/** What the host needs of its container. */
export interface HostOwner {
  /** Marks events that are logged from now on as a plugin's own, or no longer. */
  markOwn(own: boolean): void
  /** The same for what a call starts and awaits, or does not. */
  markOwnAsync<T>(call: () => T): T
  /** A number that changes with every event that this thread logs. */
  logged(): number
  /** Says what went wrong. */
  report: Report
  /** Whether a text is the name of a level. */
  isLevel(name: string): boolean
}

/**
 * The native side holds the function for as long as the pipeline lives, and the host holds the pipeline. Made out here,
 * since functions made in one scope hold what any of them holds.
 */
function weakly(host: WeakRef<PluginHost>, call: (host: PluginHost) => void): () => void {
  return () => {
    const alive = host.deref()
    if (alive !== undefined) call(alive)
  }
}

function work(host: PluginHost): void {
  host.work()
}

/** All plugins of one container. */
export class PluginHost {
  private readonly native: PluginPort
  private readonly stations: readonly Station[]
  private readonly sinks: readonly SinkStep[]
  private readonly steps: readonly Step[]
  private readonly plugins: readonly Plugin[]
  /** Plugins whose `start` has not come back yet: events wait. */
  private starting = 0
  private running = false
  private scheduled = false
  private stopped: Promise<void> | undefined
  private readonly forgetLoop: () => void
  private readonly aftermath: Aftermath
  /** Batches answered. */
  private answered = 0

  constructor(
    create: (onWork: () => void) => PluginPort,
    plugins: readonly Plugin[],
    private readonly owner: HostOwner,
    /** Asks the container for an asynchronous flush, for the moment when the event loop is empty. */
    flush: () => Promise<unknown>,
  ) {
    this.plugins = plugins
    this.aftermath = new Aftermath(() => owner.logged())
    this.native = create(weakly(new WeakRef(this), work))
    const steps = new Map<Plugin, Step>()
    const stations: Station[] = []
    for (const { kinds } of PLACES) {
      const here = kinds
        .flatMap((kind) => plugins.filter((plugin) => plugin.kind === kind))
        .map((plugin) => new Step(plugin as InlinePlugin, owner.report, owner.isLevel))
      for (const step of here) steps.set(step.plugin, step)
      if (here.length > 0) stations.push({ index: stations.length, steps: here, busy: false })
    }
    this.stations = stations
    this.steps = [...steps.values()]
    this.sinks = plugins
      .filter((plugin): plugin is Sink => plugin.kind === 'sink')
      .map(
        (plugin) => new SinkStep(plugin, this.native, owner.report, (call) => this.asPlugin(call)),
      )
    for (const plugin of plugins) this.start(plugin)
    let flushedAt = -1
    this.forgetLoop = onLoopEmpty(() => {
      // Once for everything logged so far; what is logged meanwhile brings this back.
      if (this.answered === flushedAt) return
      flushedAt = this.answered
      flush().catch(() => undefined)
    })
  }

  metrics(): Record<string, PluginMetrics> {
    const all: Record<string, PluginMetrics> = {}
    for (const step of this.steps) all[step.plugin.name] = step.metrics()
    for (const sink of this.sinks) all[sink.plugin.name] = sink.metrics()
    return all
  }

  /** Turns a plugin on or off; false when there is none of this name. */
  enable(name: string, enabled: boolean): boolean {
    const step = [...this.steps, ...this.sinks].find(({ plugin }) => plugin.name === name)
    if (step === undefined) return false
    step.enabled = enabled
    return true
  }

  /** Asks every plugin that can say so how it is; one that fails or takes too long is not healthy. */
  async health(): Promise<Record<string, PluginHealth>> {
    const asked = this.plugins.filter(({ health }) => health !== undefined)
    const answers = asked.map(async (plugin) => [plugin.name, await healthOf(plugin)] as const)
    return Object.fromEntries(await Promise.all(answers))
  }

  /** Does what there is to do; goes on in a later turn of the event loop when it takes long. */
  work(): void {
    this.native.listen()
    this.aftermath.begin()
    const until = performance.now() + SLICE_MS
    let begun = 0
    while (this.workOnce()) {
      if (performance.now() > until) {
        begun = this.later()
        break
      }
    }
    this.aftermath.end(begun)
  }

  /** How many immediates that has begun. */
  private later(): number {
    if (this.scheduled) return 0
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      this.work()
    })
    return 1
  }

  /** Deals with one batch, the one that is nearest to the sinks; whether there was one. */
  private workOnce(): boolean {
    if (this.running || this.starting > 0) return false
    for (const sink of this.sinks) {
      if (!sink.work(() => this.work())) continue
      this.aftermath.lingers ||= sink.busy
      return true
    }
    for (let at = this.stations.length - 1; at >= 0; at--) {
      const station = this.stations[at] as Station
      if (!station.busy && this.runStation(station)) return true
    }
    return false
  }

  private runStation(station: Station): boolean {
    const offer = this.native.take(station.index)
    if (offer === null) return false
    const batch = new Batch(this.native, offer.id, offer.verdicts)
    const pending = this.runSteps(station.steps, 0, batch)
    if (pending === undefined) {
      this.answer(batch)
      return true
    }
    station.busy = true
    pending.then(() => {
      station.busy = false
      this.answer(batch)
      this.work()
    })
    return true
  }

  private runSteps(steps: readonly Step[], from: number, batch: Batch): void | Promise<void> {
    for (let at = from; at < steps.length; at++) {
      const step = steps[at] as Step
      const pending = this.asPlugin(() => step.run(batch))
      if (pending === undefined) continue
      this.aftermath.lingers = true
      return pending.then(() => this.runSteps(steps, at + 1, batch))
    }
    return undefined
  }

  /** Calls plugins; what they log meanwhile is marked as theirs, and so is what lingers of their calls and logs later. */
  private asPlugin<T>(call: () => T): T {
    this.running = true
    this.owner.markOwn(true)
    try {
      return this.aftermath.lingers ? this.owner.markOwnAsync(call) : call()
    } finally {
      this.owner.markOwn(false)
      this.running = false
    }
  }

  private answer(batch: Batch): void {
    const changed = batch.changes()
    this.answered++
    this.native.answer(batch.id, batch.verdicts, changed)
  }

  /**
   * Runs plugins without the event loop until everything logged so far is through, or until nothing more can be
   * done: asynchronous plugins cannot end before this call does.
   *
   * @param final - the process ends: what asynchronous plugins have not answered for is not waited for
   * @returns milliseconds left of the time
   */
  drainSync(timeoutMs: number, final: boolean): number {
    const deadline = performance.now() + timeoutMs
    const left = (): number => Math.max(0, deadline - performance.now())
    const number = this.native.beginFlush()
    while (this.isStuck() || this.native.awaitFlush(number, left()) === null) {
      if (this.workOnce()) continue
      if (final) this.native.abandon()
      else return Math.min(left(), STUCK_MS)
      break
    }
    if (final && left() === 0) this.native.abandon()
    return left()
  }

  /** Whether something is under way that cannot end before this call does. */
  private isStuck(): boolean {
    const { running, starting, stations, sinks } = this
    return running || starting > 0 || [...stations, ...sinks].some(({ busy }) => busy)
  }

  /** Ends the plugins, last first. Never rejects. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll()
    return this.stopped
  }

  private async stopAll(): Promise<void> {
    this.forgetLoop()
    for (const sink of this.sinks) sink.release()
    const deadline = performance.now() + STOP_TIMEOUT_MS
    for (const plugin of [...this.plugins].reverse()) {
      if (plugin.stop === undefined) continue
      try {
        await within(plugin.stop(), Math.max(0, deadline - performance.now()))
      } catch (error) {
        this.owner.report(`plugin ${plugin.name}: stop failed: ${String(error)}`, error)
      }
    }
  }

  private start(plugin: Plugin): void {
    if (plugin.start === undefined) return
    const failed = (error: unknown): void => {
      const step = [...this.steps, ...this.sinks].find((known) => known.plugin === plugin)
      if (step !== undefined) step.broken = true
      this.owner.report(`plugin ${plugin.name}: start failed: ${String(error)}`, error)
    }
    try {
      const result: unknown = this.asPlugin(() => plugin.start?.())
      if (!isThenable(result)) return
      this.starting++
      this.aftermath.lingers = true
      // A process that has nothing else to do ends without it.
      const started = within(result, plugin.timeoutMs ?? DEFAULT_TIMEOUT_MS, false)
      started.catch(failed).finally(() => {
        this.starting--
        this.work()
      })
    } catch (error) {
      failed(error)
    }
  }
}

async function healthOf(plugin: Plugin): Promise<PluginHealth> {
  try {
    const given: unknown = await within(plugin.health?.(), plugin.timeoutMs ?? DEFAULT_TIMEOUT_MS)
    const { healthy, details } = given as PluginHealth
    if (typeof healthy !== 'boolean') throw new TypeError('health must return { healthy: boolean }')
    return details === undefined ? { healthy } : { healthy, details }
  } catch (error) {
    return { healthy: false, details: failureText(error) }
  }
}
