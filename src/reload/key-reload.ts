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

/** The keys in force, which follow what lies in their folder. */
export type ReloadableKeys = Keys &
  Pick<Watched<unknown>, 'reload' | 'close'> & {
    /** How the ring stands; undefined where there is none. */
    status(): KeyRingStatus | undefined
    /** Makes a token that opens the management endpoints of JaaS, valid for a minute; absent where the deployment has none. */
    administer?: () => Promise<string>
  }

/** What to follow of a place of keys. */
export const keyPathsOf = ({ keysDir, signingKeyFile }: KeyLocation): string[] =>
  signingKeyFile === undefined ? [keysDir] : [keysDir, signingKeyFile]

type Loaded = { ring: KeyRing; signer: KeySigner; publication: Publication; activeSince: number }

/** Reads the ring anew. @throws KeyError, and whatever reading throws */
export type ReadKeyRing = (before?: KeyRing) => KeyRing

/**
 * The ring of a folder, kept up to date: read, admitted by the register, tested by signing, and published.
 * @param ring what was read at the start
 * @param tell is told how a reload ended
 * @throws KeyError where a key of the first ring cannot be used
 */
export async function watchKeys(
  { paths, read }: { paths: readonly string[]; read: ReadKeyRing },
  ring: KeyRing,
  deployment: Deployment,
  deps: AdmitKeysDeps & { queue: SigningQueue },
  tell: (outcome: ReloadOutcome) => void,
): Promise<ReloadableKeys> {
  const kid = (id: string) => kidOf(deployment, id)
  const use = (next: KeyRing) => load(next, kid, deps)
  const first = await use(ring)
  let stale = false
  const followed = watchFiles({
    paths,
    first,
    load: async (before) => {
      const next = read(before.ring)
      return isSameRing(next, before.ring) ? before : use(next)
    },
    onReload(outcome) {
      stale = outcome.fault !== undefined
      tell(outcome)
    },
  })
  const { current } = followed
  const administer = () => current().signer.administer(kid(current().ring.active.id), deployment, deps.clock)
  const find = (name: string) => current().ring.keys.find(({ id }) => kid(id) === name)
  return {
    signer: () => current().signer,
    publication: () => current().publication,
    stateOf: (name) => find(name)?.state,
    verify: (token, name) => verifySignature(token, name === undefined ? undefined : find(name)?.publicKey, 'RS256'),
    signStatement: (type, statement) => current().signer.signStatement(type, statement, kid(current().ring.active.id)),
    ...(deployment.kind === 'jaas' ? { administer } : {}),
    isStale: () => stale,
    status: () => statusOf(current()),
    reload: followed.reload,
    close: followed.close,
  }
}

/** Makes a ring ready for use: tested by signing, admitted by the register, and published. */
async function load(
  ring: KeyRing,
  kid: (id: string) => string,
  deps: AdmitKeysDeps & { queue: SigningQueue },
): Promise<Loaded> {
  const signer = await openSigner(ring.active.id, ring.active.key, deps.queue)
  await admitKeys(
    deps,
    ring.keys.map(({ id, fingerprint, state }) => ({ kid: kid(id), fingerprint, state })),
  )
  const known = (await deps.register.list()).find((key) => key.kid === kid(ring.active.id))
  const activeSince = known?.firstSeenAt ?? deps.clock()
  return { ring, signer, publication: createPublication(ring.keys, kid), activeSince }
}

const statusOf = ({ ring, activeSince }: Loaded): KeyRingStatus => ({
  activeSince,
  states: ring.keys.map(({ state }) => state),
})

/** A secret that is shared with the verifier (HS256): nothing to publish, nothing to follow. */
export function openSharedSecret(secret: string, queue: SigningQueue): ReloadableKeys {
  const key = createSecretKey(secret, 'utf8')
  const signer = openSecretSigner(key, queue)
  const nothing: Publication = { jwks: '{"keys":[]}', etag: '"none"', pems: new Map() }
  return {
    signer: () => signer,
    publication: () => nothing,
    stateOf: () => undefined,
    verify: (token) => verifySignature(token, key, 'HS256'),
    signStatement: (type, statement) => signer.signStatement(type, statement, undefined),
    isStale: () => false,
    status: () => undefined,
    reload: () => Promise.resolve(),
    close: () => undefined,
  }
}
