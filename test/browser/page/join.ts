import { type Client, type ConsultationEvent, createClient, TokenServiceError } from '../../../src/client/client.ts'

/** What the page uses of the browser: the tests are compiled for Node.js. */
declare const document: {
  documentElement: { dataset: { service: string } }
  querySelector(selector: string): { textContent: string }
}
declare const location: { hash: string; search: string }
declare const history: { replaceState(state: null, unused: string, url: string): void }

/** What the tests find in the page: the events that it has received, in their order, among it. */
export type JoinPage = { client: Client; service: string; events: ConsultationEvent[] }

const service = document.documentElement.dataset.service
const client = createClient({ baseUrl: service })
const events: ConsultationEvent[] = []
Object.assign(globalThis, { client, service, events } satisfies JoinPage)

const show = (text: string) => void (document.querySelector('output').textContent = text)

/** Redeems the link, or continues the visit of this browser, and follows the events of the consultation. */
async function join(): Promise<void> {
  const code = location.hash.slice(1)
  const known = new URLSearchParams(location.search).get('consultation')
  const enter = (id: string | null) =>
    client.redeemInvitation({ ...(code === '' ? {} : { code }), ...(id === null ? {} : { consultationId: id }) })
  const first = await enter(known)
  const { consultationId: id = '' } = first
  // The code stays neither in the address bar nor in the history.
  history.replaceState(null, '', `?consultation=${id}`)
  let isWaiting = !('token' in first)
  show(isWaiting ? 'waiting' : 'entered')
  for await (const change of client.events(id)) {
    events.push(change)
    if (change.event === 'ended') show('ended')
    else if (isWaiting && change.view.admittedAt !== undefined) {
      isWaiting = !('token' in (await client.enterVisit(id)))
      if (!isWaiting) show('entered')
    }
  }
}

try {
  await join()
} catch (error) {
  show(error instanceof TokenServiceError ? `refused: ${error.code} ${error.reason ?? ''}`.trim() : String(error))
}
