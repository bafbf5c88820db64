/** A client generator, and the program that calls the service with the client that it generates. */
export type Generator = {
  name: string
  /** Packages at exact versions, installed beside TypeScript. */
  packages: Readonly<Record<string, string>>
  /** The command of the generator, as `node_modules/.bin` has it, and its arguments; it reads openapi.yaml. */
  command: readonly [name: string, ...args: string[]]
  /** Files that the generator reads, beside openapi.yaml. */
  files?: Readonly<Record<string, string>>
  /** The text of a module that imports what was generated. */
  program: string
}

const openapiTypescript: Generator = {
  name: 'openapi-typescript',
  packages: { 'openapi-typescript': '7.13.0', 'openapi-fetch': '0.17.0' },
  command: ['openapi-typescript', 'openapi.yaml', '--output', 'generated/schema.ts'],
  program: `
import createClient from 'openapi-fetch'
import type { paths } from './generated/schema.js'
import { apiKey, baseUrl, checkAnswers, consultationRequest, tokenRequest } from './requests.js'

const client = createClient<paths>({ baseUrl, headers: { authorization: \`Bearer \${apiKey}\` } })
const token = await client.POST('/api/jitsi/token', { body: tokenRequest })
const created = await client.POST('/api/jitsi/consultations', { body: consultationRequest })
const path = { id: created.data?.id ?? '' }
const read = await client.GET('/api/jitsi/consultations/{id}', { params: { path } })
const refused = await client.GET('/api/jitsi/consultations/{id}', { params: { path }, headers: { authorization: null } })
checkAnswers({
  token: token.data !== undefined && 'token' in token.data ? token.data : undefined,
  created: created.data,
  read: read.data,
  refusal: refused.error?.code,
})
`,
}

const heyApi: Generator = {
  name: '@hey-api/openapi-ts',
  packages: { '@hey-api/openapi-ts': '0.99.0' },
  command: ['openapi-ts', '--input', 'openapi.yaml', '--output', 'generated', '--client', '@hey-api/client-fetch'],
  program: `
import { client } from './generated/client.gen.js'
import { createConsultation, issueToken, readConsultation } from './generated/sdk.gen.js'
import { apiKey, baseUrl, checkAnswers, consultationRequest, tokenRequest } from './requests.js'

client.setConfig({ baseUrl, auth: apiKey })
const token = await issueToken({ body: tokenRequest })
const created = await createConsultation({ body: consultationRequest })
const path = { id: created.data?.id ?? '' }
const read = await readConsultation({ path })
client.setConfig({ auth: undefined })
const refused = await readConsultation({ path })
checkAnswers({
  token: token.data !== undefined && 'token' in token.data ? token.data : undefined,
  created: created.data,
  read: read.data,
  refusal: refused.error?.code,
})
`,
}

const orval: Generator = {
  name: 'orval',
  packages: { orval: '8.38.0' },
  command: ['orval', '--config', 'orval.config.mjs'],
  files: {
    'orval.config.mjs': `export default {
  api: {
    input: 'openapi.yaml',
    output: { target: 'generated/client.ts', client: 'fetch', baseUrl: { runtime: "process.env['BASE_URL']" } },
  },
}
`,
  },
  program: `
import { createConsultation, issueToken, readConsultation } from './generated/client.js'
import { apiKey, checkAnswers, consultationRequest, tokenRequest } from './requests.js'

const options = { headers: { authorization: \`Bearer \${apiKey}\` } }
const token = await issueToken(tokenRequest, options)
const created = await createConsultation(consultationRequest, options)
const id = created.status === 201 ? created.data.id : ''
const read = await readConsultation(id, options)
const refused = await readConsultation(id)
checkAnswers({
  token: token.status === 200 ? token.data : undefined,
  created: created.status === 201 ? created.data : undefined,
  read: read.status === 200 ? read.data : undefined,
  refusal: refused.status === 401 ? refused.data.code : undefined,
})
`,
}

export const GENERATORS: readonly Generator[] = [openapiTypescript, heyApi, orval]
