import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TokenAnswer, WaitingAnswer } from '../../contract/tokens/token.ts'
import type { Refusal } from '../../contract/problem.ts'
import { setLimitHeaders } from '../server/limits.ts'
import { sendProblem } from '../server/problems.ts'

/** What comes of asking for a token. */
export type Outcome = TokenAnswer | WaitingAnswer | Refusal

/** As Fastify names it for what it writes itself. */
const JSON_TYPE = 'application/json; charset=utf-8'

/** What every way to a token answers with. */
export const TOKEN_RESPONSES = {
  200: Type.Unsafe<TokenAnswer>(Type.Ref('TokenAnswer')),
  202: Type.Unsafe<WaitingAnswer>(Type.Ref('Waiting')),
}

/** Answers with a token, or that somebody waits, or with the refusal. */
export function sendOutcome(request: FastifyRequest, reply: FastifyReply, outcome: Outcome): FastifyReply {
  if ('token' in outcome) return reply.type(JSON_TYPE).serializer(toJson).send(outcome)
  if ('state' in outcome) return reply.code(202).send(outcome)
  if (outcome.limit !== undefined) setLimitHeaders(reply, outcome.limit, 0, outcome.retryAfterMs ?? 0)
  return sendProblem(request, reply, outcome)
}

/** The answer as JSON. How its meeting fits the role is most of it, and the same object in many answers: it is written once. */
function toJson({ meeting, ...answer }: TokenAnswer): string {
  const { configOverwrite, interfaceConfigOverwrite, ...place } = meeting
  const fit = `"configOverwrite":${cachedJson(configOverwrite)},"interfaceConfigOverwrite":${cachedJson(interfaceConfigOverwrite)}`
  return `{${propertiesJson(answer)},"meeting":{${propertiesJson(place)},${fit}}}`
}

const propertiesJson = (object: object): string => JSON.stringify(object).slice(1, -1)

function cachedJson(object: object): string {
  const known = jsonCache.get(object)
  if (known !== undefined) return known
  const text = JSON.stringify(object)
  jsonCache.set(object, text)
  return text
}

const jsonCache = new WeakMap<object, string>()
