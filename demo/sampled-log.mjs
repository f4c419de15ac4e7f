// Two loggers behind one: everything goes to the file, a sample that a person can read to the terminal, and
// every 64th call to the first is timed. Sampling filters are not built yet; until then it is done here, in
// the caller's own code.

const TIMED_EVERY = 64

/** Decides which requests are shown: one at a time, each kind in turn. */
export class Sampler {
  #everyMs
  #kinds
  #turn = 0
  #nextAt = 0

  constructor(everyMs, kinds) {
    this.#everyMs = everyMs
    this.#kinds = kinds
  }

  /** Whether the request to `url` is shown. */
  takes(url) {
    const now = performance.now()
    if (now < this.#nextAt || !this.#kinds[this.#turn].test(url)) return false
    this.#turn = (this.#turn + 1) % this.#kinds.length
    this.#nextAt = now + this.#everyMs
    return true
  }
}

/** Times one of 64 calls, where they happen: with cold caches and whatever else the machine does. */
export class Stopwatch {
  calls = 0
  /** Nanoseconds between two readings of the clock with nothing in between; subtracted from every sample. */
  clockNs = 0
  /** Nanoseconds of the timed calls without an Error, of those with one, and of reading its stacks before. */
  #plain = []
  #errors = []
  #stacks = []

  constructor() {
    const empty = Array.from({ length: 20_000 }, () => {
      const started = process.hrtime.bigint()
      return Number(process.hrtime.bigint() - started)
    }).slice(10_000)
    this.clockNs = empty.sort((a, b) => a - b)[empty.length >> 1]
  }

  call(log, method, a, b, c) {
    if (this.calls++ % TIMED_EVERY !== 0) {
      log[method](a, b, c)
      return
    }
    if (a instanceof Error) {
      // V8 writes a stack down when it is first read, which is most of what logging an Error costs.
      this.#stacks.push(this.#time(() => [a.stack, a.cause?.stack]))
      this.#errors.push(this.#time(() => log[method](a, b, c)))
      return
    }
    const started = process.hrtime.bigint()
    log[method](a, b, c)
    this.#plain.push(Number(process.hrtime.bigint() - started) - this.clockNs)
  }

  #time(run) {
    const started = process.hrtime.bigint()
    run()
    return Number(process.hrtime.bigint() - started) - this.clockNs
  }

  summary() {
    const timed = this.#plain.length + this.#errors.length
    const spent = [...this.#plain, ...this.#errors, ...this.#stacks].reduce(
      (sum, ns) => sum + ns,
      0,
    )
    return {
      timed,
      plain: distribution(this.#plain),
      errors: distribution(this.#errors),
      stacks: distribution(this.#stacks),
      /** Nanoseconds of all calls together, the timed ones taken for the rest. */
      totalNs: (spent / (timed || 1)) * this.calls,
    }
  }
}

function distribution(samples) {
  const sorted = Float64Array.from(samples).sort()
  const at = (share) => sorted[Math.floor(sorted.length * share)] ?? 0
  return { median: at(0.5), p99: at(0.99) }
}

/** What the service logs with. */
export class SampledLog {
  #file
  #screen
  #shown
  #sampler
  #stopwatch

  /**
   * @param file - logger that gets every event
   * @param screen - logger that gets those of shown requests
   * @param shown - whether this one's events are shown
   */
  constructor(file, screen, shown, sampler, stopwatch) {
    this.#file = file
    this.#screen = screen
    this.#shown = shown
    this.#sampler = sampler
    this.#stopwatch = stopwatch
  }

  child(bindings, url) {
    const shown = url !== undefined && this.#sampler.takes(url)
    return new SampledLog(
      this.#file.child(bindings),
      shown ? this.#screen.child(bindings) : this.#screen,
      shown,
      this.#sampler,
      this.#stopwatch,
    )
  }

  trace(a, b, c) {
    this.#log('trace', a, b, c)
  }

  debug(a, b, c) {
    this.#log('debug', a, b, c)
  }

  info(a, b, c) {
    this.#log('info', a, b, c)
  }

  warn(a, b, c) {
    this.#log('warn', a, b, c)
  }

  error(a, b, c) {
    this.#log('error', a, b, c)
  }

  fatal(a, b, c) {
    this.#log('fatal', a, b, c)
  }

  #log(method, a, b, c) {
    this.#stopwatch.call(this.#file, method, a, b, c)
    if (this.#shown) this.#screen[method](a, b, c)
  }
}
