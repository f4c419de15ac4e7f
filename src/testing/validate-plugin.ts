// Runs a plugin in a real logger and says where it breaks its contract.

import { AssertionError } from 'node:assert'
import { setTimeout as delay } from 'node:timers/promises'
import { createLogger, definePlugin, type Logger, type Plugin, type PluginError } from 'fapilog'
import { problemText } from '../errors.js'
import { PLUGIN_METHODS } from '../plugins/contracts.js'
import { SAMPLES, type Sample } from './samples.js'

/** What a plugin can do wrong. */
export type PluginRule =
  /** It is no plugin: kind, name, methods, limits, version of the contracts. */
  | 'contract'
  /** `start` fails or takes too long. */
  | 'start'
  /** A call throws, rejects, or gives back what it may not. */
  | 'result'
  /** A call takes too long. */
  | 'timeout'
  /** `health` fails or does not say whether. */
  | 'health'
  /** `stop` fails or takes too long. */
  | 'stop'
  /** After `stop` something still keeps the process alive. */
  | 'handles'

/** One thing that a plugin does wrong. */
export interface PluginFault {
  /** The rule that is broken. */
  readonly rule: PluginRule
  /** What happened, and at which sample. */
  readonly message: string
}

/** How a plugin is validated. */
export interface ValidationOptions {
  /** Longest time of a call, also of `start`, `stop` and `health`, in milliseconds. @default 1000 */
  readonly timeoutMs?: number
  /** Events of your own, by name, in addition to those that every plugin is shown. */
  readonly samples?: Readonly<Record<string, (log: Logger) => void>>
}

/** How long what ends with `stop` may take to be gone, in milliseconds. */
const SETTLE_MS = 1000
const STEP_MS = 10

/**
 * Runs a plugin in a logger of its own: starts it, shows it events at which plugins tend to stumble, one by one and in
 * a burst, asks for its health, stops it. What is a failure in production is a fault here, judged by the same code.
 *
 * What else runs in the process must not open timers or sockets meanwhile, or they count as the plugin's.
 *
 * @returns the faults, none for a plugin that keeps its contract. Never rejects for what a plugin does; one that never
 *   returns from a call blocks this one, too
 */
export async function validatePlugin(
  plugin: unknown,
  { timeoutMs = 1000, samples }: ValidationOptions = {},
): Promise<PluginFault[]> {
  try {
    definePlugin(plugin as Plugin)
  } catch (error) {
    const { problems } = error as PluginError
    return problems.map((problem) => ({ rule: 'contract', message: problemText(problem) }))
  }
  const trial = new Trial(plugin as Plugin, timeoutMs)
  await trial.run({ ...SAMPLES, ...samples })
  return trial.faults
}

/**
 * Fails unless a plugin keeps its contract.
 *
 * @throws {AssertionError} with every fault (the promise rejects)
 */
export async function assertPlugin(plugin: unknown, options?: ValidationOptions): Promise<void> {
  const faults = await validatePlugin(plugin, options)
  if (faults.length === 0) return
  const lines = faults.map(({ rule, message }) => `${rule}: ${message}`)
  throw new AssertionError({
    message: `the plugin breaks its contract:\n  ${lines.join('\n  ')}`,
    actual: faults,
    expected: [],
    operator: 'assertPlugin',
    stackStartFn: assertPlugin,
  })
}

class Trial {
  readonly faults: PluginFault[] = []
  private started = true

  constructor(
    private readonly plugin: Plugin,
    private readonly timeoutMs: number,
  ) {}

  async run(samples: Readonly<Record<string, Sample>>): Promise<void> {
    const before = process.getActiveResourcesInfo()
    const log = createLogger({
      level: 'TRACE',
      handleSignals: false,
      format: 'json',
      sinks: ['null'],
      plugins: [this.probe()],
    })
    for (const [name, sample] of Object.entries(samples)) {
      // A sample is shown once the plugin has answered for the one before: a failure has one cause.
      // One that could not start, or hangs, would do the same at all the others.
      if (!this.started || this.hangs) break
      await this.show(log, name, sample)
    }
    if (this.started) await this.health()
    await log.close(this.timeoutMs * 2)
    // What hangs is still open, too.
    if (!this.hangs) await this.checkHandles(before)
  }

