import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { buildApp } from '../../../src/app/app.ts'
import { readConfig } from '../../../src/config/config.ts'
import type { ConsultationAnswer } from '../../../src/contract/consultations/consultation-answer.ts'
import { compose } from '../../../src/app/compose.ts'
import { browserOf, type Made } from '../../support/invitations.ts'
import { tempDir, testEnv, UNLIMITED } from '../../kit.ts'
import { newPostgres } from '../../store/engines/engines.ts'
import { type Answer, asking, DESK, visitPolicy } from '../../support/consultations.ts'

const POSTGRES = process.env['TEST_DATABASE_URL']
const skipped = POSTGRES === undefined ? ' (skipped: no TEST_DATABASE_URL)' : ''

const DATABASES: [string, boolean, () => Promise<string>][] = [
  ['SQLite', true, async () => `sqlite:${join(tempDir(), 'service.db')}`],
  [`PostgreSQL${skipped}`, POSTGRES !== undefined, newPostgres],
]

/** A production app over a database that it shares with others. */
async function startReplica(url: string, name: string) {
  const env = { ...testEnv(tempDir(), visitPolicy()), ...UNLIMITED, DATABASE_URL: url, AUDIT_WRITER: name }
  const { config, errors } = readConfig(env)
  const logger = pino({ level: 'silent' })
  const parts = await compose(config, logger, errors)
  const app = await buildApp(config, parts, logger)
  onTestFinished(async () => {
    await app.close()
    await parts.close()
  })
  return { parts, desk: asking(app, DESK.apiKey), nobody: asking(app, undefined) }
}

const BROWSERS = 300

/** Repeats a request until it is answered: on a busy machine, some of the concurrent requests get 503. */
async function insist(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (answer.status !== 503) return answer
    await setTimeout(Number(answer.headers['retry-after']) * 1000)
  }
}

it.each(DATABASES.filter(([, there]) => there))(
  'of hundreds of browsers that redeem a single-use code at once on two replicas over %s, one gets a token',
  async (_name, _there, urlOf) => {
    const url = await urlOf()
    const replicas = [await startReplica(url, 'one'), await startReplica(url, 'two')] as const
    const [{ desk, parts }] = replicas
    const people = { patientId: 'patient-1042', doctorId: 'doctor-77' }
    const { body: visit } = await desk<ConsultationAnswer>('POST', '/consultations', people)
    const path = `/consultations/${visit.id}`
    const { body: invitation } = await desk<Made>('POST', `${path}/invitations`, { role: 'patient' })
    const browsers = Array.from({ length: BROWSERS }, (_, index) => browserOf(replicas[index % 2 === 0 ? 0 : 1].nobody))
    const answers: Answer[] = await Promise.all(browsers.map(({ redeem }) => insist(() => redeem(invitation.code))))
    const tally = Object.groupBy(answers, ({ body }) => ('token' in body ? 'token' : JSON.stringify(body['code'])))
    const counts = Object.fromEntries(Object.entries(tally).map(([what, all]) => [what, all?.length]))
    expect(counts).toStrictEqual({ token: 1, '"invitation-invalid"': BROWSERS - 1 })
    expect(browsers.filter(({ cookie }) => cookie() !== undefined)).toHaveLength(1)
    const after = await desk<ConsultationAnswer>('GET', path)
    expect(after.body.participants).toHaveLength(3)
    expect(await parts.invitations.findById(visit.id, invitation.id)).toMatchObject({ used: 1 })
  },
  60_000,
)
