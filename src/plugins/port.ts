// What plugins need of the native side.

/** What has become of lines: `skipped` by a sink that is turned off, `failed` to be tried again, `gone` for good. */
export type LinesOutcome = 'written' | 'skipped' | 'failed' | 'gone'

/** The plugins of a pipeline, as the thread that runs them sees them. */
export interface PluginPort {
  /** From now on the host is told of new work again. To be called before looking for work. */
  listen(): void
  /** Takes the oldest batch of a place: one verdict an event, to be filled in. */
  take(place: number): { id: number; verdicts: Uint8Array } | null
  /** An event of a batch, as JSON. */
  event(id: number, index: number): string | null
  /** Answers a batch with its verdicts and the changed events as JSON; whether it was still waited for. */
  answer(id: number, verdicts: Uint8Array, changed: string[]): boolean
  /** Takes the lines that wait for a sink. */
  takeLines(sink: string): { id: number; lines: string } | null
  /** Says what has become of lines, and why; whether they were still waited for. */
  answerLines(sink: string, id: number, outcome: LinesOutcome, why: string | null): boolean
  /** Begins a flush, for `awaitFlush`. */
  beginFlush(): number
  /** Blocks until a flush is done, its receipt as JSON, or until plugins have something to do, `null`. */
  awaitFlush(number: number, timeoutMs: number): string | null
  /** Plugins are not asked any more; returns how many events they had not answered for. */
  abandon(): number
}