  private get hangs(): boolean {
    return this.faults.some(({ rule }) => rule === 'timeout')
  }

  private async show(log: Logger, name: string, sample: Sample): Promise<void> {
    const before = log.metrics().plugins[this.plugin.name]
    const known = this.faults.length
    sample(log)
    await log.flush(this.timeoutMs * 20)
    if (!this.started) return
    const after = log.metrics().plugins[this.plugin.name]
    const failures = (after?.failures ?? 0) - (before?.failures ?? 0)
    if (failures > 0) {
      const late = (after?.timeouts ?? 0) > (before?.timeouts ?? 0)
      this.fault(late ? 'timeout' : 'result', `${after?.lastError}`)
    }
    // What the probe has seen during this sample says which it was.
    for (let at = known; at < this.faults.length; at++) {
      const { rule, message } = this.faults[at] as PluginFault
      if (rule === 'result' || rule === 'timeout')
        this.faults[at] = { rule, message: `at ${name}: ${message}` }
    }
  }

  /** The plugin as the logger gets it: failures do not make it be left alone, and a sink is not asked again. */
  private probe(): Plugin {
    const { plugin } = this
    const own = plugin as unknown as Record<string, unknown>
    const probe: Record<string, unknown> = {
      timeoutMs: this.timeoutMs,
      maxFailures: 1_000_000,
      cooldownMs: 0,
    }
    for (const key of ['kind', 'name', 'concurrency', 'level', 'format', 'queueBytes', 'whenFull'])
      if (own[key] !== undefined) probe[key] = own[key]
    for (const method of PLUGIN_METHODS[plugin.kind]) {
      const call = own[method] as ((given: unknown) => unknown) | undefined
      if (call === undefined) continue
      probe[method] = plugin.kind === 'sink' ? this.guarded(call) : call.bind(plugin)
    }
    if (plugin.start !== undefined)
      probe['start'] = async () => {
        const failure = await this.attempt(() => plugin.start?.())
        if (failure === undefined) return
        this.started = false
        this.fault('start', failure.message)
        throw failure
      }
    if (plugin.stop !== undefined)
      probe['stop'] = async () => {
        const failure = await this.attempt(() => plugin.stop?.())
        if (failure !== undefined) this.fault('stop', failure.message)
      }
    return probe as unknown as Plugin
  }

  /** A write that always works for the logger, which would try again without end. */
  private guarded(write: (given: unknown) => unknown): (given: unknown) => Promise<void> {
    return async (given) => {
      const failure = await this.attempt(() => write.call(this.plugin, given))
      if (failure !== undefined)
        this.fault(failure instanceof Late ? 'timeout' : 'result', failure.message)
    }
  }

  private async health(): Promise<void> {
    const { plugin } = this
    if (plugin.health === undefined) return
    let health: unknown
    const failure = await this.attempt(async () => {
      health = await plugin.health?.()
    })
    if (failure !== undefined) this.fault('health', failure.message)
    else if (typeof (health as { healthy?: unknown } | null | undefined)?.healthy !== 'boolean')
      this.fault('health', 'it must return an object with healthy, true or false')
  }

  private async checkHandles(before: readonly string[]): Promise<void> {
    let left = more(before)
    for (let waited = 0; left.length > 0 && waited < SETTLE_MS; waited += STEP_MS) {
      // Keeps the process alive meanwhile; once it is over, it is not found by the next count.
      await delay(STEP_MS)
      left = more(before)
    }
    if (left.length > 0) this.fault('handles', `still open after stop: ${left.join(', ')}`)
  }

  /** What is wrong with a call, if anything is. */
  private async attempt(call: () => unknown): Promise<Error | undefined> {
    let timer: NodeJS.Timeout | undefined
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Late(`no end within ${this.timeoutMs} ms`)),
          this.timeoutMs,
        )
      })
      await Promise.race([call(), late])
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      clearTimeout(timer)
    }
  }

  private fault(rule: PluginRule, message: string): void {
    this.faults.push({ rule, message })
  }
}

class Late extends Error {}

/** What keeps the process alive that did not before. */
function more(before: readonly string[]): string[] {
  const known = [...before]
  return process.getActiveResourcesInfo().filter((resource) => {
    const at = known.indexOf(resource)
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}
