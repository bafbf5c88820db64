import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Config, deploymentOf } from '../config/config.ts'
import { generatePrivatePem, createFile, replaceFile } from '../keys/generate.ts'
import { toPublicPem, readPrivateKey } from '../keys/private-key.ts'
import { asapNameOf } from '../keys/publication.ts'
import { ACTIVE_FILE, KEY_ID, readKeyRing, type RingKey } from '../keys/key-ring.ts'
import { keyLocationOf } from '../reload/key-location.ts'
import { withRecord } from '../app/open-record.ts'
import { kidOf } from '../rules/tokens/deployment.ts'
import { CLI_WRITER, columns, type Command, configOf, success, failure, oneWord, UsageError } from './command.ts'

/** @throws UsageError where it is no id of a key */
export function keyIdOf(word: string): string {
  if (!KEY_ID.test(word)) throw new UsageError('the id of a key has 1 to 64 characters of A-Z, a-z, 0-9 and . _ -')
  return word
}

export const generateCommand: Command = {
  usage: 'keys generate [--id <key id>] [--primes 2|3|4]',
  about: [
    'Makes a key of 4096 bits in KEYS_DIR and prints the public half to upload.',
    'Four primes (RFC 8017) sign about 1.5 times as fast on processors with AVX-512 IFMA and 3 times as fast without,',
    'and verify like any other; three gain little. Hardware keys and FIPS 186-5 know two only. Needs openssl.',
  ].join('\n'),
  options: { id: { type: 'string' }, primes: { type: 'string' } },
  async run({ words, options }, { env }) {
    if (words.length > 0) throw new UsageError('keys generate takes no word')
    const primes = ([2, 3, 4] as const).find((each) => String(each) === (options['primes'] ?? '2'))
    if (primes === undefined) throw new UsageError('--primes is 2, 3 or 4')
    const id = keyIdOf(typeof options['id'] === 'string' ? options['id'] : `new-${randomBytes(3).toString('hex')}`)
    const path = join(configOf({ ...env, NODE_ENV: 'development' }).KEYS_DIR, `${id}.pem`)
    try {
      createFile(path, await generatePrivatePem(primes))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST')
        return failure(`${path} is there already; choose another id, for verifiers keep a key under its id.`)
      if (code === 'ENOENT') return failure('openssl is not there; it is needed for more than two primes.')
      throw error
    }
    const publicHalf = toPublicPem(readPrivateKey(path)).trim()
    return success({ id, path, publicPem: publicHalf }, [
      publicHalf,
      '',
      `The private key is ${path}; its owner alone may read it. It signs nothing until it is activated.`,
      'JaaS: upload the public half in the console, rename the file to the id that it is given (the part after the slash),',
      'then: keys activate <key id>. Self-hosted: wait until verifiers have asked for the new set, then activate.',
    ])
  },
}

/**
 * The ring as a running service has it: where several keys lie there and none was chosen, the one that signed goes on.
 * @param known what the record knows of keys
 */
export function ringIn(config: Config, known: readonly { kid: string; state: string }[]): readonly RingKey[] {
  const { kidPrefix } = deploymentOf(config)
  const signed = known.find(({ state }) => state === 'active')?.kid.slice(kidPrefix.length)
  return readKeyRing(keyLocationOf(config), signed === undefined ? undefined : { active: { id: signed } }).keys
}

export const listCommand: Command = {
  usage: 'keys list',
  about: 'Tells which keys are active, next and retired, since when, what they signed last, and what Jitsi asks for.',
  async run({ words }, { env }) {
    if (words.length > 0) throw new UsageError('keys list takes no word')
    const config = configOf(env)
    return withRecord(config, CLI_WRITER, async (record) => {
      const known = await record.register.list()
      const keys = []
      for (const { id, state, fingerprint } of ringIn(config, known)) {
        const kid = kidOf(deploymentOf(config), id)
        const signed = await record.register.findSigningTimes(kid)
        keys.push({
          ...{ id, state, kid, fingerprint, asap: `${asapNameOf(kid)}.pem` },
          since: timeOf(known.find((key) => key.kid === kid)?.changedAt),
          lastSignedAt: timeOf(signed?.lastAt),
          deadAt: timeOf(signed?.deadAt),
        })
      }
      const head = ['id', 'state', 'since', 'signed last', 'its tokens are dead', 'fingerprint', 'Jitsi asks for']
      const rows = keys.map((key) => [
        ...[key.id, key.state, key.since ?? 'not in use yet', key.lastSignedAt ?? 'never', key.deadAt ?? '-'],
        ...[key.fingerprint, key.asap],
      ])
      return success({ keys }, columns([head, ...rows]))
    })
  },
}

const timeOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString()

export const activateCommand: Command = {
  usage: 'keys activate <key id>',
  about: 'Lets a key sign that lies in KEYS_DIR; a running service takes it up within seconds.',
  run(words, { env }) {
    const id = keyIdOf(oneWord(words))
    const config = configOf(env)
    if (config.SIGNING_KEY_ID !== undefined || config.SIGNING_KEY_FILE !== undefined) {
      return failure('SIGNING_KEY_ID says which key signs, and wins over what is activated here; change or remove it.')
    }
    readPrivateKey(join(config.KEYS_DIR, `${id}.pem`))
    replaceFile(join(config.KEYS_DIR, ACTIVE_FILE), `${id}\n`, 0o644)
    return success({ id, state: 'active' }, [`${id} signs from now on.`])
  },
}
