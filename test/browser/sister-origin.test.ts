import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { DESK, VISIT } from '../support/consultations.ts'
import { HAS_CHROMIUM, SKIPPED, useBrowser } from './chromium.ts'
import type { JoinPage } from './page/join.ts'
import { DOCTOR, expectShown, openSite, PATIENT } from './site.ts'

type Sent = { method?: string; path: string; headers?: Record<string, string>; body?: object }
type Seen = { status: number; headers: Record<string, string>; body: Record<string, unknown> } | { error: string }

/** Sends a request from a page, with its cookies, as a script of any integrator would. */
const send = (page: Page, sent: Sent): Promise<Seen> =>
  page.evaluate(async ({ path, body, headers, method = 'GET' }) => {
    const { service } = globalThis as unknown as JoinPage
    try {
      const answer = await fetch(`${service}/api/jitsi${path}`, {
        method,
        credentials: 'include',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      const json = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: json }
    } catch (error) {
      return { error: String(error) }
    }
  }, sent)

/** The name of the first event that an EventSource of a page receives, and the consultation in its data. */
const firstEvent = (page: Page, id: string) =>
  page.evaluate(
    (consultation) =>
      new Promise<object>((resolve) => {
        const { service } = globalThis as unknown as JoinPage
        const source = new EventSource(`${service}/api/jitsi/consultations/${consultation}/events`, {
          withCredentials: true,
        })
        source.addEventListener('state', (event) => {
          source.close()
          resolve({ event: 'state', ...(JSON.parse(String((event as MessageEvent).data)) as object) })
        })
        source.addEventListener('error', () => resolve({ error: 'the stream was refused' }))
      }),
    id,
  )

describe.skipIf(!HAS_CHROMIUM)(`a page${SKIPPED}`, () => {
  const openBrowser = useBrowser()

  const LISTED = [
    ['of another origin of the same site', 'portal'],
    ['of a listed origin of another site', 'foreign'],
  ] as const
  it.each([...LISTED, ['of the service', 'origin']] as const)(
    '%s redeems a link again and again, and follows the events',
    async (_what, where) => {
      const site = await openSite()
      const { id } = await site.visit()
      const { code } = await site.invite(id, { ...PATIENT, uses: 1 })
      const tab = await (await openBrowser()).openTab(`${site[where]}/join`)
      const redeem = { method: 'POST', path: '/invitations/redeem', body: { code } }
      for (let times = 0; times < 3; times += 1) {
        expect(await send(tab, redeem)).toMatchObject({ status: 202, body: { state: 'waiting', consultationId: id } })
      }
      expect(await firstEvent(tab, id)).toMatchObject({ event: 'state', consultationId: id })
      expect(await send(tab, { path: '/visits' })).toMatchObject({
        status: 200,
        body: { visits: [{ role: 'patient' }] },
      })
      await site.desk('POST', `/consultations/${id}/admit`, { userId: PATIENT.userId })
      const token = { method: 'POST', path: `/visits/${id}/token`, body: {} }
      expect(await send(tab, token)).toMatchObject({ status: 200, body: { token: expect.any(String) as string } })
    },
  )

  it.each(LISTED)('%s changes a consultation: ETag, If-Match, PATCH', async (_what, where) => {
    const site = await openSite()
    const { id, endsAt } = await site.visit()
    const { code } = await site.invite(id, DOCTOR)
    const tab = await (await openBrowser()).openTab(`${site[where]}/join`)
    await send(tab, { method: 'POST', path: '/invitations/redeem', body: { code } })
    const path = `/consultations/${id}`
    const read = await send(tab, { path })
    expect(read).toMatchObject({ status: 200, headers: { etag: expect.stringMatching(/^"\d+"$/) as string } })
    const etag = 'headers' in read ? (read.headers['etag'] ?? '') : ''
    const later = new Date(Date.parse(endsAt) + 600_000).toISOString()
    const change = { method: 'PATCH', path, headers: { 'if-match': etag }, body: { endsAt: later } }
    expect(await send(tab, change)).toMatchObject({ status: 200, body: { endsAt: later } })
    expect(await send(tab, change)).toMatchObject({ status: 412 })
  })

  it.each(LISTED)('%s creates a consultation: Authorization, Idempotency-Key, Location', async (_what, where) => {
    const site = await openSite()
    const tab = await (await openBrowser()).openTab(`${site[where]}/join`)
    const headers = { authorization: `Bearer ${DESK.apiKey}`, 'idempotency-key': 'appointment-4711' }
    const create = () => send(tab, { method: 'POST', path: '/consultations', headers, body: VISIT })
    const made = await create()
    const location = expect.stringMatching(/\/api\/jitsi\/consultations\/[0-9a-f-]{36}$/) as string
    expect(made).toMatchObject({ status: 201, headers: { location } })
    expect(await create()).toMatchObject({ status: 201, body: 'body' in made ? { id: made.body['id'] } : {} })
  })

  it.each(LISTED)('%s reads when to ask again', async (_what, where) => {
    const site = await openSite({ RATE_LIMIT_PER_ADDRESS: '5' })
    const tab = await (await openBrowser()).openTab(`${site[where]}/join`)
    const answers: Seen[] = []
    for (let times = 0; times < 6; times += 1) answers.push(await send(tab, { path: '/visits' }))
    expect(answers.at(0)).toMatchObject({ status: 401 })
    expect(answers.at(-1)).toMatchObject({
      status: 429,
      headers: { 'retry-after': expect.stringMatching(/^\d+$/) as string },
    })
  })

  it.each([
    ['of the same site', 'pages.visits.test'],
    ['of another site', 'pages.example.test'],
  ])('of an origin %s that is not listed is refused, and changes nothing', async (_what, host) => {
    const site = await openSite()
    const { id } = await site.visit()
    const { code } = await site.invite(id, { ...DOCTOR, uses: 1 })
    const person = await openBrowser()
    const unlisted = site.originOf(host)
    const tab = await person.openTab(`${unlisted}/join`)
    const redeem = { method: 'POST', path: '/invitations/redeem', body: { code } }
    const failed = { error: 'TypeError: Failed to fetch' }
    expect(await send(tab, redeem)).toStrictEqual(failed)
    // Nor with the cookie that the person has by now: a POST without a body needs no preflight.
    const joined = await person.openTab(`${site.portal}/join#${code}`)
    await expectShown(joined, 'entered')
    expect(await send(tab, { path: `/consultations/${id}` })).toStrictEqual(failed)
    expect(await firstEvent(tab, id)).toStrictEqual({ error: 'the stream was refused' })
    const end = { method: 'POST', path: `/consultations/${id}/end` }
    expect(await send(tab, end)).toStrictEqual(failed)
    expect(await site.desk('GET', `/consultations/${id}`)).toMatchObject({ body: { state: 'open' } })
  })
})
