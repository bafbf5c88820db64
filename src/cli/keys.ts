import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, deploymentOf } from '../config/config.ts'
import { generatePrivatePem, createFile, replaceFile } from '../keys/generate.ts'
import { toPublicPem, readPrivateKey } from '../keys/private-key.ts'
import { asapNameOf } from '../keys/publication.ts'
import { ACTIVE_FILE, KEY_ID } from '../keys/key-file-names.ts'
import { createKeyRing, formatActiveFile, readKeyFiles, type RingKey } from '../keys/key-ring.ts'
import { keyLocationOf } from '../reload/key-location.ts'
import { selectFromFiles } from '../reload/signing-key.ts'
import { readRecordState, withRecord } from '../app/open-record.ts'
import type { KeyRegister } from '../service/keys/ports.ts'
import type { KnownKey, PendingKey } from '../rules/key-ring.ts'
import { kidOf } from '../rules/tokens/deployment.ts'
import { CLI_WRITER, columns, type Command, configOf, success, failure, oneArgument, UsageError } from './command.ts'

/** @returns the key id. @throws UsageError if it is not a key id */
export function keyIdOf(id: string): string {
  if (!KEY_ID.test(id)) throw new UsageError('a key id has 1 to 64 characters of A-Z, a-z, 0-9 and . _ -')
  return id
}

export const generateCommand: Command = {
  usage: 'keys generate [--id <key id>] [--primes 2|3|4]',
  about: [
    'Generates a 4096-bit key in KEYS_DIR and prints the public key to upload.',
    'A key of four primes (RFC 8017) signs about 1.5 times as fast on processors with AVX-512 IFMA and 3 times as fast',
    'on others, and is verified like any other; three primes gain little. Hardware keys and FIPS 186-5 support two',
    'primes only. More than two primes need openssl.',
  ].join('\n'),
  options: { id: { type: 'string' }, primes: { type: 'string' } },
  async run({ args, options }, { env }) {
    if (args.length > 0) throw new UsageError('keys generate takes no argument')
    const primes = ([2, 3, 4] as const).find((each) => String(each) === (options['primes'] ?? '2'))
    if (primes === undefined) throw new UsageError('--primes must be 2, 3 or 4')
    const id = keyIdOf(typeof options['id'] === 'string' ? options['id'] : `new-${randomBytes(3).toString('hex')}`)
    const path = join(configOf({ ...env, NODE_ENV: 'development' }).KEYS_DIR, `${id}.pem`)
    const exists = `${path} already exists; choose another id, because verifiers cache a key under its id.`
    if (existsSync(path)) return failure(exists)
    try {
      createFile(path, await generatePrivatePem(primes))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') return failure(exists)
      if (code === 'ENOENT') return failure('openssl was not found; install it, or generate a key of two primes.')
      throw error
    }
    const publicPem = toPublicPem(readPrivateKey(path)).trim()
    return success({ id, path, publicPem }, [
      publicPem,
      '',
      `The private key is ${path}, readable only by its owner. It signs nothing until it is activated.`,
      'JaaS: upload the public key in the console, rename the file to the id that the console shows (the part after the',
      'slash), then run: keys activate <key id> --now. Self-hosted: run keys activate <key id>.',
    ])
  },
}

/**
 * Reads the key ring as a running service does: of several keys of which none is selected, the one that signed last stays
 * active, and a selected key signs once verifiers have fetched it.
 * @param known the keys of the key register
 * @returns the keys, and the selected key that does not sign yet, if any
 */
export function ringIn(
  config: Config,
  known: readonly KnownKey[],
  nowMs: number,
): { keys: readonly RingKey[]; pending?: PendingKey } {
  const deployment = deploymentOf(config)
  const signed = known.find(({ state }) => state === 'active')?.kid.slice(deployment.kidPrefix.length)
  const files = readKeyFiles(keyLocationOf(config), signed === undefined ? undefined : { active: { id: signed } })
  const { keyId, ...pending } = selectFromFiles(files, {
    ...{ known, kidOf: (id) => kidOf(deployment, id), maxAgeSeconds: config.KEYS_MAX_AGE_SECONDS, nowMs },
  })
  return { keys: createKeyRing(files, keyId).keys, ...pending }
}

