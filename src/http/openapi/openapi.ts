import swagger from '@fastify/swagger'
import { Liveness, Readiness } from '../../contract/health.ts'
import { PageConfig } from '../../contract/page-config.ts'
import { FieldError, Problem, type ProblemCode } from '../../contract/problem.ts'
import { AuditPage, AuditRow } from '../../contract/audit/audit-query.ts'
import {
  ConsultationAnswer,
  ConsultationPage,
  Moderator,
  ParticipantAnswer,
} from '../../contract/consultations/consultation-answer.ts'
import { ConsultationChange, ConsultationRequest } from '../../contract/consultations/consultation.ts'
import { InvitationAnswer, InvitationList, InvitationRequest, RedeemRequest } from '../../contract/invitation.ts'
import { InspectRequest, Inspection, Objection, TokenSummary } from '../../contract/tokens/inspection.ts'
import { ConfigOverwrite, InterfaceConfigOverwrite } from '../../contract/meetings/config-overwrite.ts'
import { MeetingConfig } from '../../contract/meetings/meeting-config.ts'
import { Meeting, TokenAnswer, TokenRequest, WaitingAnswer } from '../../contract/tokens/token.ts'
import {
  AdmitRequest,
  ConsultationView,
  WaitingParticipant,
  WaitingList,
} from '../../contract/consultations/waiting-room.ts'
import { Card } from '../../contract/consultations/card.ts'
import { Notice, NoticeRequest } from '../../contract/consultations/notice.ts'
import { ConsentRequest, DraftKeys, Visit, VisitList, VisitRequest, VisitTokenRequest } from '../../contract/visit.ts'
import { KickRequest } from '../../contract/consultations/kick.ts'
import { RenewRequest } from '../../contract/tokens/renewal.ts'
import { RevocationAnswer, CreatedRevocation, RevocationPage, RevocationRequest } from '../../contract/revocation.ts'
import { cookieNameOf } from '../routes/browser-cookie.ts'
import type { App } from '../server/app-type.ts'
import { CODES, type OpenApiDocument, shareParameters } from './document.ts'
import { addProblemResponses } from './problem-responses.ts'
import { TAG_OBJECTS, tagsOf } from './tags.ts'
import { toYaml } from './to-yaml.ts'

/** The version of the API, which is the version of the package; a test compares it with package.json. */
const VERSION = '0.2.0'

const ABOUT = `Issues the tokens with which doctors and patients enter their video consultations on JaaS or self-hosted Jitsi.

A backend authenticates with an API key, names one person, one room and one role, and receives one signed token.
A refused request is answered with a problem document: \`application/problem+json\` (RFC 9457) with a \`code\` from a
closed set. Each problem response of an operation names its codes in its description.`

const COMPONENTS = [
  ...[TokenRequest, TokenAnswer, Meeting, InspectRequest, Inspection, Objection, TokenSummary],
  ...[
    WaitingAnswer,
    ConsultationRequest,
    ConsultationChange,
    ConsultationAnswer,
    ParticipantAnswer,
    Moderator,
    Card,
    Notice,
    NoticeRequest,
    ConsultationPage,
  ],
  ...[WaitingParticipant, WaitingList, AdmitRequest, ConsultationView],
  ...[InvitationRequest, InvitationAnswer, InvitationList, RedeemRequest],
  ...[Visit, VisitList, VisitRequest, VisitTokenRequest, ConsentRequest, DraftKeys],
  ...[RenewRequest, RevocationRequest, RevocationAnswer, CreatedRevocation, RevocationPage, KickRequest],
  ...[MeetingConfig, ConfigOverwrite, InterfaceConfigOverwrite, AuditPage, AuditRow],
  ...[Problem, FieldError, Liveness, Readiness, PageConfig],
]

/** @param cookieName the name of the cookie in production */
const securitySchemesOf = (cookieName: string) =>
  ({
    apiKey: {
      type: 'http',
      scheme: 'bearer',
      description:
        'The API key of a backend, jts_<caller id>_<43 characters>; the caller needs the scope of the operation',
    },
    signedInUser: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'The access token of a user who signed in with an issuer of the policy',
    },
    visit: {
      type: 'apiKey',
      in: 'cookie',
      name: cookieName,
      description:
        'The cookie of a browser that is bound to the consultation; for pages of this service, and of origins in CORS_ORIGINS',
    },
  }) as const

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The problem codes that the route can answer with. */
    problems?: readonly ProblemCode[]
  }
  interface FastifyInstance {
    /** The OpenAPI document as @fastify/swagger generates it. */
    openApi(): object
  }
}

/** Registers the schemas under their names and describes every route added afterwards (OpenAPI 3.1). */
export async function addOpenApi(app: App): Promise<void> {
  const { basePath } = app
  for (const schema of COMPONENTS) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Jitsi token service', version: VERSION, description: ABOUT },
      servers: [{ url: basePath === '' ? '/' : basePath, description: 'The service that serves this document' }],
      tags: TAG_OBJECTS,
      components: { securitySchemes: securitySchemesOf(cookieNameOf({ secure: true, basePath })) },
    },
    decorator: 'openApi',
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) =>
        typeof schema.$id === 'string' ? schema.$id : `schema-${index}`,
    },
    transform: ({ schema, url, route }) => ({
      url,
      schema: { ...schema, tags: tagsOf(url), [CODES]: route.config?.problems ?? [] },
    }),
    transformObject: (generated) => {
      const document = 'openapiObject' in generated ? generated.openapiObject : generated.swaggerObject
      shareParameters(document as OpenApiDocument)
      addProblemResponses(document as OpenApiDocument)
      return document
    },
  })
  addSwaggerDecorator(app)
}

/**
 * Adds `app.swagger`, which @fastify/swagger-ui calls too. The document and its YAML are generated without the
 * decorator of @fastify/swagger.
 */
function addSwaggerDecorator(app: App): void {
  let yaml: string | undefined
  const render = (options?: { yaml?: boolean }) =>
    options?.yaml === true ? (yaml ??= toYaml(app.openApi())) : app.openApi()
  app.decorate('swagger', render as App['swagger'])
}
