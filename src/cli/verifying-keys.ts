import { createSecretKey } from 'node:crypto'
import { type Config, deploymentOf } from '../config.ts'
import { readRing } from '../keys/ring.ts'
import { verifySignature } from '../keys/verifier.ts'
import { placeOf } from '../parts.ts'
import { kidOf } from '../rules/deployment.ts'
import type { Keys } from '../service/ports.ts'

/** The keys as they lie there; where none can be read, none is known. */
export function keysOf(config: Config): Pick<Keys, 'verify'> {
  const secret = config.JITSI_JWT_SECRET
  if (secret !== undefined)
    return { verify: (token) => verifySignature(token, createSecretKey(secret, 'utf8'), 'HS256') }
  const deployment = deploymentOf(config)
  const keys = new Map(ringKeys(config).map(({ id, publicKey }) => [kidOf(deployment, id), publicKey]))
  return { verify: (token, kid) => verifySignature(token, keys.get(kid ?? ''), 'RS256') }
}

function ringKeys(config: Config) {
  try {
    return readRing(placeOf(config)).keys
  } catch {
    return []
  }
}
