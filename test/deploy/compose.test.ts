import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readPolicy } from '../../src/app/compose.ts'
import { readConfig } from '../../src/config/config.ts'
import { APP_ID } from '../kit.ts'
import { manifest, notSettings, textOf } from './files.ts'

type Service = {
  image: string
  profiles: string[]
  environment?: Record<string, string | null>
  networks?: Record<string, { ipv4_address?: string }>
  extra_hosts?: string[]
  ports?: string[]
  secrets?: string[]
  command?: string[]
  entrypoint?: string[]
  restart?: string
  volumes?: string[]
  depends_on?: Record<string, { condition: string }>
}

const { services, secrets } = parse(textOf('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>
  secrets: Record<string, object>
}
const nginx = textOf('deploy/compose/nginx.conf')
const ours = Object.entries(services).filter(
  ([, { image }]) => image === manifest('Deployment').spec.template.spec.containers[0].image,
)
const checks = ours.filter(([, { command }]) => command?.includes('check'))
const instances = ours.filter((service) => !checks.includes(service))
const replicas = instances.filter(([, { profiles }]) => profiles.includes('replicas'))
const { balancer } = services
const directive = (name: string) => [...nginx.matchAll(new RegExp(`^ *${name} +(.*);`, 'gm'))].map(([, value]) => value)

describe('docker-compose.yml', () => {
  it('has one instance in the profile single, two in replicas, and no service outside these profiles', () => {
    expect(instances.map(([name, { profiles }]) => [name, profiles])).toStrictEqual([
      ['tokens', ['single']],
      ['tokens-1', ['replicas']],
      ['tokens-2', ['replicas']],
    ])
    expect(Object.values(services).filter(({ profiles }) => profiles.length !== 1)).toStrictEqual([])
  })

  it('checks settings, keys and policy of an instance once, before it starts', () => {
    for (const [, { profiles, depends_on: needed = {}, environment, volumes = [] }] of instances) {
      const found = checks.filter(([, check]) => check.profiles[0] === profiles[0])
      expect(found).toHaveLength(1)
      const [name, check] = found[0] ?? ['']
      expect(needed[name]).toStrictEqual({ condition: 'service_completed_successfully' })
      expect(check?.restart).toBe('no')
      expect({ ...check?.environment, AUDIT_WRITER: '' }).toStrictEqual({ ...environment, AUDIT_WRITER: '' })
      expect(volumes).toEqual(expect.arrayContaining(check?.volumes ?? ['none']))
    }
  })

  it('mounts folders, which follow a replaced file', () => {
    const mounts = Object.values(services).flatMap(({ volumes = [] }) => volumes.map(withDefaults))
    const onHost = mounts.map((mount) => mount.split(':')[0] ?? '').filter((path) => path.startsWith('.'))
    expect(new Set(onHost)).toStrictEqual(new Set(['./keys', './policy', './deploy/compose']))
    expect(balancer?.entrypoint?.at(-1)).toBe('/etc/balancer/nginx.conf')
    expect(mounts).toContain('./deploy/compose:/etc/balancer:ro')
  })

  it('sets only settings, to valid values', () => {
    for (const [, { environment = {} }] of ours) {
      const variables = Object.entries(environment).map(([name, value]) => ({ name, value: withDefaults(value ?? '') }))
      expect(variables.length).toBeGreaterThan(5)
      expect(notSettings(variables)).toStrictEqual([])
    }
  })

  it('gives each replica its own AUDIT_WRITER', () => {
    const writers = replicas.map(([, { environment }]) => environment?.['AUDIT_WRITER'])
    expect(new Set(writers).size).toBe(replicas.length)
    expect(writers).not.toContain(undefined)
  })

  it('defines every secret that a service uses', () => {
    const named = Object.values(services).flatMap((service) => service.secrets ?? [])
    expect(new Set(named)).toStrictEqual(new Set(Object.keys(secrets)))
    const files = replicas.map(([, { environment }]) => environment?.['DATABASE_URL_FILE'])
    expect(files).toStrictEqual(replicas.map(() => '/run/secrets/database_url'))
  })
})

describe('the balancer', () => {
  it('forwards to every replica, on its port, once each', () => {
    const servers = directive('server').filter((server) => server !== '{')
    const expected = replicas.map(([name, { environment }]) => `${name}:${environment?.['PORT']}`)
    const addresses = servers.map((server = '') => server.split(' ')[0])
    expect(addresses).toStrictEqual([...expected, ...expected])
    expect(servers.map((server = '') => server.includes(' backup '))).toStrictEqual([false, false, true, true])
    expect(directive('proxy_next_upstream_tries')[0]).toMatch(new RegExp(`^${replicas.length}\\b`))
  })

  it('has the addresses of the replicas, and is the only proxy that they trust', () => {
    const hosts = replicas.map(([name, { networks }]) => `${name}:${networks?.['front']?.ipv4_address}`)
    expect(balancer?.extra_hosts).toStrictEqual(hosts)
    const own = withDefaults(balancer?.networks?.['front']?.ipv4_address ?? '')
    const trusted = replicas.map(([, { environment }]) => withDefaults(environment?.['TRUST_PROXY'] ?? ''))
    expect(trusted).toStrictEqual(replicas.map(() => own))
  })

  it('is published on the port that it listens on', () => {
    expect(balancer?.ports?.map((port) => port.split(':').at(-1))).toStrictEqual(directive('listen'))
  })
})

/** Replaces `${NAME:-default}` with its default, and `${NAME:?…}` and `${NAME:+…}` with nothing. */
const withDefaults = (value: string): string =>
  value.replaceAll(/\$\{\w+:([-?+])((?:[^{}]|\{[^}]*\})*)\}/g, (_, operator: string, text: string) =>
    operator === '-' ? text : '',
  )

