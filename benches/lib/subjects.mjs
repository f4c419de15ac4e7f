/**
 * The loggers, each in its recommended production mode: JSON lines into a file, level INFO.
 *
 * @typedef {object} Opened
 * @property {any} log the logger
 * @property {() => Promise<void>} drain resolves when the logger has handed over what it holds
 * @property {() => Promise<void>} close flushes everything and closes the file
 *
 * @typedef {object} Subject
 * @property {string} style the call style: a key of the workloads' `calls`
 * @property {boolean} yields whether it writes on the event loop, so that a long loop must let it run
 * @property {number} share the share of a workload's events it gets (the slow ones get fewer: all figures are
 *   per event)
 * @property {(file: string) => Promise<Opened>} open
 */

import { once } from 'node:events'
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { load, loadDropIn, settings } from './fapilog.mjs'

/** Resolves when the file has not grown for five looks in a row: for loggers that cannot be asked. */
const quiet = async (file) => {
  let size = -1
  for (let same = 0; same < 5; ) {
    await sleep(2)
    const now = statSync(file, { throwIfNoEntry: false })?.size ?? -1
    same = now === size ? same + 1 : 0
    size = now
  }
}

/** @type {(options: object) => Subject} */
const fapilog = (options) => ({
  style: 'pino',
  yields: false,
  share: 1,
  async open(file) {
    const { createLogger } = await load()
    const log = createLogger(settings(file, options))
    return { log, drain: () => log.flush(), close: () => log.close() }
  },
})

/** @type {Subject} */
const dropIn = {
  style: 'pino',
  yields: false,
  share: 1,
  async open(file) {
    const { default: pino } = await loadDropIn()
    const { sinks, queue } = settings(file)
    const log = pino({ name: 'bench', level: 'info', fapilog: { sinks, queue } })
    const drain = () => new Promise((resolve) => log.flush(resolve))
    return { log, drain, close: drain }
  },
}

/** @type {(sync: boolean) => Subject} */
const pinoDestination = (sync) => ({
  style: 'pino',
  yields: !sync,
  share: 1,
  async open(file) {
    const { default: pino } = await import('pino')
    const stream = pino.destination({ dest: file, sync, minLength: 4096 })
    if (!sync) await once(stream, 'ready')
    const close = async () => {
      if (sync) stream.flushSync()
      stream.end()
      await once(stream, 'close')
    }
    // Not flush(callback): that also calls fsync, which nobody else is asked to do.
    const drain = async () => {
      if (sync) return stream.flushSync()
      while (stream._len > 0) {
        stream.flush()
        await once(stream, 'drain')
      }
    }
    return { log: pino({ name: 'bench', level: 'info' }, stream), drain, close }
  },
})

/** @type {Record<string, Subject>} */
export const subjects = {
  fapilog: fapilog({}),
  'fapilog json': fapilog({ format: 'json' }),
  'fapilog/pino': dropIn,
  'pino sync': pinoDestination(true),
  'pino async': pinoDestination(false),
  'pino worker': {
    style: 'pino',
    yields: true,
    share: 1,
    async open(file) {
      const { default: pino } = await import('pino')
      const stream = pino.transport({
        target: 'pino/file',
        options: { destination: file, minLength: 4096 },
      })
      await once(stream, 'ready')
      const drain = async () => {
        await new Promise((resolve, reject) =>
          stream.flush((error) => (error ? reject(error) : resolve())),
        )
        await quiet(file)
      }
      const close = async () => {
        stream.end()
        await once(stream, 'close')
      }
      return { log: pino({ name: 'bench', level: 'info' }, stream), drain, close }
    },
  },
  winston: {
    style: 'winston',
    yields: true,
    share: 0.1,
    async open(file) {
      const { default: winston } = await import('winston')
      const { combine, errors, json, timestamp } = winston.format
      const transport = new winston.transports.File({ filename: file })
      const log = winston.createLogger({
        level: 'info',
        defaultMeta: { name: 'bench' },
        format: combine(errors({ stack: true }), timestamp(), json()),
        transports: [transport],
      })
      // Ending it while its file stream is behind fails with 'write after end'; so it is waited for first.
      const isBehind = () =>
        log.writableLength + transport.writableLength + (transport._stream?.writableLength ?? 0) > 0
      const close = async () => {
        while (isBehind()) await sleep(1)
        const finished = once(transport, 'finish')
        log.end()
        await finished
      }
      return { log, drain: () => quiet(file), close }
    },
  },
  bunyan: {
    style: 'bunyan',
    yields: true,
    share: 0.1,
    async open(file) {
      const { default: bunyan } = await import('bunyan')
      const log = bunyan.createLogger({ name: 'bench', level: 'info', streams: [{ path: file }] })
      const { stream } = log.streams[0]
      const drain = () => new Promise((resolve) => stream.write('', resolve))
      const close = () => new Promise((resolve) => stream.end(resolve))
      return { log, drain, close }
    },
  },
  log4js: {
    style: 'log4js',
    yields: true,
    share: 0.1,
    async open(file) {
      const { default: log4js } = await import('log4js')
      // log4js has no JSON layout of its own; its manual says to add one. This one merges an object into the
      // line, as the others do, which is less work than the manual's JSON.stringify(event).
      log4js.addLayout('json', () => (event) => {
        const line = {
          time: event.startTime,
          level: event.level.levelStr,
          name: event.categoryName,
          pid: event.pid,
        }
        Object.assign(line, event.context)
        for (const value of event.data) {
          if (typeof value === 'string') line.msg = value
          else if (value instanceof Error) {
            line.err = { ...value, type: value.name, message: value.message, stack: value.stack }
          } else Object.assign(line, value)
        }
        return JSON.stringify(line)
      })
      log4js.configure({
        appenders: { file: { type: 'file', filename: file, layout: { type: 'json' } } },
        categories: { default: { appenders: ['file'], level: 'info' } },
      })
      const close = () =>
        new Promise((resolve, reject) => log4js.shutdown((e) => (e ? reject(e) : resolve())))
      const log = log4js.getLogger('bench')
      log.childOf = (bindings) => {
        const child = log4js.getLogger('bench')
        for (const key in bindings) child.addContext(key, bindings[key])
        return child
      }
      return { log, drain: () => quiet(file), close }
    },
  },
  logtape: {
    style: 'logtape',
    yields: true,
    share: 0.1,
    async open(file) {
      const { configure, dispose, getLogger, jsonLinesFormatter } = await import('@logtape/logtape')
      // Not getFileSink: that one calls fsync for every record under 200 bytes, which nobody else is asked to do.
      const { getStreamFileSink } = await import('@logtape/file')
      await configure({
        sinks: { file: getStreamFileSink(file, { formatter: jsonLinesFormatter }) },
        loggers: [
          { category: 'bench', lowestLevel: 'info', sinks: ['file'] },
          { category: ['logtape', 'meta'], lowestLevel: 'error', sinks: ['file'] },
        ],
      })
      return { log: getLogger('bench'), drain: () => quiet(file), close: dispose }
    },
  },
}

export const rivals = Object.keys(subjects).filter((name) => !name.startsWith('fapilog'))
export const pinoModes = rivals.filter((name) => name.startsWith('pino'))
