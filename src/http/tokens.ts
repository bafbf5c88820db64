import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TokenAnswer, TokenRequest, WaitingAnswer } from '../contract/token.ts'
import type { Asking } from '../service/issue-token.ts'
import type { Refusal } from '../contract/problem.ts'
import type { App } from './app-type.ts'
import { authenticate, callerOfRequest, type Door } from './caller.ts'
import { tellLimit } from './limits.ts'
import { originOf } from './origin.ts'
import { sendProblem } from './problems.ts'
import { problemsOf } from './route-problems.ts'

/** What the route needs: who calls, how often they may, and the verb. */
export type TokenRoute = Door & {
  /** @param gone tells whether the client went away */
  issueToken: (asking: Asking, request: TokenRequest, gone: () => boolean) => Promise<Outcome>
}

/** What comes of asking for a token. */
export type Outcome = TokenAnswer | WaitingAnswer | Refusal

export const TOKEN_PATH = '/api/jitsi/token'

const OWN_PROBLEMS = ['room-not-allowed', 'identity-mismatch', 'identity-incomplete'] as const

/** As Fastify names it for what it writes itself. */
const JSON_TYPE = 'application/json; charset=utf-8'

/** Adds `POST /api/jitsi/token`. */
export function addTokens(app: App, { identify, limitCaller, issueToken }: TokenRoute): void {
  app.post(
    TOKEN_PATH,
    {
      config: { signs: true, action: 'token.issue', problems: problemsOf(['caller', 'body', 'entry'], OWN_PROBLEMS) },
      preParsing: [authenticate(identify, 'tokens:issue'), limitCaller],
      schema: {
        operationId: 'issueToken',
        summary: 'Issue a token for one person, one room and one role',
        description: 'Needs the scope tokens:issue. The answer leaves once its entry is in the audit record.',
        tags: ['tokens'],
        security: [{ apiKey: ['tokens:issue'] }, { signedInUser: [] }],
        headers: Type.Object({ 'x-on-behalf-of': Type.Optional(OnBehalfOf) }),
        body: Type.Unsafe<TokenRequest>(Type.Ref('TokenRequest')),
        response: TOKEN_RESPONSES,
      },
    },
    async (request, reply) => {
      const outcome = await issueToken(askingOf(request), request.body, () => request.raw.socket.destroyed)
      return sendOutcome(request, reply, outcome)
    },
  )
}

/** What every way to a token answers with. */
export const TOKEN_RESPONSES = {
  200: Type.Unsafe<TokenAnswer>(Type.Ref('TokenAnswer')),
  202: Type.Unsafe<WaitingAnswer>(Type.Ref('Waiting')),
}

/** Answers with a token, or that somebody waits, or with the refusal. */
export function sendOutcome(request: FastifyRequest, reply: FastifyReply, outcome: Outcome): FastifyReply {
  if ('token' in outcome) return reply.type(JSON_TYPE).serializer(textOf).send(outcome)
  if ('state' in outcome) return reply.code(202).send(outcome)
  if (outcome.limit !== undefined) tellLimit(reply, outcome.limit, 0, outcome.retryAfterMs ?? 0)
  return sendProblem(request, reply, outcome)
}

const ON_BEHALF_OF = '^[\\x21-\\x7e](?:[\\x20-\\x7e]{0,126}[\\x21-\\x7e])?$'
const OnBehalfOf = Type.String({
  pattern: ON_BEHALF_OF,
  description:
    '1 to 128 printable ASCII characters that name the person who caused the request; it is recorded, and decides nothing',
})
const onBehalfOf = new RegExp(ON_BEHALF_OF)

/** Who asks, for the record; what is no good name of a person is left out, for a refusal may come before it is refused. */
export function askingOf(request: FastifyRequest): Asking {
  const person = request.headers['x-on-behalf-of']
  return {
    caller: callerOfRequest(request),
    ...originOf(request),
    ...(typeof person === 'string' && onBehalfOf.test(person) ? { onBehalfOf: person } : {}),
  }
}

/** The answer as JSON. How its meeting fits the role is most of it, and the same object in many answers: it is written once. */
function textOf({ meeting, ...answer }: TokenAnswer): string {
  const { configOverwrite, interfaceConfigOverwrite, ...place } = meeting
  const fit = `"configOverwrite":${jsonOf(configOverwrite)},"interfaceConfigOverwrite":${jsonOf(interfaceConfigOverwrite)}`
  return `{${membersOf(answer)},"meeting":{${membersOf(place)},${fit}}}`
}

const membersOf = (object: object): string => JSON.stringify(object).slice(1, -1)

const written = new WeakMap<object, string>()

function jsonOf(object: object): string {
  const known = written.get(object)
  if (known !== undefined) return known
  const text = JSON.stringify(object)
  written.set(object, text)
  return text
}
