import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../../src/config/settings.ts'
import { startService, scrape } from '../kit.ts'
import { image, kustomization, manifest, manifestFiles, manifests, notSettings, textOf } from './files.ts'

const deployment = manifest('Deployment')
const { spec: pod, metadata } = deployment.spec.template
const [container] = pod.containers
const readme = textOf('deploy/kubernetes/README.md')
const settingOf = (name: string) => container.env.find((each) => each.name === name)?.value ?? ''
const instructions = (name: string) => image.filter(({ instruction }) => instruction === name).map(({ rest }) => rest)

describe('the manifests', () => {
  it('are all in the base, and none of them is a Secret', () => {
    expect(kustomization.resources.toSorted()).toStrictEqual(manifestFiles.toSorted())
    expect(manifests.filter(({ kind }) => (kind as string) === 'Secret')).toStrictEqual([])
  })

  it('set only settings, to valid values', () => {
    expect(notSettings(container.env)).toStrictEqual([])
    expect(notSettings([{ name: 'REDIS_PORT' }, { name: 'PORT', value: 'x' }, { name: 'PORT_FILE' }])).toHaveLength(3)
  })

  it('mount every path that a setting names', () => {
    const paths = container.env.map(({ value = '' }) => value).filter((value) => value.startsWith('/'))
    const mounts = container.volumeMounts.map(({ mountPath }) => mountPath)
    expect(paths.length).toBeGreaterThan(3)
    expect(paths.filter((path) => !mounts.some((mount) => path === mount || path.startsWith(`${mount}/`)))).toEqual([])
  })

  it('probe and scrape existing routes', async () => {
    const { app } = await startService()
    const [{ path } = { path: '' }] = manifest('ServiceMonitor').spec.endpoints
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe]
    const asked = [path, ...probes.map(({ httpGet }) => httpGet.path)]
    const answers = await Promise.all(asked.map((url) => (url === '/metrics' ? scrape(app) : app.inject(url))))
    expect(answers.map(({ statusCode }) => statusCode)).toStrictEqual([200, 200, 200, 200])
  })

  it('agree on one port for requests and one for metrics', () => {
    const [{ name, containerPort } = { name: '', containerPort: 0 }, metrics] = container.ports
    const { ports } = manifest('Service').spec
    const named = [
      ...[container.startupProbe, container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet.port),
      ...ports.map(({ targetPort }) => targetPort),
      ...manifest('NetworkPolicy').spec.ingress.flatMap((rule) => rule.ports.map(({ port }) => port)),
    ]
    expect(new Set(named)).toStrictEqual(new Set([name, metrics?.name]))
    expect(ports.map((port) => port.name)).toStrictEqual([name, 'metrics'])
    expect(manifest('ServiceMonitor').spec.endpoints.map(({ port }) => port)).toStrictEqual(['metrics'])
    const numbers = [containerPort, metrics?.containerPort].map(String)
    expect([settingOf('PORT'), settingOf('METRICS_PORT')]).toStrictEqual(numbers)
    expect(instructions('EXPOSE')).toStrictEqual([numbers.join(' ')])
  })

  it('select exactly the pods of the Deployment', () => {
    const selectors = [
      deployment.spec.selector.matchLabels,
      manifest('Service').spec.selector,
      manifest('PodDisruptionBudget').spec.selector.matchLabels,
      manifest('NetworkPolicy').spec.podSelector.matchLabels,
      ...pod.topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
    ]
    for (const selector of selectors) expect(selector).toStrictEqual(metadata.labels)
    expect(manifest('ServiceMonitor').spec.selector.matchLabels).toStrictEqual(manifest('Service').metadata.labels)
    const { apiVersion, kind, name } = manifest('HorizontalPodAutoscaler').spec.scaleTargetRef
    expect([apiVersion, kind, name]).toStrictEqual([deployment.apiVersion, 'Deployment', deployment.metadata.name])
  })

  it('give a pod enough time for its graceful shutdown', () => {
    const takes = container.lifecycle.preStop.sleep.seconds + Number(settingOf('SHUTDOWN_SECONDS'))
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(takes + 5)
  })

  it('run the image of the Dockerfile, in the version of package.json, as its user', () => {
    const { name, version } = JSON.parse(textOf('package.json')) as { name: string; version: string }
    expect(kustomization.images).toStrictEqual([{ name, newTag: version }])
    expect(container.image).toBe(name)
    expect(textOf('docs/operations.md')).toContain(`docker build -t ${name} .`)
    expect(instructions('USER')).toStrictEqual([`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`])
  })
})

describe('the overlay of the README', () => {
  const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(readme) ?? []
  const overlay = parse(yaml) as {
    images: { name: string }[]
    configMapGenerator: { name: string; literals?: string[] }[]
  }

  it('sets only settings, and all that production requires', () => {
    const literals = overlay.configMapGenerator.flatMap(({ literals: each = [] }) => each)
    const variables = literals.map((literal) => {
      const [name = '', value = ''] = literal.split('=')
      return { name, value }
    })
    expect(notSettings(variables)).toStrictEqual([])
    expect(variables.map(({ name }) => name)).toContain('JAAS_APP_ID')
  })

  it('creates the ConfigMaps and Secrets of the Deployment, by kustomize or by kubectl', () => {
    const referred = JSON.stringify(deployment).matchAll(/jitsi-token-service-(?:\w+)/g)
    const made = [
      ...overlay.configMapGenerator.map(({ name }) => name),
      ...[...readme.matchAll(/create secret generic (\S+)/g)].map(([, name]) => name),
    ]
    expect(new Set(made)).toStrictEqual(new Set([...referred].map(([name]) => name)))
    const files = [settingOf('DATABASE_URL_FILE'), settingOf('REDIS_URL_FILE')].map((path) => path.split('/').at(-1))
    for (const file of files) expect(readme).toContain(`--from-literal=${file}=`)
  })
})

describe('the image', () => {
  it('sets only settings, and no secret', () => {
    const variables = instructions('ENV').flatMap((rest) =>
      rest.split(/\s+/).map((pair) => {
        const [name = '', value = ''] = pair.split('=')
        return { name, value }
      }),
    )
    expect(variables.length).toBeGreaterThan(3)
    expect(notSettings(variables)).toStrictEqual([])
    // A variable and its _FILE variant must not both be set.
    expect(variables.filter(({ name }) => 'secret' in SETTINGS[name as keyof typeof SETTINGS])).toStrictEqual([])
  })

  it('has the command under the name of the package, and a link with its former name', () => {
    const { name } = JSON.parse(textOf('package.json')) as { name: string }
    const run = instructions('RUN').find((each) => each.includes('/usr/local/bin/'))
    expect(run).toContain(`>/usr/local/bin/${name} `)
    expect(run).toContain(`ln -s ${name} /usr/local/bin/jaas-token-service`)
  })
})
