import { randomUUID } from 'node:crypto'
import pg from 'pg'

const ADMIN = process.env['TEST_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test'

/** A database for one benchmark. */
export type OwnDatabase = { url: string; drop(): Promise<void> }

/** Makes an empty database on the PostgreSQL of TEST_DATABASE_URL. @returns undefined where there is none */
export async function ownDatabase(): Promise<OwnDatabase | undefined> {
  const name = `jts_bench_${randomUUID().replaceAll('-', '')}`
  try {
    await administer(`CREATE DATABASE ${name}`)
  } catch {
    return undefined
  }
  const url = new URL(ADMIN)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

async function administer(statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: ADMIN, connectionTimeoutMillis: 2000 })
  await admin.connect()
  try {
    await admin.query(statement)
  } finally {
    await admin.end()
  }
}