/** Reads the key register; before the first start of the service, there is an empty one. */
async function withRegister<T>(config: Config, use: (register: ReadableRegister) => Promise<T>): Promise<T> {
  const { isEmpty } = await readRecordState(config)
  return isEmpty ? use(EMPTY_REGISTER) : withRecord(config, CLI_WRITER, ({ register }) => use(register))
}

type ReadableRegister = Pick<KeyRegister, 'list' | 'findSigningTimes'>

const EMPTY_REGISTER: ReadableRegister = {
  list: () => Promise.resolve([]),
  findSigningTimes: () => Promise.resolve(undefined),
}

export const listCommand: Command = {
  usage: 'keys list',
  about:
    'Lists the keys with their state, when they last signed, when their last token expires, and the file that Jitsi requests.',
  async run({ args }, { env, clock }) {
    if (args.length > 0) throw new UsageError('keys list takes no argument')
    const config = configOf(env)
    return withRegister(config, async (register) => {
      const known = await register.list()
      const { keys: ring, pending } = ringIn(config, known, clock())
      const keys = []
      for (const { id, state, fingerprint } of ring) {
        const kid = kidOf(deploymentOf(config), id)
        const entry = known.find((key) => key.kid === kid)
        const signed = await register.findSigningTimes(kid)
        keys.push({
          ...{ id, state, kid, fingerprint, asap: `${asapNameOf(kid)}.pem` },
          // The time is not known before a running service has published the key.
          signsFrom: pending?.keyId === id && entry !== undefined ? timeOf(pending.at) : undefined,
          since: timeOf(entry?.changedAt),
          lastSignedAt: timeOf(signed?.lastAt),
          deadAt: timeOf(signed?.deadAt),
        })
      }
      const head = ['id', 'state', 'since', 'last signed', 'last token expires', 'fingerprint', 'requested by Jitsi as']
      const rows = keys.map((key) => [
        ...[key.id, stateText(key), key.since ?? 'not in use yet', key.lastSignedAt ?? 'never', key.deadAt ?? '-'],
        ...[key.fingerprint, key.asap],
      ])
      return success({ keys }, columns([head, ...rows]))
    })
  },
}

const timeOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()

const stateText = ({ state, signsFrom }: { state: string; signsFrom: string | undefined }): string =>
  signsFrom === undefined ? state : `${state} (signs from ${signsFrom})`

export const activateCommand: Command = {
  usage: 'keys activate <key id> [--now]',
  about: [
    'Selects the key in KEYS_DIR that signs. A new key signs once verifiers have fetched it; until then the previous key',
    'signs. With --now it signs within seconds, and verifiers that cached the key set refuse its tokens.',
  ].join('\n'),
  options: { now: { type: 'boolean' } },
  async run(args, { env, clock }) {
    const id = keyIdOf(oneArgument(args))
    const config = configOf(env)
    if (config.SIGNING_KEY_ID !== undefined || config.SIGNING_KEY_FILE !== undefined) {
      return failure('SIGNING_KEY_ID selects the key that signs and overrides this command; change or remove it.')
    }
    readPrivateKey(join(config.KEYS_DIR, `${id}.pem`))
    const immediately = args.options['now'] === true
    const activate = () => replaceFile(join(config.KEYS_DIR, ACTIVE_FILE), formatActiveFile({ id, immediately }), 0o644)
    if (immediately) {
      activate()
      return success({ id, state: 'active' }, [
        `${id} signs now; verifiers that cached the key set (up to ${config.KEYS_MAX_AGE_SECONDS} seconds) refuse its tokens until they fetch it again.`,
      ])
    }
    const known = await withRegister(config, (register) => register.list())
    const { pending } = ringIn({ ...config, SIGNING_KEY_ID: id }, known, clock())
    const isPublished = known.some(({ kid }) => kid === kidOf(deploymentOf(config), id))
    activate()
    if (pending === undefined) return success({ id, state: 'active' }, [`${id} signs now.`])
    return success({ id, state: 'next', signsFrom: timeOf(pending.at) }, [
      `${id} signs from ${timeOf(pending.at)}, once verifiers have fetched the new key set.`,
      ...(isPublished ? [] : ['No running service has published the key yet; the time counts from when one does.']),
      `Until then the previous key signs. To use the new key at once: keys activate ${id} --now`,
    ])
  },
}
