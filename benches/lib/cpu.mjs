/** CPU time of single threads, which only some systems and versions of Node tell. */

import { readdirSync, readFileSync } from 'node:fs'

const tasks = '/proc/self/task'

/** CPU time of a thread and its waiting for a core, in ns. @param {string} task its folder */
const schedule = (task) => {
  const [cpu, waiting] = readFileSync(`${tasks}/${task}/schedstat`, 'latin1').split(' ')
  return { cpu: Number(cpu), waiting: Number(waiting) }
}

/** CPU time of the main thread in ns, or NaN where the system does not tell. */
export const mainThreadCpu = () => {
  if (process.platform === 'linux') {
    try {
      return schedule(`${process.pid}`).cpu
    } catch {
      // no such file in this kernel: ask Node
    }
  }
  const usage = process.threadCpuUsage?.()
  return usage ? (usage.user + usage.system) * 1000 : Number.NaN
}

/** CPU time of the native thread of a name and its waiting for a core, in ns, or NaN. @param {string} name */
export const nativeThread = (name) => {
  try {
    const isIt = (task) => readFileSync(`${tasks}/${task}/comm`, 'latin1') === `${name}\n`
    return schedule(readdirSync(tasks).find(isIt))
  } catch {
    return { cpu: Number.NaN, waiting: Number.NaN }
  }
}
