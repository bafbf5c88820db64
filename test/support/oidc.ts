import { createServer, type RequestListener } from 'node:http'
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'
import { POLICY } from '../kit.ts'

export type Issuer = {
  url: string
  /** Keys by id; what is published is changed here. */
  published: Map<string, CryptoKey>
  privateKey: CryptoKey
  publicKey: CryptoKey
  /** How often each path was asked for. */
  asked: Record<string, number>
  /** Answers instead of the issuer while it is set. */
  instead: RequestListener | undefined
  /** Signs an access token: a good one, but for what is changed. */
  sign(claims?: JWTPayload, header?: Partial<JWTHeaderParameters>, key?: CryptoKey): Promise<string>
}

const AUDIENCE = 'jitsi-token-service'

/** The keys that every provider of a run begins with, for keys take longer to make than most tests. */
let firstKeys: ReturnType<typeof generateKeyPair> | undefined

/** An identity provider on loopback that publishes keys and signs whatever it is told to. */
export async function startIssuer(): Promise<Issuer> {
  const issuer = await openIssuer()
  onTestFinished(() => issuer.close())
  return issuer
}

/** The same for several tests; `close` is the caller's to call. */
export async function openIssuer(): Promise<Issuer & { close(): void }> {
  const { privateKey, publicKey } = await (firstKeys ??= generateKeyPair('RS256', { extractable: true }))
  const asked: Record<string, number> = {}
  const issuer: Issuer = {
    url: '',
    published: new Map([['k1', publicKey]]),
    privateKey,
    publicKey,
    asked,
    instead: undefined,
    sign: (claims = {}, header = {}, key = privateKey) => {
      const now = Math.floor(Date.now() / 1000)
      const good = {
        iss: issuer.url,
        aud: AUDIENCE,
        sub: 'user-7',
        name: 'Asha Rao',
        roles: ['patient'],
        iat: now,
        exp: now + 300,
      }
      const all = JSON.parse(JSON.stringify({ ...good, ...claims })) as JWTPayload
      return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'at+jwt', ...header }).sign(key)
    },
  }
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    asked[path] = (asked[path] ?? 0) + 1
    if (issuer.instead !== undefined) issuer.instead(request, response)
    else
      void documentOf(issuer, path).then((document) => {
        response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(document))
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  return Object.assign(issuer, {
    close() {
      server.closeAllConnections()
      server.close()
    },
  })
}

async function documentOf({ url, published }: Issuer, path: string): Promise<object | undefined> {
  if (path === '/.well-known/openid-configuration') return { issuer: url, jwks_uri: `${url}/jwks` }
  if (path !== '/jwks') return undefined
  const keys = await Promise.all(
    [...published].map(async ([kid, key]) => ({ ...(await exportJWK(key)), kid, alg: 'RS256', use: 'sig' })),
  )
  return { keys }
}

/** The policy of the kit with an issuer beside its callers. */
export function policyWithIssuer(url: string, change: Record<string, unknown> = {}): string {
  const issuer = {
    issuer: url,
    audience: AUDIENCE,
    algorithms: ['RS256'],
    roleClaim: 'roles',
    roles: { doctor: 'doctor', gp: 'doctor', patient: 'patient' },
    nameClaim: 'name',
    rooms: 'bharattelemed-.*',
    ...change,
  }
  return `${POLICY}\nissuers:\n  - ${JSON.stringify(issuer)}\n`
}
