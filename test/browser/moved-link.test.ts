import { describe, expect, it } from 'vitest'
import { HAS_CHROMIUM, SKIPPED, useBrowser } from './chromium.ts'
import { expectShown, openSite, PATIENT } from './site.ts'

describe.skipIf(!HAS_CHROMIUM)(`a single-use link opened in a messenger, then in the browser${SKIPPED}`, () => {
  const openBrowser = useBrowser()

  it('works in the browser until the person has entered; the messenger is told that its visit is over', async () => {
    const site = await openSite()
    const { id } = await site.visit()
    const { id: invitation, link } = await site.invite(id, { ...PATIENT, uses: 1 })
    const messenger = await (await openBrowser()).openTab(link)
    await expectShown(messenger, 'waiting')
    const browser = await (await openBrowser()).openTab(link)
    await expectShown(browser, 'waiting')
    await expectShown(messenger, 'refused: no-visit')
    const moves = site.service.entries().filter(({ action }) => action === 'invitation.move')
    expect(moves).toMatchObject([{ outcome: 'done', invitation, user_id: PATIENT.userId, consultation: id }])

    await site.desk('POST', `/consultations/${id}/admit`, { userId: PATIENT.userId })
    await expectShown(browser, 'entered')
    const third = await (await openBrowser()).openTab(link)
    await expectShown(third, 'refused: invitation-invalid used')
    await messenger.goto(link)
    await messenger.reload()
    await expectShown(messenger, 'refused: invitation-invalid used')
    await browser.reload()
    await expectShown(browser, 'entered')
  })

  it('is refused in the browser with INVITATION_MOVES=off', async () => {
    const site = await openSite({ INVITATION_MOVES: 'off' })
    const { id } = await site.visit()
    const { link } = await site.invite(id, { ...PATIENT, uses: 1 })
    const messenger = await (await openBrowser()).openTab(link)
    await expectShown(messenger, 'waiting')
    const browser = await (await openBrowser()).openTab(link)
    await expectShown(browser, 'refused: invitation-invalid used')
    await site.desk('POST', `/consultations/${id}/admit`, { userId: PATIENT.userId })
    await expectShown(messenger, 'entered')
  })
})
