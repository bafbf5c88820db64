import { Type } from '@sinclair/typebox'
import type { FastifyContextConfig } from 'fastify'
import type { Keys } from '../../service/keys/ports.ts'
import type { App } from '../server/app-type.ts'
import { sendProblem } from '../server/problems.ts'

const JWK_SET = 'application/jwk-set+json'
const PEM = 'application/x-pem-file'

/**
 * Adds the JWK set and the key server of Prosody, `<asap_key_server>/<hex SHA-256 of the kid>.pem`.
 * Prosody caches any body with status 200 as the key of that kid, without expiry. Anything but a published key is 404.
 * @param maxAgeSeconds how long clients may cache an answer
 */
export function addKeys(app: App, keys: Pick<Keys, 'publication'>, maxAgeSeconds: number): void {
  const cacheControl = `public, max-age=${maxAgeSeconds}`
  // The keys are public, so pages of any origin may read them.
  const headers = { 'cache-control': cacheControl, 'cross-origin-resource-policy': 'cross-origin' }
  app.get('/.well-known/jwks.json', { config: SET_CONFIG, schema: SET_SCHEMA }, async (request, reply) => {
    const { jwks, etag } = keys.publication()
    reply.headers({ ...headers, etag })
    // Without the closing quote, because a proxy that compresses may append its content coding.
    if (request.headers['if-none-match']?.includes(etag.slice(0, -1)) === true) return reply.code(304).send()
    return reply.type(JWK_SET).send(jwks)
  })
  app.get('/asap/:name', { config: KEY_CONFIG, schema: KEY_SCHEMA }, async (request, reply) => {
    const { name } = request.params
    const pem = name.endsWith('.pem') ? keys.publication().pems.get(name.slice(0, -'.pem'.length)) : undefined
    if (pem === undefined) return sendProblem(request, reply, { code: 'not-found' })
    return reply.headers(headers).type(PEM).send(pem)
  })
}

const SET_CONFIG: FastifyContextConfig = { bucket: 'keys', problems: ['rate-limited'] }
const SET_SCHEMA = {
  operationId: 'getKeys',
  summary: 'Read the public keys as a JWK set',
  security: [],
  response: {
    200: { description: 'A JWK set (RFC 7517)', content: { [JWK_SET]: { schema: Type.String() } } },
    304: { description: 'The JWK set has the entity tag of If-None-Match', type: 'null' },
  },
}

const KEY_CONFIG: FastifyContextConfig = { bucket: 'keys', problems: ['not-found', 'rate-limited'] }
const KEY_SCHEMA = {
  operationId: 'getKey',
  summary: 'Read one public key in the form that Jitsi requests',
  security: [],
  params: Type.Object({ name: Type.String({ description: 'hex SHA-256 of the whole kid, followed by .pem' }) }),
  response: { 200: { description: 'The public key (SPKI in PEM)', content: { [PEM]: { schema: Type.String() } } } },
}
