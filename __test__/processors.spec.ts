// Enrichers and processors: what stands in an event besides, and what becomes of its fields.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { ConfigurationError, createLogger, decryptField } from 'fapilog'
import { kubernetesFields } from '../src/settings/kubernetes.js'
import { memoryLogger, takeEvent, takeEvents, total } from './support/capture.js'

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='

test('static fields stand in every event, and those of the logger, its scopes and the call win', async (t) => {
  const log = memoryLogger({
    enrich: {
      fields: { region: 'eu', tenant_id: 't-1', nested: { list: [1, null, 'x'] } },
      runtime: true,
    },
  })
  const scoped = log.child({ region: 'scope' })
  log.info('plain')
  scoped.info('scoped')
  scoped.info({ region: 'call', tenant_id: 't-2' }, 'called')
  await log.flush()
  const events = takeEvents(log)
  t.deepEqual(events[0]?.data, {
    runtime: { node: process.version, platform: process.platform, arch: process.arch },
    region: 'eu',
    nested: { list: [1, null, 'x'] },
  })
  t.deepEqual(
    events.map(({ data, context }) => [data['region'], context['tenant_id']]),
    [
      ['eu', 't-1'],
      ['scope', 't-1'],
      ['call', 't-2'],
    ],
  )
  await log.close()
})

test('Kubernetes fields come from variables, then from files, and only in a cluster', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'fapilog-podinfo-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'labels'), 'app="shop"\ntier="a \\"b\\""\n')
  writeFileSync(join(dir, 'namespace'), 'from-file\n')
  const env = {
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    HOSTNAME: 'shop-7d4b9c6f5d-x2x7k',
    K8S_NODE_NAME: 'node-1',
    POD_IP: '10.1.2.3',
  }
  t.deepEqual(kubernetesFields(env, dir), {
    pod: 'shop-7d4b9c6f5d-x2x7k',
    namespace: 'from-file',
    node: 'node-1',
    ip: '10.1.2.3',
    labels: { app: 'shop', tier: 'a "b"' },
    deployment: 'shop',
  })
  t.is(kubernetesFields({ ...env, POD_NAMESPACE: 'own' }, dir)?.['namespace'], 'own')
  t.is(kubernetesFields({ ...env, POD_NAME: 'db-0' }, dir)?.['deployment'], undefined)
  t.is(kubernetesFields({ HOSTNAME: 'laptop' }, dir), undefined)
})

test('fields are renamed and dropped where they are', async (t) => {
  const log = memoryLogger({
    processors: {
      rename: { 'user.mail': 'email', rid: 'request_id', 'gone.x': 'y' },
      drop: ['req.headers', 'err.stack', 'secret'],
    },
  })
  log.child({ rid: 'r-1', secret: 1 }).info(
    {
      user: { mail: 'a@b.c', id: 7 },
      req: { url: '/', headers: { a: { b: 1 } } },
      secret: [1, { x: 2 }],
    },
    'm',
  )
  await log.flush()
  const { data, context } = takeEvent(log)
  t.deepEqual(data, { user: { email: 'a@b.c', id: 7 }, req: { url: '/' } })
  t.is(context['request_id'], 'r-1')
  log.error(new Error('boom'), 'failed')
  await log.flush()
  const { exception } = takeEvent(log).diagnostics
  t.is(exception?.['message'], 'boom')
  t.is(exception?.['stack'], undefined)
  t.is(log.metrics().stages['fields']?.changed, 2)
  await log.close()
})

test('encrypted fields are read with their key and name alone', async (t) => {
  process.env['TEST_LOG_KEY'] = KEY
  const log = memoryLogger({
    processors: {
      encrypt: { fields: ['user.email', 'card'], keyVariable: 'TEST_LOG_KEY' },
    },
  })
  const card = { number: '4111', name: 'Zoë 🐢', list: [1, 2.5, null] }
  log.info({ user: { email: 'a@example.org' }, card }, 'paid')
  await log.flush()
  const [line = ''] = log.takeLines()
  t.false(/a@example|4111|Zo/.test(line))
  const { data } = JSON.parse(line) as { data: { user: { email: string }; card: string } }
  t.regex(data.card, /^enc:v1:[\w-]+$/)
  t.is(decryptField(data.user.email, { field: 'user.email', key: KEY }), 'a@example.org')
  t.deepEqual(
    decryptField(data.card, { field: 'card', key: Buffer.from(KEY, 'base64').toString('hex') }),
    card,
  )
  t.is(decryptField(data.card, { field: 'user.email', key: KEY }), undefined)
  t.is(decryptField(data.card, { field: 'card', key: KEY.replace('AAEC', 'BBEC') }), undefined)
  t.is(decryptField('plain', { field: 'card', key: KEY }), undefined)
  t.throws(() => decryptField(data.card, { field: 'card', key: 'short' }), {
    instanceOf: ConfigurationError,
  })
  await log.close()
})

test('without a valid key there is no logger, and the key is in no file of a crash-safe one', async (t) => {
  process.env['TEST_BAD_KEY'] = 'not a key'
  for (const keyVariable of ['TEST_BAD_KEY', 'TEST_NO_KEY']) {
    const error = t.throws(
      () => memoryLogger({ processors: { encrypt: { fields: ['a'], keyVariable } } }),
      { instanceOf: ConfigurationError },
    )
    t.like(error?.problems[0], { path: 'processors.encrypt.keyVariable', value: keyVariable })
    t.true(error?.message.includes(keyVariable))
  }
  const dir = mkdtempSync(join(tmpdir(), 'fapilog-encrypt-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  process.env['TEST_LOG_KEY'] = KEY
  const log = createLogger({
    durability: 'crash-safe',
    sinks: [{ type: 'file', path: join(dir, 'app.log') }],
    processors: { encrypt: { fields: ['a'], keyVariable: 'TEST_LOG_KEY' } },
  })
  log.info({ a: 'open' }, 'm')
  await log.flush()
  const rings = readdirSync(join(dir, '.fapilog')).map((name) =>
    readFileSync(join(dir, '.fapilog', name)),
  )
  t.true(rings.length > 0)
  for (const ring of rings) t.false(ring.includes(KEY))
  await log.close()
  t.false(readFileSync(join(dir, 'app.log'), 'utf8').includes('"open"'))
})

test('sizeGuard cuts or drops what is too large, and counts it', async (t) => {
  const cut = memoryLogger({ processors: { sizeGuard: { maxBytes: '4 KB' } } })
  cut.info({ long: 'x'.repeat(9000), longer: 'ü'.repeat(9000), short: 'as it is' }, 'm')
  await cut.flush()
  const { data, diagnostics } = takeEvent(cut)
  t.regex(data['long'] as string, /^x{1500,2000}…\[\d+ bytes cut\]$/)
  t.regex(data['longer'] as string, /^ü{750,1000}…\[\d+ bytes cut\]$/)
  t.is(data['short'], 'as it is')
  t.true(diagnostics.truncated)
  t.is(cut.metrics().stages['sizeGuard']?.changed, 1)
  await cut.close()
  const drop = memoryLogger({ processors: { sizeGuard: { maxBytes: '4 KB', action: 'drop' } } })
  drop.info({ long: 'x'.repeat(9000) }, 'gone')
  drop.info('kept')
  await drop.flush()
  t.is(takeEvent(drop).message, 'kept')
  const { submitted, written, filtered } = drop.metrics()
  t.deepEqual([submitted, written, total(filtered)], [2, 1, 1])
  await drop.close()
})
