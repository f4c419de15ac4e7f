// A sink: every batch is one POST of JSON lines, with connections that are kept. An answer other than 2xx is a failure,
// after which fapilog tries the batch again.

import http from 'node:http'
import https from 'node:https'
import { defineSink } from 'fapilog'

/** @param {{ url: string, headers?: Record<string, string> }} settings */
export default function httpSink({ url, headers = {} }) {
  const { Agent, request } = url.startsWith('https:') ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const post = (body) =>
    new Promise((resolve, reject) => {
      const options = {
        method: 'POST',
        agent,
        headers: {
          ...headers,
          'content-type': 'application/x-ndjson',
          'content-length': Buffer.byteLength(body),
        },
      }
      const sent = request(url, options, (answer) => {
        answer.resume()
        answer.once('error', reject)
        answer.once('end', () => {
          const { statusCode = 0 } = answer
          if (statusCode >= 200 && statusCode < 300) resolve()
          else reject(new Error(`${new URL(url).host} answered ${statusCode}`))
        })
      })
      sent.once('error', reject)
      sent.end(body)
    })
  return defineSink({
    name: 'http',
    version: '1.0.0',
    format: 'json',
    writeLines: post,
    stop() {
      agent.destroy()
    },
  })
}
