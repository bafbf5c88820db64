import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { scrape, type Service } from '../kit.ts'
import { MINUTE_MS } from '../support/consultations.ts'
import { HAS_CHROMIUM, SKIPPED, useBrowser } from './chromium.ts'
import type { JoinPage } from './page/join.ts'
import { DOCTOR, expectShown, openSite, PATIENT } from './site.ts'

/** The last event that a page has received, with the names of those who wait. */
const lastEvent = (page: Page) =>
  page.evaluate(() => {
    const last = (globalThis as unknown as JoinPage).events.at(-1)
    return [last?.event, ...(last?.view.waiting ?? []).map(({ name }) => name)]
  })

const openStreams = async ({ app }: Service) => Number(/^jts_event_streams (\d+)$/m.exec((await scrape(app)).body)?.[1])

describe.skipIf(!HAS_CHROMIUM)(`a patient who waits${SKIPPED}`, () => {
  const openBrowser = useBrowser()

  const start = async () => {
    const site = await openSite()
    const { id } = await site.visit()
    const doctor = await (await openBrowser()).openTab((await site.invite(id, DOCTOR)).link)
    await expectShown(doctor, 'entered')
    await expect.poll(() => lastEvent(doctor)).toStrictEqual(['state'])
    const patient = await openBrowser()
    const tab = await patient.openTab((await site.invite(id)).link)
    await expectShown(tab, 'waiting')
    await expect.poll(() => lastEvent(doctor)).toStrictEqual(['waiting', PATIENT.name])
    const waiting = async () => (await site.desk('GET', `/consultations/${id}/waiting`)).body['waiting']
    return { ...site, id, doctor, patient, tab, waiting }
  }

  it('enters by itself once the doctor admits, from page to page, and learns of the end', async () => {
    const { id, doctor, tab } = await start()
    await doctor.evaluate(
      ([consultation, userId]) => (globalThis as unknown as JoinPage).client.admit(consultation, userId),
      [id, PATIENT.userId] as const,
    )
    await expectShown(tab, 'entered')
    await doctor.evaluate(
      (consultation) => (globalThis as unknown as JoinPage).client.endConsultation(consultation),
      id,
    )
    await expectShown(tab, 'ended')
    await expectShown(doctor, 'ended')
  })

  it('is there while the tab is open, absent once it is closed, and back with the first time', async () => {
    const { service, time, doctor, patient, tab, waiting } = await start()
    const since = new Date(time.now).toISOString()
    expect(await waiting()).toMatchObject([{ userId: PATIENT.userId, since, lastSeenAt: since }])
    // The stream of the tab says at each heartbeat that the patient is there.
    time.now += MINUTE_MS
    await expect.poll(waiting).toMatchObject([{ since, lastSeenAt: new Date(time.now).toISOString() }])
    const address = tab.url()
    await tab.close()
    await expect.poll(() => openStreams(service)).toBe(1)
    time.now += MINUTE_MS + 1
    expect(await waiting()).toStrictEqual([])
    await expect.poll(() => lastEvent(doctor)).toStrictEqual(['left'])
    await expectShown(await patient.openTab(address), 'waiting')
    expect(await waiting()).toMatchObject([{ since }])
    await expect.poll(() => lastEvent(doctor)).toStrictEqual(['waiting', PATIENT.name])
  })
})
