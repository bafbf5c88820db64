import { join } from 'node:path'
import { type Config, deploymentOf } from '../config/config.ts'
import { removeKeyFile, replaceFile } from '../keys/generate.ts'
import { toPublicPem, readPrivateKey } from '../keys/private-key.ts'
import type { RingKey } from '../keys/key-ring.ts'
import { withRecord } from '../app/open-record.ts'
import { kidOf } from '../rules/tokens/deployment.ts'
import { CLI_WRITER, type Command, configOf, success, failure, oneArgument, type Outcome } from './command.ts'
import { keyIdOf, ringIn } from './keys.ts'

/** @returns a command that ends a key if it is in the given state and every token that it signed has expired */
function endKey(
  state: RingKey['state'],
  refusal: string,
  end: (config: Config, id: string) => Outcome,
): Command['run'] {
  return async (args, { env, clock }) => {
    const id = keyIdOf(oneArgument(args))
    const config = configOf(env)
    const refused = await withRecord(config, CLI_WRITER, async (record) => {
      const { keys, pending } = ringIn(config, await record.register.list(), clock())
      const key = keys.find((each) => each.id === id)
      if (key === undefined) return failure(`There is no key ${id} in ${config.KEYS_DIR}.`)
      if (key.state !== state) return failure(`${id} is ${key.state}; ${refusal}`)
      if (pending?.keyId === id) return failure(`${id} is activated and will sign; activate another key first.`)
      const signed = await record.register.findSigningTimes(kidOf(deploymentOf(config), id))
      if (signed !== undefined && signed.deadAt > clock()) {
        const until = new Date(signed.deadAt).toISOString()
        return failure(`${id} has signed a token that expires at ${until}; run this command again after that.`, {
          until,
        })
      }
      return undefined
    })
    return refused ?? end(config, id)
  }
}

export const retireCommand: Command = {
  usage: 'keys retire <key id>',
  about:
    'Deletes the private key of a key that no longer signs and whose tokens have expired. The public key stays published.',
  run: endKey('next', 'activate another key before you retire this one.', ({ KEYS_DIR }, id) => {
    const path = join(KEYS_DIR, `${id}.pem`)
    // The public key is written first, so that the published set contains the key at all times.
    replaceFile(join(KEYS_DIR, `${id}.pub.pem`), toPublicPem(readPrivateKey(path)), 0o644)
    removeKeyFile(path)
    return success({ id, state: 'retired' }, [
      `${id} is retired: its private key is deleted, its public key stays published.`,
    ])
  }),
}

export const removeCommand: Command = {
  usage: 'keys remove <key id>',
  about: 'Stops publishing a retired key. Its id cannot be used for another key.',
  run: endKey('retired', 'only a retired key can be removed.', ({ KEYS_DIR }, id) => {
    removeKeyFile(join(KEYS_DIR, `${id}.pub.pem`))
    return success({ id, state: 'removed' }, [`${id} is no longer published.`])
  }),
}