describe('.env.example', () => {
  const lines = textOf('.env.example').split('\n')
  const assigned = lines.flatMap((line) => (/^#?([A-Z_]+)=(.*)$/.exec(line) ?? []).slice(1, 3).join('=') || [])
  const pairs = assigned.map((each) => each.split(/=(.*)/s) as [name: string, value: string])
  /** Variables of the Compose file itself. */
  const ofCompose = new Set([...textOf('docker-compose.yml').matchAll(/\$\{(\w+)/g)].map(([, name]) => name))

  it('has only settings with valid values, and variables of the Compose file', () => {
    const settings = pairs.filter(([name]) => name !== 'COMPOSE_PROFILES' && !name.endsWith('_DIR'))
    expect(settings.length).toBeGreaterThan(5)
    expect(notSettings(settings.map(([name, value]) => ({ name, value })))).toStrictEqual([])
    const folders = pairs.filter(([name]) => name.endsWith('_DIR')).map(([name]) => name)
    expect(folders.filter((name) => !ofCompose.has(name))).toStrictEqual([])
    // Compose passes the file on to the containers, where a variable that looks like a misspelt setting is a warning.
    expect(readConfig(Object.fromEntries(pairs)).warnings).toStrictEqual([])
    expect(pairs.find(([name]) => name === 'COMPOSE_PROFILES')?.[1]).toBe('single')
  })

  it('leaves nothing else to be set than the AppID', () => {
    const set: Record<string, string> = {}
    for (const [name, value] of pairs) if (lines.includes(`${name}=${value}`)) set[name] = value
    const { errors } = readConfig({ NODE_ENV: 'production', POLICY_FILE: 'policy.yaml', ...set })
    expect(errors).toStrictEqual(['JAAS_APP_ID: production requires the real AppID; copy it from the JaaS console.'])
  })
})

it('policy.example.yaml is a policy that production accepts', async () => {
  const { config, errors } = readConfig({
    NODE_ENV: 'production',
    JAAS_APP_ID: APP_ID,
    POLICY_FILE: fileURLToPath(new URL('../../deploy/compose/policy.example.yaml', import.meta.url)),
  })
  expect(errors).toStrictEqual([])
  const policy = await readPolicy(config, undefined)
  expect(policy.callers?.map(({ id }) => id)).toStrictEqual(['clinic-backend', 'desk-backend'])
})
