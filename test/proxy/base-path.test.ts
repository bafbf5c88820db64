import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createClient } from '../../src/client/client.ts'
import type { ConsultationAnswer } from '../../src/contract/consultations/consultation-answer.ts'
import { DESK, startVisits, VISIT } from '../support/consultations.ts'
import { listenOnFreePort } from '../support/ports.ts'
import { HAS_NGINX, SKIPPED, startNginx } from './nginx.ts'

const PAGE = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
const [, LOCATIONS = ''] = /```nginx\n(location \/tokens\/ [^]*?)```/.exec(PAGE) ?? []

/** The configuration of docs/operations.md. @param address of the service, with or without a slash at the end */
const configOf = (address: string) => (port: number, dir: string) => `
  user root;
  daemon off;
  pid ${dir}/nginx.pid;
  error_log stderr warn;
  events {}
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join('\n')}
    server {
      listen 127.0.0.1:${port};
      ${LOCATIONS.replace('http://127.0.0.1:3005', address)}
    }
  }
`

/** A service under /tokens of a host. @param slash removes the path, as nginx documents for a URI in proxy_pass */
async function startUnderPath(slash: '' | '/') {
  const visits = await startVisits({ BASE_PATH: '/tokens', TRUST_PROXY: '127.0.0.1' })
  const port = await listenOnFreePort(visits)
  const origin = await startNginx(configOf(`http://127.0.0.1:${port}${slash}`))
  return { visits, origin, baseUrl: `${origin}/tokens` }
}

describe.skipIf(!HAS_NGINX).each([
  ['passes the path on', ''],
  ['removes the path', '/'],
] as const)(`under a path of a host, nginx %s${SKIPPED}`, (_what, slash) => {
  it('the client works, and Location and links lead back to the service', async () => {
    const { visits, origin, baseUrl } = await startUnderPath(slash)
    const headers = { authorization: `Bearer ${DESK.apiKey}`, 'content-type': 'application/json' }
    const made = await fetch(`${baseUrl}/api/jitsi/consultations`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ ...VISIT, waitingRoom: true }),
    })
    expect(made.status).toBe(201)
    const { id, links } = (await made.json()) as ConsultationAnswer
    const found = new URL(made.headers.get('location') ?? '', made.url)
    expect(found.href).toBe(`${baseUrl}/api/jitsi/consultations/${id}`)
    for (const path of [
      found.href,
      ...[links.self, links.waiting, links.invitations, links.calendar].map((each) => origin + each),
    ])
      expect([path, (await fetch(path, { headers })).status]).toStrictEqual([path, 200])

    visits.time.now = Date.parse(VISIT.startsAt)
    const client = createClient({ baseUrl, credential: DESK.apiKey })
    const events = client.events(id)
    expect((await events.next()).value).toMatchObject({ event: 'state' })
    const next = events.next()
    await visits.desk('POST', `/consultations/${id}/end`)
    expect((await next).value).toMatchObject({ event: 'ended' })
  })

  it('the documentation page loads each of its parts, and the document names its server', async () => {
    const { baseUrl } = await startUnderPath(slash)
    for (const url of [`${baseUrl}/docs`, `${baseUrl}/docs/`]) {
      const page = await fetch(url)
      const parts = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(
        ([, part]) => new URL(part ?? '', url),
      )
      expect(parts.length).toBeGreaterThan(3)
      for (const part of parts) expect([part.href, (await fetch(part)).status]).toStrictEqual([part.href, 200])
    }
    const { servers, paths } = parse(await (await fetch(`${baseUrl}/openapi.yaml`)).text()) as {
      servers: { url: string }[]
      paths: object
    }
    expect(Object.keys(paths)).toContain('/livez')
    const live = new URL(`${servers[0]?.url}/livez`, baseUrl)
    expect([live.href, (await fetch(live)).status]).toStrictEqual([`${baseUrl}/livez`, 200])
    expect((await fetch(`${baseUrl}/metrics`)).status).toBe(404)
  })
})
