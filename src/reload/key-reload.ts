import { createSecretKey } from 'node:crypto'
import { follow, type Followed } from './watch-files.ts'
import type { ReloadOutcome } from '../service/events.ts'
import { publicationOf } from '../keys/publication.ts'
import { type KeyPlace, type Ring, sameRing } from '../keys/key-ring.ts'
import type { SignatureQueue } from '../keys/signing-queue.ts'
import { type KeySigner, openSecretSigner, openSigner } from '../keys/signer.ts'
import { verifySignature } from '../keys/verifier.ts'
import { type Deployment, kidOf } from '../rules/tokens/deployment.ts'
import { type AdmittingParts, admitKeys } from '../service/keys/admit.ts'
import type { KeyRingStanding, Keys, Publication } from '../service/ports.ts'

/** The keys in force, which follow what lies in their folder. */
export type FollowedKeys = Keys &
  Pick<Followed<unknown>, 'reload' | 'close'> & {
    /** How the ring stands; undefined where there is none. */
    standing(): KeyRingStanding | undefined
    /** Makes a token that opens the management endpoints of JaaS, valid for a minute; absent where the deployment has none. */
    administer?: () => Promise<string>
  }

/** What to follow of a place of keys. */
export const pathsOf = ({ keysDir, signingKeyFile }: KeyPlace): string[] =>
  signingKeyFile === undefined ? [keysDir] : [keysDir, signingKeyFile]

type Loaded = { ring: Ring; signer: KeySigner; publication: Publication; activeSince: number }

/** Reads the ring anew. @throws KeyError, and whatever reading throws */
export type RingReader = (before?: Ring) => Ring

/**
 * The ring of a folder, kept up to date: read, admitted by the register, tested by signing, and published.
 * @param ring what was read at the start
 * @param tell is told how a reload ended
 * @throws KeyError where a key of the first ring cannot be used
 */
export async function followKeys(
  { paths, read }: { paths: readonly string[]; read: RingReader },
  ring: Ring,
  deployment: Deployment,
  parts: AdmittingParts & { queue: SignatureQueue },
  tell: (outcome: ReloadOutcome) => void,
): Promise<FollowedKeys> {
  const kid = (id: string) => kidOf(deployment, id)
  const use = (next: Ring) => load(next, kid, parts)
  const first = await use(ring)
  let stale = false
  const followed = follow({
    paths,
    first,
    load: async (before) => {
      const next = read(before.ring)
      return sameRing(next, before.ring) ? before : use(next)
    },
    tell(outcome) {
      stale = outcome.fault !== undefined
      tell(outcome)
    },
  })
  const { current } = followed
  const administer = () => current().signer.administer(kid(current().ring.active.id), deployment, parts.clock)
  const find = (name: string) => current().ring.keys.find(({ id }) => kid(id) === name)
  return {
    signer: () => current().signer,
    publication: () => current().publication,
    stateOf: (name) => find(name)?.state,
    verify: (token, name) => verifySignature(token, name === undefined ? undefined : find(name)?.publicKey, 'RS256'),
    attest: (type, statement) => current().signer.attest(type, statement, kid(current().ring.active.id)),
    ...(deployment.kind === 'jaas' ? { administer } : {}),
    stale: () => stale,
    standing: () => standingOf(current()),
    reload: followed.reload,
    close: followed.close,
  }
}

/** Makes a ring ready for use: tested by signing, admitted by the register, and published. */
async function load(
  ring: Ring,
  kid: (id: string) => string,
  parts: AdmittingParts & { queue: SignatureQueue },
): Promise<Loaded> {
  const signer = await openSigner(ring.active.id, ring.active.key, parts.queue)
  await admitKeys(
    parts,
    ring.keys.map(({ id, fingerprint, state }) => ({ kid: kid(id), fingerprint, state })),
  )
  const known = (await parts.register.list()).find((key) => key.kid === kid(ring.active.id))
  const activeSince = known?.firstSeenAt ?? parts.clock()
  return { ring, signer, publication: publicationOf(ring.keys, kid), activeSince }
}

const standingOf = ({ ring, activeSince }: Loaded): KeyRingStanding => ({
  activeSince,
  states: ring.keys.map(({ state }) => state),
})

/** A secret that is shared with the verifier (HS256): nothing to publish, nothing to follow. */
export function sharedSecret(secret: string, queue: SignatureQueue): FollowedKeys {
  const key = createSecretKey(secret, 'utf8')
  const signer = openSecretSigner(key, queue)
  const nothing: Publication = { jwks: '{"keys":[]}', etag: '"none"', pems: new Map() }
  return {
    signer: () => signer,
    publication: () => nothing,
    stateOf: () => undefined,
    verify: (token) => verifySignature(token, key, 'HS256'),
    attest: (type, statement) => signer.attest(type, statement, undefined),
    stale: () => false,
    standing: () => undefined,
    reload: () => Promise.resolve(),
    close: () => undefined,
  }
}
