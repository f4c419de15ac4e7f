// The end of the demo: what happened, and whether the files hold what the metrics say.
import { nanos, painter, size, table, whole } from './paint.mjs'

const { bold, cyan, dim, green, red } = painter(process.stdout)

/** Prints the summary. True when every line that the metrics count was found in the files. */
export function summarise({ requests, elapsedMs, closeMs, logs, stopwatch, directory, found }) {
  const sink = logs.file.sinks.file
  const cost = stopwatch.summary()
  const seconds = elapsedMs / 1000
  const share = cost.totalNs / (elapsedMs * 1e6)
  const ok = found.lines === sink.written && sink.deleted === 0
  const perRequest = (logs.file.submitted / requests.requests).toFixed(1)

  print([
    '',
    bold(`Summary of ${seconds.toFixed(1)} s`),
    '',
    ...section('requests', [
      `${whole(requests.requests)} answered, ${whole(requests.requests / seconds)} a second; ` +
        `${whole(requests.errors)} failed connections`,
      `latency seen by the load: median ${requests.p50Ms.toFixed(1)} ms, p99 ${requests.p99Ms.toFixed(1)} ms`,
      Object.entries(requests.byStatus)
        .map(([status, count]) => `${status}: ${whole(count)}`)
        .join('   '),
    ]),
    ...section('events', [
      `${whole(logs.file.submitted)} submitted, ${whole(logs.file.submitted / seconds)} a second, ` +
        `${perRequest} a request`,
      '',
      ...sinks(logs),
    ]),
    ...section('log call', [
      `${nanos(cost.plain.median)} median, ${nanos(cost.plain.p99)} p99 on the main thread`,
      `with an Error and its cause ${nanos(cost.errors.median)}, ` +
        `and ${nanos(cost.stacks.median)} for V8 to write down their stacks`,
      `${(share * 100).toFixed(1)} % of the main thread's time in all`,
      dim(
        `every 64th call was timed in place: ${whole(cost.timed)}, less ${stopwatch.clockNs} ns for the clock`,
      ),
    ]),
    ...section('files', [
      `${found.files} in ${directory}, ${size(found.bytes)} on disk: ` +
        `${found.compressed} of ${sink.rotations} rotated ones compressed`,
      `close() returned after ${whole(closeMs)} ms`,
    ]),
    ...section('check', [
      `${whole(found.lines)} lines in the files, ${whole(sink.written)} written according to the metrics: ` +
        (ok ? green('equal') : red(`NOT EQUAL${sink.deleted > 0 ? ', files were deleted' : ''}`)),
    ]),
  ])
  return ok
}

/** Events of every sink: submitted to its logger, written, dropped before and at the sink. */
function sinks(logs) {
  const rows = [['sink', 'format', 'submitted', 'written', 'dropped', 'bytes']]
  for (const [name, metrics] of Object.entries(logs)) {
    const { written, dropped, bytes } = metrics.sinks[name]
    const lost = sum(dropped) + sum(metrics.dropped)
    const format = name === 'file' ? 'json' : 'pretty'
    rows.push([name, format, whole(metrics.submitted), whole(written), whole(lost), size(bytes)])
  }
  const [head, ...body] = table(rows, 2)
  return [dim(head), ...body, dim('stdout gets a sample of the requests')]
}

function section(title, lines) {
  const indent = ' '.repeat(12)
  return lines.map((line, i) =>
    `${i === 0 ? cyan(`  ${title.padEnd(10)}`) : indent}${line}`.trimEnd(),
  )
}

function print(lines) {
  process.stdout.write(`${lines.join('\n')}\n\n`)
}

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0)
