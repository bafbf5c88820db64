import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type Configuration, Provider } from 'oidc-provider'

/** A certified provider of tokens (oidc-provider) that gives a machine an access token, a JWT signed RS256 with the same key. */
const key = createPrivateKey(readFileSync(process.argv[2] ?? ''))

const configuration: Configuration = {
  jwks: { keys: [{ ...key.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' }] },
  cookies: { keys: ['only for this benchmark'] },
  clients: [
    {
      client_id: 'backend-1',
      client_secret: 'only-for-this-benchmark',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:jitsi',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'tokens:issue',
        audience: 'jitsi',
        accessTokenFormat: 'jwt',
        accessTokenTTL: 5400,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
}
const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number }
  const handler = new Provider(`http://127.0.0.1:${port}`, configuration).callback()
  server.on('request', (request, response) => void handler(request, response))
  process.send?.(port)
})
