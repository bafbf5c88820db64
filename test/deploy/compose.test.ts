import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { manifest, notSettings, textOf } from './files.ts'

type Service = {
  image: string
  profiles: string[]
  environment?: Record<string, string | null>
  networks?: Record<string, { ipv4_address?: string }>
  extra_hosts?: string[]
  ports?: string[]
  secrets?: string[]
}

const { services, secrets } = parse(textOf('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>
  secrets: Record<string, object>
}
const nginx = textOf('deploy/compose/nginx.conf')
const ours = Object.entries(services).filter(
  ([, { image }]) => image === manifest('Deployment').spec.template.spec.containers[0].image,
)
const replicas = ours.filter(([, { profiles }]) => profiles.includes('replicas'))
const directive = (name: string) => [...nginx.matchAll(new RegExp(`^ *${name} +(.*);`, 'gm'))].map(([, value]) => value)

describe('docker-compose.yml', () => {
  it('has one instance in the profile single, two in replicas, and no service outside these profiles', () => {
    expect(ours.map(([name, { profiles }]) => [name, profiles])).toStrictEqual([
      ['tokens', ['single']],
      ['tokens-1', ['replicas']],
      ['tokens-2', ['replicas']],
    ])
    expect(Object.values(services).filter(({ profiles }) => profiles.length !== 1)).toStrictEqual([])
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
  const { balancer } = services

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
