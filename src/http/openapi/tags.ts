/** One tag per resource, and the paths of its operations; the last match decides. */
const TAGS: readonly { name: string; description: string; paths: RegExp }[] = [
  { name: 'tokens', description: 'Issue, renew and inspect meeting tokens', paths: /^\/api\/jitsi\/token\b/ },
  {
    name: 'meetings',
    description: 'Read the meeting configuration for a role and a network',
    paths: /^\/api\/jitsi\/meeting-config$/,
  },
  {
    name: 'consultations',
    description: 'Schedule and control consultations: meetings with participants and an admission window',
    paths: /^\/api\/jitsi\/consultations\b/,
  },
  {
    name: 'waiting-room',
    description: 'List and admit the participants in the waiting room of a consultation',
    paths: /\/(?:waiting|admit)$/,
  },
  {
    name: 'invitations',
    description: 'Invite people to a consultation by a link or a code',
    paths: /\/invitations\b/,
  },
  {
    name: 'visits',
    description: 'What a browser does in the consultations that it is bound to by its cookie',
    paths: /^\/api\/jitsi\/visits\b/,
  },
  {
    name: 'revocations',
    description: 'Revoke the access of a user, a consultation or older tokens',
    paths: /^\/api\/jitsi\/revocations\b/,
  },
  { name: 'audit', description: 'Read and export the audit record', paths: /^\/api\/jitsi\/audit\b/ },
  { name: 'keys', description: 'Fetch the public keys that verify tokens', paths: /^\/(?:asap|\.well-known)\// },
  { name: 'health', description: 'Probe whether the process runs and is ready', paths: /^\/(?:livez|readyz)$/ },
  { name: 'metrics', description: 'Scrape metrics for Prometheus', paths: /^\/metrics$/ },
  { name: 'page', description: 'Configure a consultation page', paths: /^\/page-config\.json$/ },
  { name: 'docs', description: 'Read the OpenAPI document', paths: /^\/openapi\.yaml$/ },
]

/** The tags as the OpenAPI document declares them. */
export const TAG_OBJECTS = TAGS.map(({ name, description }) => ({ name, description }))

/** @returns the tags of the operations at a path: one, or none for a path of no resource */
export function tagsOf(path: string): string[] {
  const tag = TAGS.findLast(({ paths }) => paths.test(path))
  return tag === undefined ? [] : [tag.name]
}
