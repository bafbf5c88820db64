import { createSecretKey } from 'node:crypto'
import { watchFiles, type Watched } from './watch-files.ts'
import { followActivations, isSamePending, type Schedule, scheduleTimeout } from './activation.ts'
import { selectFromFiles } from './signing-key.ts'
import type { KeyEvents } from '../service/events.ts'
import { createPublication } from '../keys/publication.ts'
import { createKeyRing, type KeyFiles, type KeyLocation, type KeyRing, isSameRing } from '../keys/key-ring.ts'
import type { SigningQueue } from '../keys/signing-queue.ts'
import { type KeySigner, openSecretSigner, openSigner } from '../keys/signer.ts'
import { verifySignature } from '../keys/verifier.ts'
import type { PendingKey } from '../rules/key-ring.ts'
import { type Deployment, kidOf } from '../rules/tokens/deployment.ts'
import { type AdmitKeysDeps, admitKeys } from '../service/keys/admit.ts'
import type { KeyRingStatus, Keys, Publication } from '../service/keys/ports.ts'

/** The keys in force, which follow the files in their folder. */
export type ReloadableKeys = Keys &
  Pick<Watched<unknown>, 'reload' | 'close'> & {
    /** The status of the key ring; undefined for a shared secret. */
    status(): KeyRingStatus | undefined
    /** Creates a token for the JaaS management endpoints, valid for a minute; absent if the deployment has none. */
    createAdminToken?: () => Promise<string>
  }

/** The files and folders to watch. */
export const keyPathsOf = ({ keysDir, signingKeyFile }: KeyLocation): string[] =>
  signingKeyFile === undefined ? [keysDir] : [keysDir, signingKeyFile]

type Loaded = {
  ring: KeyRing
  signer: KeySigner
  publication: Publication
  activeSince: number
  pending: PendingKey | undefined
}

/** Reads the key files. @param before the ring in force, if any @throws KeyError, and every error of the file system */
export type ReadKeyFiles = (before?: KeyRing) => KeyFiles

/** What the keys need. `maxAgeSeconds` is how long verifiers may cache the published keys. */
export type WatchKeysDeps = AdmitKeysDeps & { queue: SigningQueue; maxAgeSeconds: number; schedule?: Schedule }

/**
 * Watches the keys. Every new ring is tested by signing, admitted by the register, and published. A key that is selected
 * while another one signs takes effect only when verifiers have fetched it, see `selectSigningKey`.
 * @param files the key files that were read at the start
 * @param events receives the outcome of every reload, and which key signs
 * @param pollIntervalMs milliseconds between two checks of the files
 * @throws KeyError if a key of the first ring cannot be used
 */
export async function watchKeys(
  { paths, read }: { paths: readonly string[]; read: ReadKeyFiles },
  files: KeyFiles,
  deployment: Deployment,
  deps: WatchKeysDeps,
  events: KeyEvents,
  pollIntervalMs?: number,
): Promise<ReloadableKeys> {
  const kid = (id: string) => kidOf(deployment, id)
  const first = await prepareRing(files, undefined, kid, deps)
  let stale = false
  const watched = watchFiles({
    paths,
    first,
    pollIntervalMs,
    onDetached: (detached) => events.onFilesDetached('keys', detached),
    load: async (before) => loadRing(read(before.ring), before, kid, deps),
    onReload(outcome) {
      stale = outcome.fault !== undefined
      events.onKeysReload(outcome)
      activations.update(stateOf(watched.current()), stale)
    },
  })
  const following = { events, kidOf: kid, clock: deps.clock, schedule: deps.schedule ?? scheduleTimeout }
  const activations = followActivations(stateOf(first), () => void watched.reload(), following)
  const { current } = watched
  const activeKid = () => kid(current().ring.active.id)
  const createAdminToken = () => current().signer.createAdminToken(activeKid(), deployment, deps.clock)
  const find = (name: string) => current().ring.keys.find(({ id }) => kid(id) === name)
  return {
    signer: () => current().signer,
    publication: () => current().publication,
    stateOf: (name) => find(name)?.state,
    verify: (token, name = '') => verifySignature(token, find(name)?.publicKey, 'RS256'),
    signStatement: (type, statement) => current().signer.signStatement(type, statement, activeKid()),
    ...(deployment.kind === 'jaas' ? { createAdminToken } : {}),
    isStale: () => stale,
    status: () => statusOf(current()),
    reload: watched.reload,
    close() {
      watched.close()
      activations.close()
    },
  }
}

