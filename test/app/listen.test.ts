import { networkInterfaces } from 'node:os'
import Fastify from 'fastify'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listen, type ListenOptions } from '../../src/app/listen.ts'
import type { App } from '../../src/http/server/app-type.ts'
import { CLINIC, DOCTOR, startService } from '../kit.ts'
import { takePort } from '../support/ports.ts'

const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6'))

const silent = pino({ level: 'silent' })

function newApp(): App {
  const app = Fastify() as App
  onTestFinished(() => app.close())
  return app
}

/** An application whose `listen` fails with these codes, one after the other, and then succeeds. */
function failing(...codes: string[]) {
  const hosts: string[] = []
  const app = {
    listen: ({ host }: { host: string }) => {
      hosts.push(host)
      const code = codes.shift()
      return code === undefined
        ? Promise.resolve(`http://${host}`)
        : Promise.reject(Object.assign(new Error(code), { code }))
    },
  } as unknown as App
  return { app, hosts }
}

const at = (options: Partial<ListenOptions> = {}): ListenOptions => ({
  host: '127.0.0.1',
  port: 0,
  portSetting: 'PORT',
  ...options,
})

describe('listening', () => {
  it.skipIf(!HAS_IPV6)(`on :: answers by both IP versions${HAS_IPV6 ? '' : ' (skipped: no IPv6)'}`, async () => {
    const app = newApp()
    app.get('/', (request) => request.ip)
    const { port } = new URL(await listen(app, at({ host: '::' }), silent))
    const answers = await Promise.all(['127.0.0.1', '[::1]'].map((host) => fetch(`http://${host}:${port}/`)))
    expect(answers.map(({ status }) => status)).toStrictEqual([200, 200])
  })

  it.skipIf(!HAS_IPV6)(
    `on :: reads the header of a trusted proxy that connects by IPv4${HAS_IPV6 ? '' : ' (skipped: no IPv6)'}`,
    async () => {
      const { app, entries } = await startService({ TRUST_PROXY: '127.0.0.1', AUDIT_ADDRESS: 'full' })
      const { port } = new URL(await listen(app, at({ host: '::' }), silent))
      const { status } = await fetch(`http://127.0.0.1:${port}/api/jitsi/token`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${CLINIC.apiKey}`,
          'content-type': 'application/json',
          'x-forwarded-for': '203.0.113.8',
        },
        body: JSON.stringify(DOCTOR),
      })
      expect(status).toBe(200)
      expect(entries().map(({ address }) => address)).toStrictEqual(['203.0.113.8'])
    },
  )

  it.each(['PORT', 'METRICS_PORT'] as const)('names %s if another process has the port', async (portSetting) => {
    const port = await takePort()
    await expect(listen(newApp(), at({ port, portSetting }), silent)).rejects.toMatchObject({
      errors: [`${portSetting}: port ${port} is in use by another process; stop that process, or set another port.`],
    })
  })

  it('names HOST for an address of no interface and for a name that cannot be resolved', async () => {
    for (const [host, text] of [
      ['203.0.113.1', /^HOST: no network interface of this machine/],
      ['nowhere.invalid', /^HOST: the host name cannot be resolved/],
    ] as const)
      await expect(listen(newApp(), at({ host }), silent)).rejects.toMatchObject({
        errors: [expect.stringMatching(text)],
      })
  })

  it.each([
    ['EACCES', 'PORT: this process may not listen on port 80;'],
    ['EAFNOSUPPORT', 'HOST: this machine does not support this kind of address;'],
  ])('%s is a sentence about the setting', async (code, text) => {
    const { app } = failing(code)
    await expect(listen(app, at({ port: 80 }), silent)).rejects.toMatchObject({
      errors: [expect.stringContaining(text)],
    })
  })

  it.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('without IPv6 (%s), :: listens on IPv4', async (code) => {
    const { app, hosts } = failing(code)
    expect(await listen(app, at({ host: '::' }), silent)).toBe('http://0.0.0.0')
    expect(hosts).toStrictEqual(['::', '0.0.0.0'])
  })

  it('passes on an error that no setting causes', async () => {
    const { app } = failing('EMFILE')
    await expect(listen(app, at(), silent)).rejects.toMatchObject({ code: 'EMFILE' })
  })

  it('works again after a failure, as the replacement of :: needs', async () => {
    const app = newApp()
    await expect(listen(app, at({ port: await takePort() }), silent)).rejects.toThrow('in use')
    expect(await listen(app, at(), silent)).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })
})
