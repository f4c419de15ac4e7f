// What a container can find out about its pod: variables that the pod's spec sets from the downward API
// (https://kubernetes.io/docs/concepts/workloads/pods/downward-api/), and files of a downward API volume.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Names of variables by field, in the order in which they are asked. */
const VARIABLES = {
  pod: ['POD_NAME', 'K8S_POD_NAME', 'HOSTNAME'],
  namespace: ['POD_NAMESPACE', 'K8S_NAMESPACE', 'K8S_POD_NAMESPACE'],
  node: ['NODE_NAME', 'K8S_NODE_NAME'],
  container: ['CONTAINER_NAME', 'K8S_CONTAINER_NAME'],
  cluster: ['CLUSTER_NAME', 'K8S_CLUSTER_NAME'],
  ip: ['POD_IP', 'K8S_POD_IP'],
  uid: ['POD_UID', 'K8S_POD_UID'],
} as const

const PODINFO = '/etc/podinfo'
const NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

type Fields = Record<string, string | Record<string, string>>

/** The fields; undefined outside of a cluster. */
export function kubernetesFields(
  env: NodeJS.ProcessEnv = process.env,
  podinfo: string = PODINFO,
): Fields | undefined {
  if (env['KUBERNETES_SERVICE_HOST'] === undefined) return undefined
  const fields: Fields = {}
  for (const [field, variables] of Object.entries(VARIABLES)) {
    const value =
      variables.map((name) => env[name]).find((text) => text !== undefined && text !== '') ??
      text(join(podinfo, field === 'pod' ? 'name' : field))
    if (value !== undefined) fields[field] = value
  }
  fields['namespace'] ??= text(NAMESPACE) ?? 'default'
  const labels = pairs(text(join(podinfo, 'labels')))
  if (labels !== undefined) fields['labels'] = labels
  const deployment = typeof fields['pod'] === 'string' ? workload(fields['pod']) : undefined
  if (deployment !== undefined) fields['deployment'] = deployment
  return fields
}

/** The content of a file; undefined if there is none that can be read. */
function text(path: string): string | undefined {
  try {
    const found = readFileSync(path, 'utf8').trim()
    return found === '' ? undefined : found
  } catch {
    return undefined
  }
}

/** Lines such as `app="shop"`, as the downward API writes labels. */
function pairs(lines: string | undefined): Record<string, string> | undefined {
  if (lines === undefined) return undefined
  const found = [...lines.matchAll(/^([^=\s]+)=("(?:[^"\\]|\\.)*")$/gm)]
  return Object.fromEntries(found.map(([, name, value]) => [name, JSON.parse(value as string)]))
}

/** The Deployment whose ReplicaSet has made a pod of this name: `shop-7d4b9c6f5-x2x7k` is of `shop`. */
function workload(pod: string): string | undefined {
  // Kubernetes leaves vowels and look-alikes out of the parts that it makes up.
  const made = '[bcdfghjklmnpqrstvwxz2456789]'
  return new RegExp(`^(.+)-${made}{8,10}-${made}{5}$`).exec(pod)?.[1]
}