const stateOf = ({ ring, pending }: Loaded) => ({ activeId: ring.active.id, pending })

/** @returns the ring of the key files, or `before` if nothing has changed */
async function loadRing(
  files: KeyFiles,
  before: Loaded,
  kid: (id: string) => string,
  deps: WatchKeysDeps,
): Promise<Loaded> {
  // Without a change and without a pending key, a reload does not need the database.
  if (before.pending === undefined && isSameRing(createKeyRing(files, files.requested.id), before.ring)) return before
  const loaded = await prepareRing(files, before, kid, deps)
  return isSameRing(loaded.ring, before.ring) && isSamePending(loaded.pending, before.pending) ? before : loaded
}

/**
 * Selects the signing key, and prepares the ring for use: tests it by signing, admits it to the register, and creates its
 * publication.
 * @param before what is in force, if anything
 */
async function prepareRing(
  files: KeyFiles,
  before: Loaded | undefined,
  kid: (id: string) => string,
  deps: WatchKeysDeps,
): Promise<Loaded> {
  const { register, clock, maxAgeSeconds, queue } = deps
  const history = { kidOf: kid, maxAgeSeconds, nowMs: clock(), current: before?.ring.active.id }
  const { keyId, pending } = selectFromFiles(files, { ...history, known: await register.list() })
  const ring = createKeyRing(files, keyId)
  // A pending key that cannot sign is an error now, not only when it is due.
  if (pending !== undefined) await openSigner(pending.keyId, createKeyRing(files, pending.keyId).active.key, queue)
  const signer = await openSigner(keyId, ring.active.key, queue)
  await admitKeys(
    deps,
    ring.keys.map(({ id, fingerprint, state }) => ({ kid: kid(id), fingerprint, state })),
    before === undefined ? undefined : new Set(addedIds(ring, before.ring).map(kid)),
  )
  // The register has the time of the first publication now, which another instance may have set.
  const known = await register.list()
  const activeSince = known.find((key) => key.kid === kid(keyId))?.firstSeenAt ?? clock()
  const publication = createPublication(ring.keys, kid)
  return {
    ...{ ring, signer, publication, activeSince },
    pending: pending && (selectFromFiles(files, { ...history, known }).pending ?? pending),
  }
}

const addedIds = (ring: KeyRing, before: KeyRing): string[] =>
  ring.keys.map(({ id }) => id).filter((id) => before.keys.every((key) => key.id !== id))

const statusOf = ({ ring, activeSince, pending }: Loaded): KeyRingStatus => ({
  activeSince,
  states: ring.keys.map(({ state }) => state),
  pendingUntil: pending?.at,
})

/** Opens a secret that is shared with the verifier (HS256): it is never published and never reloaded. */
export function openSharedSecret(secret: string, queue: SigningQueue): ReloadableKeys {
  const key = createSecretKey(secret, 'utf8')
  const signer = openSecretSigner(key, queue)
  const emptyPublication: Publication = { jwks: '{"keys":[]}', etag: '"none"', pems: new Map() }
  return {
    signer: () => signer,
    publication: () => emptyPublication,
    stateOf: () => undefined,
    verify: (token) => verifySignature(token, key, 'HS256'),
    signStatement: (type, statement) => signer.signStatement(type, statement, undefined),
    isStale: () => false,
    status: () => undefined,
    reload: () => Promise.resolve(),
    close: () => undefined,
  }
}
