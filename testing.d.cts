// GENERATED from src/ by `npm run build:ts`. Do not edit: change src/ and commit the result.
import { LevelName, Logger, LoggerOptions, PluginEvent, Processor, Redactor, Sink } from "fapilog";

/** A sink that keeps what it was given. */
interface RecordingSink extends Sink {
  /** What was written, in order. */
  readonly events: PluginEvent[];
  /** Calls of `write`, those that failed among them. */
  readonly calls: number;
}
/** A sink that keeps what it is given. @param name - @default 'recording' */
declare function recordingSink(name?: string): RecordingSink;
/**
 * A sink whose first `failures` writes fail; then it is a recording one.
 *
 * @param failures - 0 or more, or `Infinity` for one that never works
 */
declare function failingSink(failures: number, name?: string): RecordingSink;
/** A recording sink that needs `ms` milliseconds for every write. */
declare function slowSink(ms: number, name?: string): RecordingSink;
/** A sink whose writes never end. @param timeoutMs - after which each is a failure. @default 50 */
declare function hangingSink(timeoutMs?: number, name?: string): Sink;
/** A processor that never comes back. @param timeoutMs - after which each call is a failure. @default 50 */
declare function hangingProcessor(timeoutMs?: number, name?: string): Processor;
/** A redactor that throws at every event, all of which are withheld. */
declare function throwingRedactor(name?: string): Redactor;
/** A text: the whole of it, a pattern that it has somewhere, or a function that says whether. */
type TextMatcher = string | RegExp | ((text: string) => boolean);
/** A level by name, in upper or lower case, or one of several. */
type LevelMatcher = LevelName | Lowercase<LevelName> | (string & {}) | readonly string[];
/**
 * Fields that an object has, whatever else it has. A value in it is an object of which the same holds, a RegExp for a
 * text, a function that says whether, or what the value must be equal to; `undefined` means that it is not there.
 */
type Matching = Readonly<Record<string, unknown>>;
/** What an event must have; what is not named may be anything. */
interface LogPattern {
  /** The level. */
  readonly level?: LevelMatcher;
  /** The message. */
  readonly message?: TextMatcher;
  /** Name of the logger. */
  readonly logger?: TextMatcher;
  /** The time, RFC 3339. */
  readonly timestamp?: TextMatcher;
  /** Fields of `context`. */
  readonly context?: Matching;
  /** Fields of `diagnostics`. */
  readonly diagnostics?: Matching;
  /** Fields of `data`. */
  readonly data?: Matching;
}
/** A pattern, or for a text or RegExp the message alone, or a function that says whether. */
type LogMatcher = LogPattern | string | RegExp | ((event: PluginEvent) => boolean);
/** What tells the time: a `FakeClock`, or `Date` where fake timers have replaced it. */
interface TimeSource {
  /** Milliseconds since the epoch. */
  now(): number;
}
/** A clock that stands still until it is moved. */
declare class FakeClock implements TimeSource {
  private time;
  /** @param start - where it stands; a text as `Date` reads it. @default the epoch */
  constructor(start?: Date | number | string);
  now(): number;
  /** Moves it forwards, or back with a negative number, by so many milliseconds. */
  advance(ms: number): void;
  /** Moves it to another time. */
  set(time: Date | number | string): void;
}
/** Options of a test logger: those of `createLogger`; the sinks are in addition to the memory. */
interface TestLoggerOptions extends Omit<LoggerOptions, 'format'> {
  /** What tells the time of its events, such as a `FakeClock`. @default the system's clock, whatever fake timers do */
  readonly clock?: TimeSource;
}
/** Questions about what was logged, by the logger and its children. Each waits until all of it is there. */
interface LogQueries {
  /** All events since the logger was made or cleared, in order. What is returned is a copy. */
  events(): PluginEvent[];
  /** The first event that matches, if one does. */
  find(matcher: LogMatcher): PluginEvent | undefined;
  /** All events that match. */
  filter(matcher: LogMatcher): PluginEvent[];
  /** The latest event, or the latest that matches. */
  last(matcher?: LogMatcher): PluginEvent | undefined;
  /** Forgets the events. */
  clear(): void;
}
/** A logger that can be asked what it has logged. */
type TestLogger = Logger & LogQueries;
/**
 * Makes a logger at TRACE whose events stay in memory. Nothing of it keeps a process or a test runner from ending, so
 * it need not be closed. A call waits when the ring is full rather than drop the event, and signals are left alone.
 *
 * Questions do not wait for plugins that work asynchronously: `await log.flush()` before.
 *
 * @throws {ConfigurationError} listing every problem of the options
 */
