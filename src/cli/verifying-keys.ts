import { createSecretKey } from 'node:crypto'
import { type Config, deploymentOf } from '../config/config.ts'
import { readPublicKeys, readKeyRing, type RingKey } from '../keys/key-ring.ts'
import { verifySignature } from '../keys/verifier.ts'
import { keyLocationOf } from '../reload/key-location.ts'
import { kidOf } from '../rules/tokens/deployment.ts'
import type { Keys } from '../service/keys/ports.ts'

/**
 * The keys as they lie there; where none can be read, none is known.
 * @param archive a folder of public halves that are published no more
 * @throws KeyError where a key of the archive cannot be read
 */
export function openVerifyingKeys(config: Config, archive?: string): Pick<Keys, 'verify'> {
  const secret = config.JITSI_JWT_SECRET
  if (secret !== undefined)
    return { verify: (token) => verifySignature(token, createSecretKey(secret, 'utf8'), 'HS256') }
  const deployment = deploymentOf(config)
  const old = archive === undefined ? [] : readPublicKeys(archive)
  const keys = new Map([...old, ...ringKeys(config)].map(({ id, publicKey }) => [kidOf(deployment, id), publicKey]))
  return { verify: (token, kid) => verifySignature(token, keys.get(kid ?? ''), 'RS256') }
}

function ringKeys(config: Config): readonly RingKey[] {
  try {
    return readKeyRing(keyLocationOf(config)).keys
  } catch {
    return []
  }
}
