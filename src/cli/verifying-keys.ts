import { createSecretKey } from 'node:crypto'
import { type Config, deploymentOf } from '../config/config.ts'
import { readPublicKeys, readKeyRing, type RingKey } from '../keys/key-ring.ts'
import { verifySignature } from '../keys/verifier.ts'
import { keyLocationOf } from '../reload/key-location.ts'
import { kidOf } from '../rules/tokens/deployment.ts'
import type { Keys } from '../service/keys/ports.ts'

/**
 * Opens the keys that verify tokens and signed statements. If the key ring cannot be read, only the archive is used.
 * @param archive a folder of public keys that are no longer published
 * @throws KeyError if a key of the archive cannot be read
 */
export function openVerifyingKeys(config: Config, archive?: string): Pick<Keys, 'verify'> {
  const secret = config.JITSI_JWT_SECRET
  if (secret !== undefined)
    return { verify: (token) => verifySignature(token, createSecretKey(secret, 'utf8'), 'HS256') }
  const deployment = deploymentOf(config)
  const archived = archive === undefined ? [] : readPublicKeys(archive)
  const keys = new Map(
    [...archived, ...ringKeys(config)].map(({ id, publicKey }) => [kidOf(deployment, id), publicKey]),
  )
  return { verify: (token, kid) => verifySignature(token, keys.get(kid ?? ''), 'RS256') }
}

function ringKeys(config: Config): readonly RingKey[] {
  try {
    return readKeyRing(keyLocationOf(config)).keys
  } catch {
    return []
  }
}
