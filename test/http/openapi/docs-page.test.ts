import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { startService } from '../../kit.ts'

it('the description is served as YAML', async () => {
  const { app } = await startService()
  const answer = await app.inject('/openapi.yaml')
  expect(answer.headers['content-type']).toBe('application/yaml; charset=utf-8')
  expect(parse(answer.body)).toMatchObject({ openapi: '3.1.0', paths: { '/api/jitsi/token': { post: {} } } })
})

it('the page reads the same description, as JSON and as YAML', async () => {
  const { app } = await startService()
  const [served, yaml, json] = await Promise.all(
    ['/openapi.yaml', '/docs/yaml', '/docs/json'].map((url) => app.inject(url)),
  )
  expect(yaml?.body).toBe(served?.body)
  expect(json?.json()).toStrictEqual(parse(served?.body ?? ''))
})

it('the page loads nothing from other hosts and has no inline script or style, so that its strict CSP lets all of it run', async () => {
  const { app } = await startService()
  const page = await app.inject('/docs')
  expect(page.statusCode).toBe(200)
  const policy = String(page.headers['content-security-policy'])
  expect(policy).toContain("default-src 'none'; script-src 'self';")
  expect(policy).toContain("connect-src 'self'")
  expect(policy).not.toMatch(/https?:|validator/)
  expect(page.body).not.toMatch(/<script(?![^>]*\ssrc=)/)
  expect(page.body).not.toMatch(/<style|\son\w+=/)
  const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '')
  expect(parts.length).toBeGreaterThan(3)
  for (const url of parts) {
    expect(url).toMatch(/^\/docs\/static\//)
    expect((await app.inject(url)).statusCode).toBe(200)
  }
  const start = await app.inject('/docs/static/swagger-initializer.js')
  expect(start.body).toContain('validatorUrl: null')
  expect(start.body).toContain("url: resolveUrl('./json')")
})