declare function createTestLogger(options?: TestLoggerOptions): TestLogger;
/**
 * Fails unless an event was logged that matches.
 *
 * @param log - a test logger
 * @param matcher - which events are meant
 * @param expected - `times`: how many events must match, 1 or more. @default at least one
 * @returns the first event that matches
 * @throws {AssertionError} naming the events that come nearest and what keeps each from matching
 * @throws {RangeError} when `times` is below 1: that is `expectNoLog`
 */
declare function expectLog(log: Pick<LogQueries, 'events'>, matcher: LogMatcher, expected?: {
  readonly times?: number;
}): PluginEvent;
/**
 * Fails when an event was logged that matches.
 *
 * @param log - a test logger
 * @param matcher - without one, any event fails
 * @throws {AssertionError} naming the events
 */
declare function expectNoLog(log: Pick<LogQueries, 'events'>, matcher?: LogMatcher): void;
/** What a plugin can do wrong. */
type PluginRule = /** It is no plugin: kind, name, methods, limits, version of the contracts. */'contract' /** `start` fails or takes too long. */ | 'start' /** A call throws, rejects, or gives back what it may not. */ | 'result' /** A call takes too long. */ | 'timeout' /** `health` fails or does not say whether. */ | 'health' /** `stop` fails or takes too long. */ | 'stop' /** After `stop` something still keeps the process alive. */ | 'handles';
/** One thing that a plugin does wrong. */
interface PluginFault {
  /** The rule that is broken. */
  readonly rule: PluginRule;
  /** What happened, and at which sample. */
  readonly message: string;
}
/** How a plugin is validated. */
interface ValidationOptions {
  /** Longest time of a call, also of `start`, `stop` and `health`, in milliseconds. @default 1000 */
  readonly timeoutMs?: number;
  /** Events of your own, by name, in addition to those that every plugin is shown. */
  readonly samples?: Readonly<Record<string, (log: Logger) => void>>;
}
/**
 * Runs a plugin in a logger of its own: starts it, shows it events at which plugins tend to stumble, one by one and in
 * a burst, asks for its health, stops it. What is a failure in production is a fault here, judged by the same code.
 *
 * What else runs in the process must not open timers or sockets meanwhile, or they count as the plugin's.
 *
 * @returns the faults, none for a plugin that keeps its contract. Never rejects for what a plugin does; one that never
 *   returns from a call blocks this one, too
 */
declare function validatePlugin(plugin: unknown, {
  timeoutMs,
  samples
}?: ValidationOptions): Promise<PluginFault[]>;
/**
 * Fails unless a plugin keeps its contract.
 *
 * @throws {AssertionError} with every fault (the promise rejects)
 */
declare function assertPlugin(plugin: unknown, options?: ValidationOptions): Promise<void>;
export { FakeClock, type LevelMatcher, type LogMatcher, type LogPattern, type LogQueries, type Matching, type PluginFault, type PluginRule, type RecordingSink, type TestLogger, type TestLoggerOptions, type TextMatcher, type TimeSource, type ValidationOptions, assertPlugin, createTestLogger, expectLog, expectNoLog, failingSink, hangingProcessor, hangingSink, recordingSink, slowSink, throwingRedactor, validatePlugin };