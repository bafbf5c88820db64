import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'
import { SETTINGS } from '../../src/config/settings.ts'

type Labels = Record<string, string>
type Selecting = { matchLabels: Labels }
type Probe = { httpGet: { path: string; port: string } }
export type Variable = { name: string; value?: string }

type Container = {
  image: string
  ports: { name: string; containerPort: number }[]
  env: Variable[]
  startupProbe: Probe
  livenessProbe: Probe
  readinessProbe: Probe
  lifecycle: { preStop: { sleep: { seconds: number } } }
  resources: { limits: { cpu: string; memory: string } }
  volumeMounts: { mountPath: string }[]
}

/** The parts of each kind in deploy/kubernetes that the tests read. */
type Specs = {
  Deployment: {
    selector: Selecting
    template: {
      metadata: { labels: Labels }
      spec: {
        terminationGracePeriodSeconds: number
        securityContext: { runAsUser: number; runAsGroup: number }
        topologySpreadConstraints: { labelSelector: Selecting }[]
        containers: [Container]
      }
    }
  }
  Service: { selector: Labels; ports: { name: string; targetPort: string }[] }
  PodDisruptionBudget: { selector: Selecting }
  HorizontalPodAutoscaler: {
    scaleTargetRef: { apiVersion: string; kind: string; name: string }
    metrics: { pods?: { metric: { name: string } }; resource?: { target: { averageValue: string } } }[]
  }
  NetworkPolicy: { podSelector: Selecting; ingress: { ports: { port: string }[] }[] }
  ServiceMonitor: { selector: Selecting; endpoints: { port: string; path: string }[] }
}

type Manifest<Kind extends keyof Specs> = {
  apiVersion: string
  kind: Kind
  metadata: { name: string; labels: Labels }
  spec: Specs[Kind]
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const KUBERNETES = 'deploy/kubernetes/'

/** @param path relative to the root of the repository */
export const textOf = (path: string): string => readFileSync(ROOT + path, 'utf8')

/** The files of deploy/kubernetes that hold manifests. */
export const manifestFiles = readdirSync(ROOT + KUBERNETES).filter(
  (name) => name.endsWith('.yaml') && name !== 'kustomization.yaml',
)

export const manifests = manifestFiles.flatMap((name) =>
  parseAllDocuments(textOf(KUBERNETES + name)).map((document) => document.toJS() as Manifest<keyof Specs>),
)

/** @returns the only manifest of a kind; throws if there is none or more than one */
export function manifest<Kind extends keyof Specs>(kind: Kind): Manifest<Kind> {
  const [found, ...more] = manifests.filter((each) => each.kind === kind)
  if (found === undefined || more.length > 0)
    throw new Error(`expected one ${kind}, found ${more.length + (found ? 1 : 0)}`)
  return found as Manifest<Kind>
}

export const kustomization = parse(textOf(`${KUBERNETES}kustomization.yaml`)) as {
  resources: string[]
  images: { name: string; newTag: string }[]
}

/** The instructions of the last stage of the Dockerfile, with their continuation lines. */
export const image = [
  ...(
    textOf('Dockerfile')
      .split(/^FROM /m)
      .at(-1) ?? ''
  ).matchAll(/^([A-Z]+) ((?:.*\\\n)*.*)$/gm),
].map(([, instruction = '', rest = '']) => ({ instruction, rest }))

/** @returns the errors of variables: not a setting, or a value that the setting refuses */
export function notSettings(variables: readonly Variable[]): string[] {
  return variables.flatMap(({ name, value = '' }) => {
    const setting = Object.entries(SETTINGS).find(([each]) => each === name.replace(/_FILE$/, '') || each === name)
    if (setting === undefined) return [`${name} is not a setting`]
    const [known, { read, ...about }] = setting
    if (name !== known) return 'secret' in about ? [] : [`${known} is not a secret and cannot come from a file`]
    return value === '' || read(value) !== undefined ? [] : [`${name} refuses the value ${value}`]
  })
}
