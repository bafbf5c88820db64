import swagger from '@fastify/swagger'
import { Type } from '@sinclair/typebox'
import { Liveness, Readiness } from '../../contract/health.ts'
import { FieldError, Problem, type ProblemCode, PROBLEM_CODES, PROBLEMS } from '../../contract/problem.ts'
import { AuditPage, AuditRow } from '../../contract/audit/audit-query.ts'
import {
  ConsultationAnswer,
  ConsultationPage,
  ParticipantAnswer,
} from '../../contract/consultations/consultation-answer.ts'
import { ConsultationChange, ConsultationRequest } from '../../contract/consultations/consultation.ts'
import { InvitationAnswer, InvitationList, InvitationRequest, Redemption } from '../../contract/invitation.ts'
import { InspectRequest, Inspection, Objection, TokenSummary } from '../../contract/tokens/inspection.ts'
import { ConfigOverwrite, InterfaceConfigOverwrite } from '../../contract/meetings/config-overwrite.ts'
import { MeetingConfig } from '../../contract/meetings/meeting-config.ts'
import { Meeting, TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import { AdmitRequest, ConsultationView, WaitingEntry, WaitingList } from '../../contract/consultations/waiting-room.ts'
import { KickRequest } from '../../contract/consultations/kick.ts'
import { RenewRequest } from '../../contract/tokens/renewal.ts'
import { RevocationAnswer, RevocationMade, RevocationPage, RevocationRequest } from '../../contract/revocation.ts'
import type { App } from './app-type.ts'
import { PROBLEM_TYPE, problemDocument } from './problems.ts'

const ABOUT = `Issues the tokens with which doctors and patients enter their video consultations on JaaS.

A backend authenticates with an API key, names one person, one room and one role, and gets one signed token.
Whatever is refused is answered as \`application/problem+json\` (RFC 9457) with a \`code\` from a closed set.`

const COMPONENTS = [
  ...[TokenRequest, TokenAnswer, Meeting, InspectRequest, Inspection, Objection, TokenSummary],
  ...[WaitingAnswer, ConsultationRequest, ConsultationChange, ConsultationAnswer, ParticipantAnswer, ConsultationPage],
  ...[WaitingEntry, WaitingList, AdmitRequest, ConsultationView],
  ...[InvitationRequest, InvitationAnswer, InvitationList, Redemption],
  ...[RenewRequest, RevocationRequest, RevocationAnswer, RevocationMade, RevocationPage, KickRequest],
  ...[MeetingConfig, ConfigOverwrite, InterfaceConfigOverwrite, AuditPage, AuditRow],
  ...[Problem, FieldError, Liveness, Readiness],
]

const SECURITY_SCHEMES = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key of a machine, jts_<caller id>_<43 characters>; its caller needs the scope of the route',
  },
  signedInUser: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The access token of a user who signed in with an issuer of the policy',
  },
} as const

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The codes that the route can answer with, for its description. */
    problems?: readonly ProblemCode[]
  }
}

/** Adds the schemas under their names, and describes the routes that are added from here on (OpenAPI 3.1). */
export async function addOpenApi(app: App): Promise<void> {
  for (const schema of COMPONENTS) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Jitsi token service', version: '1.0.0', description: ABOUT },
      servers: [{ url: '/', description: 'The service that serves this document' }],
      tags: [
        { name: 'tokens', description: 'Tokens for meetings' },
        { name: 'consultations', description: 'Rooms with an appointment' },
        { name: 'audit', description: 'For auditors' },
        { name: 'keys', description: 'For verifiers' },
        { name: 'health', description: 'For orchestrators' },
        { name: 'docs', description: 'This description' },
      ],
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) =>
        typeof schema.$id === 'string' ? schema.$id : `schema-${index}`,
    },
    transform: ({ schema, url, route }) => ({
      url,
      schema: {
        ...schema,
        response: { ...(schema.response as object), ...problemResponses(route.config?.problems ?? []) },
      },
    }),
    // Without shared parts: YAML would write those as anchors, which few tools read.
    transformObject: (document) =>
      JSON.parse(
        JSON.stringify('openapiObject' in document ? document.openapiObject : document.swaggerObject),
      ) as object,
  })
}

/** The responses that tell these codes, one a status, with an example for each code. */
function problemResponses(codes: readonly ProblemCode[]): Record<number, object> {
  const statuses = new Set(codes.map((code) => PROBLEMS[code].status))
  return Object.fromEntries(
    [...statuses].map((status) => {
      const ofStatus = PROBLEM_CODES.filter((code) => PROBLEMS[code].status === status && codes.includes(code))
      return [
        status,
        {
          description: ofStatus.map((code) => PROBLEMS[code].title).join('; '),
          headers: { ...HEADERS[status], 'X-Request-Id': header('Names the request in the log and in the record') },
          content: {
            [PROBLEM_TYPE]: {
              schema: Type.Ref('Problem'),
              examples: Object.fromEntries(ofStatus.map((code) => [code, { value: exampleOf(code) }])),
            },
          },
        },
      ]
    }),
  )
}

const header = (description: string) => ({ type: 'string', description })
const retryAfter = { 'Retry-After': header('Seconds to wait') }

const HEADERS: Record<number, Record<string, object>> = {
  401: { 'WWW-Authenticate': header('The Bearer challenge (RFC 6750)') },
  429: {
    ...retryAfter,
    'RateLimit-Policy': header('The limits that were counted: q requests in w seconds'),
    RateLimit: header('What is left of them: r requests, and all of q in t seconds'),
  },
  503: retryAfter,
}

function exampleOf(code: ProblemCode): Problem {
  const errors = [{ pointer: '/userRole', message: 'must be one of the roles of the policy' }]
  return problemDocument(
    code === 'invalid-request' ? { code, errors } : { code },
    '7b0c2f0e-7d0a-4c5e-9a53-0f3a2d1e6c88',
  )
}
