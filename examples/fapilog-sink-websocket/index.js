// A sink over WebSocket, for which there is a client in JavaScript: the package ws. Every batch is one message
// `{ id, events }`, and written once the other side has answered `{ id }`. A connection that breaks is a failure of what was
// not answered for, after which fapilog tries it again, over a new connection.

import { defineSink } from 'fapilog'
import WebSocket from 'ws'

/** @param {{ url: string, headers?: Record<string, string> }} settings */
export default function websocketSink({ url, headers = {} }) {
  /** @type {WebSocket | undefined} */
  let socket
  let sent = 0
  /** What to do once a batch is answered for, or the connection is gone, by its id. */
  const waiting = new Map()

  const connect = () =>
    new Promise((resolve, reject) => {
      const made = new WebSocket(url, { headers })
      // An open connection does not keep the process from ending; fapilog does for as long as a write is awaited.
      made.once('upgrade', (response) => response.socket.unref())
      made.once('open', () => resolve(made))
      made.on('error', reject)
      made.on('message', (message) => {
        const { id } = JSON.parse(String(message))
        waiting.get(id)?.resolve()
        waiting.delete(id)
      })
      made.on('close', () => {
        socket = undefined
        for (const one of waiting.values()) one.reject(new Error(`${url} has hung up`))
        waiting.clear()
      })
    })

  return defineSink({
    name: 'websocket',
    version: '1.0.0',
    async write(events) {
      socket ??= await connect()
      const id = sent++
      const answered = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
      socket.send(JSON.stringify({ id, events }))
      await answered
    },
    health: () => ({ healthy: true, details: { connected: socket !== undefined } }),
    stop() {
      socket?.close()
    },
  })
}
