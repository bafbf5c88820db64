import fc from 'fast-check'
import { expect, it } from 'vitest'
import { toDecodableUrl } from '../../../src/http/server/not-found.ts'
import { startService } from '../../kit.ts'

it.each([
  ['GET', '/'],
  ['GET', '/api/jitsi'],
  ['POST', '/api/jitsi/token/'],
  ['POST', '/API/jitsi/token'],
  ['GET', '/%zz'],
  ['GET', '/docs/static/..%2f..%2fpackage.json'],
  ['GET', '/docs/static/../../package.json'],
  ['GET', '/.env'],
  ['GET', '/keys/test-key.pem'],
] as const)('%s %s is not there', async (method, url) => {
  const { app } = await startService()
  const answer = await app.inject({ method, url })
  expect(answer.json()).toMatchObject({ status: 404, code: 'not-found' })
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
})

it.each([
  ['GET', '/api/jitsi/token', 'POST'],
  ['PUT', '/api/jitsi/token?x=1', 'POST'],
  ['DELETE', '/livez', 'GET, HEAD'],
  ['OPTIONS', '/readyz', 'GET, HEAD'],
] as const)('%s %s is told what is allowed: %s', async (method, url, allow) => {
  const { app } = await startService()
  const answer = await app.inject({ method, url })
  expect(answer.json()).toMatchObject({ status: 405, code: 'method-not-allowed' })
  expect(answer.headers['allow']).toBe(allow)
})

it('every URL becomes one that decodes, and those that do stay as they are', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'/%a2zfF?#é') }), (url) => {
      const result = toDecodableUrl(url)
      expect(() => decodeURI(result)).not.toThrow()
      expect([url, '/undecodable']).toContain(result)
    }),
  )
})
