// Types of the native addon as `binding.cjs` returns it: one member for each export of crates/binding.

declare namespace binding {
  /** A running pipeline. Receipts and metrics travel as JSON text. */
  class NativePipeline {
    constructor(settings: string)
    withheldNames(): string | null
    attachRing(dataBytes: number, salt: number): NativeRing
    joinRing(dataBytes: number, salt: number, timeoutMs: number): NativeRing
    share(id: string, settings: string): void
    unshare(): void
    setThreshold(level: number): void
    flushSync(timeoutMs: number): string
    lastFlushSync(timeoutMs: number): string
    flush(timeoutMs: number): Promise<string>
    close(timeoutMs: number): Promise<string>
    closeSync(timeoutMs: number): string
    drainAtSignals(timeoutMs: number): void
    forgetSignals(): void
    armSignals(names: readonly string[]): void
    disarmSignals(): void
    reportUnwritten(text: string): void
    takeDiagnostics(): string
    metrics(): string
    /** Whether stages and routing of the document are in force. */
    reconfigure(document: string): boolean
    health(): string
    reopen(): void
    finishRing(): boolean
    memory(name: string, take: boolean): string | null
  }

  /** The plugins of a pipeline, as the thread that runs them sees them. */
  class NativePlugins {
    constructor(pipeline: NativePipeline, onWork: () => void, resource: object)
    listen(): void
    take(place: number): { id: number; verdicts: Uint8Array } | null
    event(id: number, index: number): string | null
    answer(id: number, verdicts: Uint8Array, changed: string[]): boolean
    takeLines(sink: string): { id: number; lines: string } | null
    answerLines(
      sink: string,
      id: number,
      outcome: 'written' | 'skipped' | 'failed' | 'gone',
      why: string | null,
    ): boolean
    beginFlush(): number
    awaitFlush(number: number, timeoutMs: number): string | null
    abandon(): number
    report(message: string): void
  }

  /** Writes what gone processes left in the crash-safe rings of a folder; reports as JSON text. */
  function recover(directory: string, dryRun: boolean): string

  /** Names of keys that redaction masks with these settings (JSON), as JSON. */
  function withheldNames(redact: string): string | null

  /** The JSON of an encrypted value; null if key, field or text are not the right ones. */
  function decryptField(text: string, field: string, key: string): string | null

  /** Reads logs (a document of settings as JSON text) and writes to standard output; a report as JSON text. */
  function readLogs(settings: string): Promise<string>

  /** Whether a standard stream (1, 2) is a terminal. */
  function isTerminal(fd: number): boolean

  /** The rotated files of an active log file, oldest first, and itself. */
  function rotatedSet(path: string): string[]

  /** What a thread gets that joins a shared pipeline. */
  class JoinedPipeline {
    private constructor()
    pipeline(): NativePipeline
    settings(): string
  }

  function joinPipeline(id: string): JoinedPipeline | null

  /** The ring of one JavaScript thread. */
  class NativeRing {
    private constructor()
    memory(): Buffer
    wake(): void
    waitForSpace(units: number, timeoutMs: number): boolean
    leave(timeoutMs: number): Promise<string>
  }
}

export = binding
