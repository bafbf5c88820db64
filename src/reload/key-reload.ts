import { createSecretKey } from 'node:crypto'
import { watchFiles, type Watched } from './watch-files.ts'
import type { ReloadOutcome } from '../service/events.ts'
import { createPublication } from '../keys/publication.ts'
import { type KeyLocation, type KeyRing, isSameRing } from '../keys/key-ring.ts'
import type { SigningQueue } from '../keys/signing-queue.ts'
import { type KeySigner, openSecretSigner, openSigner } from '../keys/signer.ts'
import { verifySignature } from '../keys/verifier.ts'
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

type Loaded = { ring: KeyRing; signer: KeySigner; publication: Publication; activeSince: number }

/** Reads the key ring. @param before the ring in force, if any @throws KeyError, and every error of the file system */
export type ReadKeyRing = (before?: KeyRing) => KeyRing

/**
 * Watches the keys. Every new ring is tested by signing, admitted by the register, and published.
 * @param ring the ring that was read at the start
 * @param onReload receives the outcome of every reload
 * @param pollIntervalMs milliseconds between two checks of the files
 * @throws KeyError if a key of the first ring cannot be used
 */
export async function watchKeys(
  { paths, read }: { paths: readonly string[]; read: ReadKeyRing },
  ring: KeyRing,
  deployment: Deployment,
  deps: AdmitKeysDeps & { queue: SigningQueue },
  onReload: (outcome: ReloadOutcome) => void,
  pollIntervalMs?: number,
): Promise<ReloadableKeys> {
  const kid = (id: string) => kidOf(deployment, id)
  const prepare = (next: KeyRing) => prepareRing(next, kid, deps)
  const first = await prepare(ring)
  let stale = false
  const watched = watchFiles({
    paths,
    first,
    pollIntervalMs,
    load: async (before) => {
      const next = read(before.ring)
      return isSameRing(next, before.ring) ? before : prepare(next)
    },
    onReload(outcome) {
      stale = outcome.fault !== undefined
      onReload(outcome)
    },
  })
  const { current } = watched
  const createAdminToken = () =>
    current().signer.createAdminToken(kid(current().ring.active.id), deployment, deps.clock)
  const find = (name: string) => current().ring.keys.find(({ id }) => kid(id) === name)
  return {
    signer: () => current().signer,
    publication: () => current().publication,
    stateOf: (name) => find(name)?.state,
    verify: (token, name) => verifySignature(token, name === undefined ? undefined : find(name)?.publicKey, 'RS256'),
    signStatement: (type, statement) => current().signer.signStatement(type, statement, kid(current().ring.active.id)),
    ...(deployment.kind === 'jaas' ? { createAdminToken } : {}),
    isStale: () => stale,
    status: () => statusOf(current()),
    reload: watched.reload,
    close: watched.close,
  }
}

/** Prepares a ring for use: tests it by signing, admits it to the register, and creates its publication. */
async function prepareRing(
  ring: KeyRing,
  kid: (id: string) => string,
  deps: AdmitKeysDeps & { queue: SigningQueue },
): Promise<Loaded> {
  const signer = await openSigner(ring.active.id, ring.active.key, deps.queue)
  await admitKeys(
    deps,
    ring.keys.map(({ id, fingerprint, state }) => ({ kid: kid(id), fingerprint, state })),
  )
  const registered = (await deps.register.list()).find((key) => key.kid === kid(ring.active.id))
  const activeSince = registered?.firstSeenAt ?? deps.clock()
  return { ring, signer, publication: createPublication(ring.keys, kid), activeSince }
}

const statusOf = ({ ring, activeSince }: Loaded): KeyRingStatus => ({
  activeSince,
  states: ring.keys.map(({ state }) => state),
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
