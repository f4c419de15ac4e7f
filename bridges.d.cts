// GENERATED from src/ by `npm run build:ts`. Do not edit: change src/ and commit the result.
import { Logger } from "fapilog";
import { Writable } from "node:stream";

/** Ends a capture: `using capture = captureConsole(log)`, or a call of `restore`. */
interface Capture extends Disposable {
  /** Puts back what was there before; more calls do nothing. */
  restore(): void;
}
declare const METHODS: {
  readonly trace: "trace";
  readonly debug: "debug";
  readonly log: "info";
  readonly info: "info";
  readonly warn: "warning";
  readonly error: "error";
};
/** Methods of `console` that are captured. */
type ConsoleMethod = keyof typeof METHODS;
/**
 * Sends `console.trace`, `debug`, `log`, `info`, `warn` and `error` to a logger, as TRACE, DEBUG, INFO, INFO, WARNING and
 * ERROR: the message is what Node.js would have printed (`util.format`), the first Error among the arguments is the
 * event's exception, and `data.source` is `console`. Other methods, `console.table` for example, print through these.
 *
 * Sinks of the logger do not print through `console`, nor do its diagnostics; what a plugin prints is logged without being
 * shown to plugins again. The exception is a sink in JavaScript: it must not print while it writes.
 *
 * @returns what puts the methods back; a method that somebody else has replaced meanwhile stays theirs
 */
declare function captureConsole(log: Pick<Logger, (typeof METHODS)[ConsoleMethod]>): Capture;
/** The package `debug`, of which only this is used. */
interface DebugModule {
  /** Where all of its loggers write to. */
  log: (...args: never[]) => unknown;
  /** Puts time and namespace, or colours, into the arguments, in place. */
  formatArgs: (this: never, args: never[]) => void;
}
/**
 * Sends what the package `debug` prints to a logger, as DEBUG: the message without time, colour and namespace, which is in
 * `data.namespace`; the first Error among the arguments is the event's exception. `DEBUG` says which namespaces are on,
 * as before. A namespace that was given a `log` of its own keeps it.
 *
 * @param debug - what the package exports
 */
declare function captureDebug(log: Pick<Logger, 'debug'>, debug: DebugModule): Capture;
/** Methods that a bridge calls. */
type LevelMethod = 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'critical' | 'audit' | 'security';
/** What pino takes for a destination. */
interface PinoDestination {
  /** Tells pino that this is a stream, also when it is the only argument. */
  readonly writable: true;
  /** Logs one line, or several. Never throws; what is no line of pino is logged as a text. */
  write(lines: string): void;
}
/**
 * A destination for pino that hands events over to a logger: `pino(options, pinoDestination(log))`. `msg` is the message,
 * `err` the exception, `name` and what else the line has is `data`, without `pid` and `hostname`. Levels by number: below
 * 20 TRACE, below 30 DEBUG, below 40 INFO, below 50 WARNING, below 60 ERROR, else CRITICAL. The time of the event is that
 * of this call, which pino makes in the log call itself; a `time` that differs by a second or more is kept in `data.time`.
 */
declare function pinoDestination(log: Pick<Logger, LevelMethod>): PinoDestination;
/**
 * Logs the warnings of the process, deprecations among them, as WARNING: with the warning as the event's exception, its
 * code and detail in `data`, `data.source` is `process`. Node.js prints them as before, unless it is started with
 * `--no-warnings`.
 */
declare function captureWarnings(log: Pick<Logger, 'warning'>): Capture;
/** How winston's events become fapilog's. */
interface WinstonTransportOptions {
  /** Levels of your own, by name; the names of winston's presets are known. Others are INFO. */
  readonly levels?: Readonly<Record<string, LevelMethod>>;
}
/**
 * A transport for winston 3 that hands events over to a logger: `winston.createLogger({ transports: [winstonTransport(log)]
 * })`. Level and message are the event's, what else the object has is `data`; an Error (passed to the call, or after
 * `format.errors({ stack: true })`) is the exception. Formats of the logger hold; `format.json()` and others that make
 * text are not needed. winston's `level` of the logger holds, and then the threshold of fapilog's.
 *
 * Ending the stream does not close the logger.
 */
declare function winstonTransport(log: Pick<Logger, LevelMethod>, {
  levels
}?: WinstonTransportOptions): Writable;
export { type Capture, type ConsoleMethod, type DebugModule, type LevelMethod, type PinoDestination, type WinstonTransportOptions, captureConsole, captureDebug, captureWarnings, pinoDestination, winstonTransport };