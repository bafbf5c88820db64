import { createPublicKey } from 'node:crypto'
import pg from 'pg'
import { expect } from 'vitest'
import { verifySignature } from '../../src/keys/verifier.ts'
import { linkEntry } from '../../src/rules/audit/chain.ts'
import { verifyAudit } from '../../src/service/audit/verify.ts'
import type { Verification } from '../../src/service/audit/verification.ts'
import { openStore } from '../../src/store/open.ts'
import { NO_EVENTS } from '../../src/service/events.ts'
import { readEntries, testKeyPem, writersOf } from '../kit.ts'

/**
 * Holds the record against what callers were answered: every token has its entry, and the chains are as they were written.
 * @param answered the jti of every token that somebody received
 * @returns what was verified, and how many tokens were issued by the record, arrived or not
 */
export async function expectNothingLost(
  database: string,
  answered: ReadonlyMap<string, string>,
): Promise<Verification & { issued: number }> {
  // Those that arrived by now: the load may go on.
  const arrived = [...answered.keys()]
  const recorded = new Set(await recordedTokens(database))
  expect(arrived.filter((jti) => !recorded.has(jti))).toStrictEqual([])
  return { ...(await expectVerified(database)), issued: recorded.size }
}

/** Verifies the chains, and the signature of every checkpoint. */
export async function expectVerified(database: string): Promise<Verification> {
  const store = await openStore(database, writersOf('auditor'), linkEntry, NO_EVENTS)
  try {
    const key = createPublicKey(testKeyPem())
    const verified = await verifyAudit({ ...store, keys: { verify: (jws) => verifySignature(jws, key, 'RS256') } })
    expect(verified).toMatchObject({ findings: [], unverifiable: 0 })
    return verified
  } finally {
    await store.close()
  }
}

/** The jti of every token in the record, read past the service's own code. */
async function recordedTokens(database: string): Promise<unknown[]> {
  if (database.startsWith('sqlite:'))
    return readEntries(database.slice('sqlite:'.length)).flatMap(({ jti }) => jti ?? [])
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  const { rows } = await client.query<{ jti: string }>(
    "SELECT jti FROM audit_entry WHERE action = 'token.issue' AND outcome = 'issued'",
  )
  await client.end()
  return rows.map(({ jti }) => jti)
}
