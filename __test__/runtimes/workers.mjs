// Worker threads that log into the main thread's pipeline and end in each way. workers.mjs PATH whole COUNT
// | workers.mjs PATH terminated
// Prints what the counters say, and where the worker that was ended from outside had got.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createLogger } from 'fapilog'

const [, , path, ending, count] = process.argv
const log = createLogger({
  format: 'json',
  sinks: [{ type: 'file', path }],
  queue: { ringBytes: '1 MB', overflow: 'block' },
})

function start(worker, ending, events) {
  const progress = new Int32Array(new SharedArrayBuffer(8))
  const { containerId } = log
  const thread = new Worker(new URL('./joined-worker.mjs', import.meta.url), {
    workerData: { containerId, worker, count: events, ending, progress },
  })
  return { thread, progress, ended: once(thread, 'exit') }
}

let cut = [0, 0]
if (ending === 'terminated') {
  const { thread, progress } = start(0, '', Number.POSITIVE_INFINITY)
  await once(thread, 'message')
  await sleep(50)
  await thread.terminate()
  cut = progress
} else {
  const endings = ['end', 'exit', 'close']
  await Promise.all(endings.map((how, worker) => start(worker, how, Number(count)).ended))
}
await log.flush()
const { submitted, written, inFlight, droppedByReason } = log.metrics()
await log.close()
const [begun, returned] = cut
console.log(JSON.stringify({ submitted, written, inFlight, droppedByReason, begun, returned }))
