import { describe, expect, it } from 'vitest'
import { HAS_CHROMIUM, SKIPPED, useBrowser } from './chromium.ts'
import { expectShown, openSite, PATIENT } from './site.ts'

describe.skipIf(!HAS_CHROMIUM)(`a browser${SKIPPED}`, () => {
  const openBrowser = useBrowser()

  it.each(['portal', 'foreign', 'origin'] as const)(
    'reloads without the code and goes on by its cookie alone, on the page %s',
    async (where) => {
      const site = await openSite()
      const { id } = await site.visit()
      const { code } = await site.invite(id, { ...PATIENT, uses: 1 })
      const person = await openBrowser()
      const tab = await person.openTab(`${site[where]}/join#${code}`)
      await expectShown(tab, 'waiting')
      expect(tab.url()).toBe(`${site[where]}/join?consultation=${id}`)
      await tab.reload()
      await expectShown(tab, 'waiting')
      await site.desk('POST', `/consultations/${id}/admit`, { userId: PATIENT.userId })
      await expectShown(tab, 'entered')
      await tab.reload()
      await expectShown(tab, 'entered')
      // The person opens the address that is open, in a new tab, and without the id of the consultation.
      await expectShown(await person.openTab(tab.url()), 'entered')
      await expectShown(await person.openTab(`${site[where]}/join`), 'entered')
      expect(site.service.logLines.join('')).not.toContain(code)
    },
  )

  it('that has no visit is told so', async () => {
    const site = await openSite()
    await expectShown(await (await openBrowser()).openTab(`${site.portal}/join`), 'refused: no-visit')
  })

  it('holds two visits: the second link does not lock the first out', async () => {
    const site = await openSite()
    const [first, second] = [await site.visit({ externalId: 'first' }), await site.visit({ externalId: 'second' })]
    const person = await openBrowser()
    const firstTab = await person.openTab((await site.invite(first.id, { ...PATIENT, uses: 1 })).link)
    await expectShown(firstTab, 'waiting')
    const secondTab = await person.openTab((await site.invite(second.id, { ...PATIENT, uses: 1 })).link)
    await expectShown(secondTab, 'waiting')
    for (const tab of [firstTab, secondTab]) {
      await tab.reload()
      await expectShown(tab, 'waiting')
    }
    await site.desk('POST', `/consultations/${first.id}/admit`, { userId: PATIENT.userId })
    await expectShown(firstTab, 'entered')
    await expectShown(secondTab, 'waiting')
    await site.desk('POST', `/consultations/${second.id}/admit`, { userId: PATIENT.userId })
    await expectShown(secondTab, 'entered')
    await firstTab.reload()
    await expectShown(firstTab, 'entered')
  })

  it('shows one visit in two tabs, from the same link', async () => {
    const site = await openSite()
    const { id } = await site.visit()
    const { link } = await site.invite(id, { ...PATIENT, uses: 1 })
    const person = await openBrowser()
    const tabs = [await person.openTab(link), await person.openTab(link)]
    for (const tab of tabs) await expectShown(tab, 'waiting')
    await site.desk('POST', `/consultations/${id}/admit`, { userId: PATIENT.userId })
    for (const tab of tabs) await expectShown(tab, 'entered')
    await site.desk('POST', `/consultations/${id}/end`)
    for (const tab of tabs) await expectShown(tab, 'ended')
  })
})
