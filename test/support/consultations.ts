import type { InjectOptions } from 'fastify'
import { onTestFinished } from 'vitest'
import { newApiKey } from '../../src/auth/api-keys.ts'
import type { ConsultationAnswer } from '../../src/contract/consultations/consultation-answer.ts'
import type { Deps } from '../../src/app/compose.ts'
import { NOW, openService, POLICY, type Service, UNLIMITED } from '../kit.ts'
import { type Issuer, openIssuer } from './oidc.ts'

/** May do everything with consultations, and ask for tokens of their participants. */
export const DESK = newApiKey('desk-backend')
/** May read consultations, and nothing else. */
const READER = newApiKey('reader-backend')

/** The kit's policy, with callers whose rooms are those of consultations, and users whose rooms are their own. */
export const visitPolicy = (issuer?: string): string => `${POLICY.trimEnd()}
  - id: desk-backend
    apiKeySha256: ["${DESK.sha256}"]
    roles: [doctor, patient, observer]
    rooms: consultations
    scopes: ["tokens:issue", "tokens:revoke", "consultations:read", "consultations:write", "audit:read"]
  - id: reader-backend
    apiKeySha256: ["${READER.sha256}"]
    roles: [doctor, patient]
    rooms: consultations
    scopes: ["consultations:read"]
${
  issuer === undefined
    ? ''
    : `issuers:
  - issuer: "${issuer}"
    audience: jitsi-token-service
    algorithms: [RS256]
    roleClaim: roles
    roles: { doctor: doctor, patient: patient }
    nameClaim: name
    rooms: own
`
}`

export const MINUTE_MS = 60_000

/** Half an hour that begins an hour from now. */
export const VISIT = {
  patientId: 'patient-1042',
  doctorId: 'doctor-77',
  startsAt: new Date(NOW + 60 * MINUTE_MS).toISOString(),
  durationMinutes: 30,
}

export type Answer<T = Record<string, unknown>> = {
  status: number
  body: T
  headers: Record<string, unknown>
}

/** Asks a service as somebody, over its production app. */
export function asking(app: Service['app'], credential: string | undefined) {
  const ask = async <T = Record<string, unknown>>(
    method: InjectOptions['method'],
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> => {
    const answer = await app.inject({
      method: method ?? 'GET',
      url: `/api/jitsi${path}`,
      headers: { ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }), ...headers },
      ...(body === undefined ? {} : { payload: body }),
    })
    const isJson = String(answer.headers['content-type']).includes('json')
    return { status: answer.statusCode, body: (isJson ? answer.json() : answer.body) as T, headers: answer.headers }
  }
  return Object.assign(ask, { credential: credential ?? '' })
}

export type Told = { event: string; retry: number; data: Record<string, unknown> }

/** Listens to the events of a consultation, by a credential or a cookie. `next` gives undefined once the stream has ended. */
export async function eventsOf(
  app: Service['app'],
  id: string,
  presented: string | { cookie: string },
): Promise<{ next(): Promise<Told | undefined> }> {
  const answer = await app.inject({
    url: `/api/jitsi/consultations/${id}/events`,
    headers: typeof presented === 'string' ? { authorization: `Bearer ${presented}` } : presented,
    payloadAsStream: true,
  })
  if (answer.statusCode !== 200) throw new Error(`no events: ${answer.statusCode}`)
  const stream = answer.stream()
  onTestFinished(() => void stream.destroy())
  const events = parsed(stream)
  return { next: async () => (await events.next()).value as Told | undefined }
}

async function* parsed(stream: AsyncIterable<Buffer>): AsyncGenerator<Told> {
  let text = ''
  for await (const chunk of stream) {
    text += chunk.toString('utf8')
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      const data = field('data')
      if (data === undefined) continue
      yield { event: field('event') ?? '', retry: Number(field('retry')), data: JSON.parse(data) as Told['data'] }
    }
  }
}

export type Ask = ReturnType<typeof asking>

export type Visits = Service & {
  /** What the service takes for now, in epoch milliseconds; it moves when it is changed. */
  time: { now: number }
  issuer: Issuer
  desk: Ask
  reader: Ask
  /** Whoever has no credential. */
  nobody: Ask
  /** A signed-in user. */
  user(sub: string, role: 'doctor' | 'patient'): Promise<Ask>
  /** Makes a consultation as the desk. */
  visit(change?: object): Promise<ConsultationAnswer>
}

/** The service with consultations, a clock that can be moved, and an identity provider. */
export async function startVisits(
  env: Record<string, string> = {},
  replace: (parts: Deps) => Partial<Deps> = () => ({}),
): Promise<Visits> {
  const visits = await openVisits(env, replace)
  onTestFinished(() => visits.close())
  return visits
}

/** The same for several tests; `close` is the caller's to call. */
export async function openVisits(
  env: Record<string, string> = {},
  replace: (parts: Deps) => Partial<Deps> = () => ({}),
): Promise<Visits & { close(): Promise<void> }> {
  const issuer = await openIssuer()
  const time = { now: NOW }
  const service = await openService(
    { NODE_ENV: 'test', ...UNLIMITED, ...env },
    (parts) => ({ clock: () => time.now, ...replace({ ...parts, clock: () => time.now }) }),
    visitPolicy(issuer.url),
  )
  const desk = asking(service.app, DESK.apiKey)
  return {
    ...service,
    time,
    issuer,
    desk,
    reader: asking(service.app, READER.apiKey),
    nobody: asking(service.app, undefined),
    user: async (sub, role) => asking(service.app, await issuer.sign({ sub, name: `Name of ${sub}`, roles: [role] })),
    async visit(change = {}) {
      const made = await desk<ConsultationAnswer>('POST', '/consultations', { ...VISIT, ...change })
      if (made.status !== 201) throw new Error(`no consultation was made: ${JSON.stringify(made.body)}`)
      return made.body
    },
    async close() {
      await service.close()
      issuer.close()
    },
  }
}
