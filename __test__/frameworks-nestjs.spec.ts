// fapilog/nestjs: what is Nest's own. Its requests keep the contract of frameworks-middleware.spec.ts.

import {
  BadRequestException,
  Get,
  Inject,
  Logger as Log,
  Module,
  NotFoundException,
  type OnApplicationShutdown,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import test, { type ExecutionContext } from 'ava'
import { ConfigurationError, type Logger } from 'fapilog'
import { FapilogModule, LOGGER, NestLogger, type NestLogOptions } from 'fapilog/nestjs'
import { type Envelope, memoryLogger, takeEvents } from './support/capture.ts'
import { ask, events, portOf } from './support/http.ts'
import { controller } from './support/nest.ts'

function memory(t: ExecutionContext): Logger {
  const log = memoryLogger()
  t.teardown(() => log.close())
  return log
}

/** What was logged, without what differs. */
const shown = ({ level, logger, message, data }: Envelope) => ({ level, logger, message, ...data })

async function logged(log: Logger): Promise<Envelope[]> {
  await log.flush()
  return takeEvents(log)
}

const module = (metadata: Parameters<typeof Module>[0]) => {
  class Application {}
  Module(metadata)(Application)
  return Application
}

test("Nest's levels, contexts and forms of a call", async (t) => {
  const log = memory(t)
  const nest = new NestLogger(log)
  nest.fatal('f', 'Ctx')
  nest.warn('w', 'Ctx')
  nest.log('l', { orderId: 7 }, 'Ctx')
  nest.debug({ a: 1 }, 'Ctx')
  nest.verbose('v')
  nest.log('%d of %s', 3, 'four', 'Other')
  nest.error('without a stack', undefined, 'Ctx')
  nest.error('e', 'Ctx')
  t.deepEqual((await logged(log)).map(shown), [
    { level: 'CRITICAL', logger: 'Ctx', message: 'f' },
    { level: 'WARNING', logger: 'Ctx', message: 'w' },
    { level: 'INFO', logger: 'Ctx', message: 'l', orderId: 7 },
    { level: 'DEBUG', logger: 'Ctx', message: '', a: 1 },
    { level: 'TRACE', logger: log.name, message: 'v' },
    { level: 'INFO', logger: 'Other', message: '3 of four' },
    { level: 'ERROR', logger: 'Ctx', message: 'without a stack' },
    { level: 'ERROR', logger: 'Ctx', message: 'e' },
  ])

  const error = new RangeError('too far')
  nest.error('with its stack', error.stack, 'Ctx')
  nest.error(error, 'Ctx')
  nest.error('stack alone', error.stack)
  const failed = await logged(log)
  t.deepEqual(
    failed.map(({ logger, message }) => [logger, message]),
    [
      ['Ctx', 'with its stack'],
      ['Ctx', 'too far'],
      [log.name, 'stack alone'],
    ],
  )
  for (const { diagnostics } of failed) {
    const exception = JSON.stringify(diagnostics.exception)
    t.true(
      exception.includes('RangeError') && exception.includes('frameworks-nestjs.spec'),
      exception,
    )
  }
})

test('a logger for every context is kept, a stream of new ones is not', async (t) => {
  const log = memory(t)
  const nest = new NestLogger(log)
  t.is(nest.named('Ctx'), nest.named('Ctx'))
  for (let n = 0; n < 5000; n++) nest.log('m', `context ${n}`)
  t.not(nest.named('another'), nest.named('another'))
  t.is((await logged(log)).length, 5000)
})

for (const [platform, adapter] of Object.entries({
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
})) {
  // Nest has one logger in a process.
  test.serial(
    `${platform}: what a guard throws is logged by Nest, in the request's scope; what a handler throws, once`,
    async (t) => {
      const log = memory(t)
      class Guard {
        canActivate() {
          throw new TypeError('in the guard')
        }
      }
      class Work {
        private readonly own = new Log(Work.name)
        guarded() {}
        handled() {
          this.own.log('before')
          throw new TypeError('in the handler')
        }
        /** As a ValidationPipe does. */
        refused() {
          throw new BadRequestException(['name must be a string', 'age must be positive'])
        }
        gone() {
          throw new NotFoundException('no such order')
        }
      }
      controller(Work, [], {
        guarded: { on: Get('guarded') },
        handled: { on: Get('handled') },
        refused: { on: Get('refused') },
        gone: { on: Get('gone') },
      })
      UseGuards(Guard)(Work.prototype, 'guarded', {
        value: Work.prototype.guarded,
      } as PropertyDescriptor)
      const Application = module({
        imports: [FapilogModule.forRoot({ logger: log })],
        controllers: [Work],
      })
      const app = await NestFactory.create(Application, adapter(), { logger: false })
      t.teardown(() => app.close())
      app.useLogger(app.get(NestLogger))
      await app.listen(0, '127.0.0.1')
      await logged(log)
      const port = portOf(app.getHttpServer())

      t.is((await ask(port, '/guarded', { headers: { 'x-request-id': 'g' } })).status, 500)
      const guarded = await events(log, 2)
      t.deepEqual(
        guarded.map(({ logger, message, context }) => [logger, message, context['correlation_id']]),
        [
          ['ExceptionsHandler', 'in the guard', 'g'],
          [log.name, 'request_completed', 'g'],
        ],
      )
      t.is((await ask(port, '/handled', { headers: { 'x-request-id': 'h' } })).status, 500)
      const handled = await events(log, 2)
      t.deepEqual(
        handled.map(({ logger, level, message, context }) => [
          logger,
          level,
          message,
          context['correlation_id'],
        ]),
        [
          ['Work', 'INFO', 'before', 'h'],
          [log.name, 'ERROR', 'request_failed', 'h'],
        ],
      )
      t.true(JSON.stringify(handled[1]?.diagnostics.exception).includes('in the handler'))
      await ask(port, '/refused')
      await ask(port, '/gone')
      t.deepEqual(
        (await events(log, 2)).map(({ level, data }) => [level, data['status'], data['reason']]),
        [
          ['WARNING', 400, 'name must be a string; age must be positive'],
          ['WARNING', 404, 'no such order'],
        ],
      )
    },
  )

  test(`${platform}: options from a factory; malformed bodies are logged; the last words of a shutdown are written`, async (t) => {
    const config = module({})
    Module({ providers: [{ provide: 'prefix', useValue: '/skip' }], exports: ['prefix'] })(config)
    class Farewell implements OnApplicationShutdown {
      constructor(private readonly log: Logger) {}
      onApplicationShutdown(signal?: string) {
        this.log.info('good bye', { signal })
      }
    }
    Inject(LOGGER)(Farewell, undefined, 0)
    class Work {
      ok() {
        return 'ok'
      }
    }
    controller(Work, [], { ok: { on: Get(':path') } })
    const Application = module({
      imports: [
        FapilogModule.forRootAsync({
          imports: [config],
          inject: ['prefix'],
          useFactory: async (prefix: string): Promise<NestLogOptions> => ({
            settings: { name: 'own', sinks: [{ type: 'memory' }], format: 'json' },
            skip: [prefix],
          }),
        }),
      ],
      controllers: [Work],
      providers: [Farewell],
    })
    const app = await NestFactory.create(Application, adapter(), { logger: false })
    await app.listen(0, '127.0.0.1')
    const log = app.get<Logger>(LOGGER)
    const port = portOf(app.getHttpServer())
    await ask(port, '/skip')
    await ask(port, '/kept')
    const headers = { 'content-type': 'application/json' }
    t.is((await ask(port, '/kept', { method: 'POST', headers, body: '{' })).status, 400)
    t.deepEqual(
      (await events(log, 2)).map(({ level, data }) => [level, data['method'], data['path']]),
      [
        ['INFO', 'GET', '/kept'],
        ['WARNING', 'POST', '/kept'],
      ],
    )
    await app.close()
    t.is(log.health().status, 'closed')
    t.deepEqual(takeEvents(log).map(shown), [{ level: 'INFO', logger: 'own', message: 'good bye' }])
  })

  test(`${platform}: an application for tests has its platform later`, async (t) => {
    const log = memory(t)
    class Work {
      ok() {
        return 'ok'
      }
    }
    controller(Work, [], { ok: { on: Get('orders') } })
    const testing = await Test.createTestingModule({
      imports: [FapilogModule.forRoot({ logger: log })],
      controllers: [Work],
    }).compile()
    const app = testing.createNestApplication(adapter())
    t.teardown(() => app.close())
    await app.listen(0, '127.0.0.1')
    await ask(portOf(app.getHttpServer()), '/orders')
    const found = (await events(log, 1)).filter(({ message }) => message === 'request_completed')
    t.deepEqual(
      found.map(({ data }) => data['route']),
      ['/orders'],
    )
  })
}

test.serial('an application without a server has the logger, and drains it', async (t) => {
  const Application = module({
    imports: [FapilogModule.forRoot({ settings: { sinks: [{ type: 'memory' }] } })],
  })
  const app = await NestFactory.createApplicationContext(Application, { logger: false })
  const log = app.get<Logger>(LOGGER)
  app.useLogger(app.get(NestLogger))
  new Log('Job').log('done')
  await app.close()
  t.is(log.health().status, 'closed')
  t.deepEqual(takeEvents(log).map(shown), [{ level: 'INFO', logger: 'Job', message: 'done' }])
})

test('wrong options are refused when the module is made, or when the application starts', async (t) => {
  const wrong = { smple: 1 } as NestLogOptions
  t.throws(() => FapilogModule.forRoot(wrong), {
    instanceOf: ConfigurationError,
    message: /did you mean "sample"\?/,
  })
  const Application = module({ imports: [FapilogModule.forRootAsync({ useFactory: () => wrong })] })
  await t.throwsAsync(
    NestFactory.createApplicationContext(Application, { logger: false, abortOnError: false }),
    { instanceOf: ConfigurationError },
  )
})
