import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { type Configuration, Provider } from 'oidc-provider'

const AUDIENCE = 'jitsi-token-service'
const CLIENT_ID = 'page'
const PEOPLE: Record<string, { name: string; roles: string[] }> = {
  'doctor-77': { name: 'Dr. Meera Iyer', roles: ['gp'] },
  'patient-1042': { name: 'Asha Rao', roles: ['patient'] },
}

export type RealProvider = { url: string; close(): void }

/**
 * A certified identity provider (oidc-provider) on loopback, with one public client that a page is.
 * @param redirectUri where the page comes back to after the sign-in; its origin may ask for tokens
 */
export async function openProvider(redirectUri: string): Promise<RealProvider> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const server = createServer((request, response) => void handler(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const configuration: Configuration = {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'op-1', alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['only for this test'] },
    clients: [
      {
        client_id: CLIENT_ID,
        token_endpoint_auth_method: 'none',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        application_type: 'native',
      },
    ],
    pkce: { required: () => true },
    clientBasedCORS: (_context, origin) => origin === new URL(redirectUri).origin,
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: (_context, token) => ({ ...PEOPLE[('accountId' in token ? token.accountId : undefined) ?? ''] }),
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${AUDIENCE}`,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  }
  const provider = new Provider(url, configuration)
  const handler = provider.callback()
  return {
    url,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/**
 * Signs a person in as a browser would: the code flow with PKCE (RFC 7636), through the provider's own pages.
 * @returns the access token
 */
export async function signIn(url: string, login: string, redirectUri: string): Promise<string> {
  const verifier = randomBytes(32).toString('base64url')
  const cookies = new Map<string, string>()
  const visit = async (target: string, form?: Record<string, string>): Promise<Response> => {
    const answer = await fetch(new URL(target, url), {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    const next = answer.headers.get('location')
    return next === null || next.startsWith(redirectUri) ? answer : visit(next)
  }
  const query = new URLSearchParams({
    client_id: CLIENT_ID,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  let answer = await visit(`/auth?${query.toString()}`)
  for (const form of [{ prompt: 'login', login, password: 'any' }, { prompt: 'consent' }]) {
    const [, action = ''] = /<form[^>]* action="([^"]+)"/.exec(await answer.text()) ?? []
    answer = await visit(action, form)
  }
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const exchanged = await fetch(`${url}/token`, {
    method: 'POST',
    headers: { origin: new URL(redirectUri).origin },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: CLIENT_ID,
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
    }),
  })
  const { access_token: token } = (await exchanged.json()) as { access_token: string }
  return token
}
