// Requests over real sockets, and the events that they leave.

import { request } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'fapilog'
import { type Envelope, type Json, takeEvents } from './capture.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** One request on a connection of its own pool. */
export async function ask(port: number, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Sends a request and breaks the connection as soon as `when` resolves. */
export async function breakOff(port: number, path: string, when: Promise<unknown>): Promise<void> {
  const sent = request({ port, path, host: '127.0.0.1' })
  const closed = new Promise((resolve) => sent.on('close', resolve))
  sent.on('error', () => undefined)
  sent.end()
  await when
  sent.destroy()
  await closed
}

/** Events so far, once there are `count` at least: a request is logged when its response has closed, after the client has it. */
export async function events(log: Logger, count: number): Promise<Envelope[]> {
  const found = takeEvents(log)
  for (let wait = 0; found.length < count && wait < 500; wait++) {
    await sleep(10)
    found.push(...takeEvents(log))
  }
  // Whatever is too many comes soon.
  await sleep(20)
  return [...found, ...takeEvents(log)]
}

/** The event of a completed request without what differs from run to run. */
export function stable({ level, message, context, data }: Envelope): Json {
  const { latency_ms, ...rest } = data
  if (rest['client_ip'] !== undefined && !/127\.0\.0\.1$/.test(String(rest['client_ip'])))
    throw new Error(`client ${rest['client_ip']}`)
  if (message.startsWith('request_') && !(typeof latency_ms === 'number' && latency_ms >= 0))
    throw new Error(`latency ${latency_ms}`)
  delete rest['client_ip']
  return { level, message, id: context['correlation_id'], ...rest }
}
