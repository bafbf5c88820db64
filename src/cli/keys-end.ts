import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, deploymentOf } from '../config/config.ts'
import { replaceFile } from '../keys/generate.ts'
import { toPublicPem, readPrivateKey } from '../keys/private-key.ts'
import type { RingKey } from '../keys/key-ring.ts'
import { withRecord } from '../app/open-record.ts'
import { kidOf } from '../rules/tokens/deployment.ts'
import { CLI_WRITER, type Command, configOf, success, failure, oneWord, type Outcome } from './command.ts'
import { keyIdOf, ringIn } from './keys.ts'

/** Ends a key only where it is in the right state, and every token that it signed is dead. */
function ending(
  state: RingKey['state'],
  refusal: string,
  end: (config: Config, id: string) => Outcome,
): Command['run'] {
  return async (words, { env, clock }) => {
    const id = keyIdOf(oneWord(words))
    const config = configOf(env)
    const refused = await withRecord(config, CLI_WRITER, async (record) => {
      const key = ringIn(config, await record.register.list()).find((each) => each.id === id)
      if (key === undefined) return failure(`There is no key ${id} in ${config.KEYS_DIR}.`)
      if (key.state !== state) return failure(`${id} is ${key.state}; ${refusal}`)
      const signed = await record.register.findSigningTimes(kidOf(deploymentOf(config), id))
      if (signed !== undefined && signed.deadAt > clock()) {
        const until = new Date(signed.deadAt).toISOString()
        return failure(`${id} has signed a token that lives until ${until}; come back then.`, { until })
      }
      return undefined
    })
    return refused ?? end(config, id)
  }
}

export const retireCommand: Command = {
  usage: 'keys retire <key id>',
  about:
    'Takes the private half of a key away that signs no more and whose tokens are dead; the public half stays published.',
  run: ending(
    'next',
    'only a key that signs no more can be retired, so activate another one first.',
    ({ KEYS_DIR }, id) => {
      const path = join(KEYS_DIR, `${id}.pem`)
      // The public half first: a key is never gone from the set in between.
      replaceFile(join(KEYS_DIR, `${id}.pub.pem`), toPublicPem(readPrivateKey(path)), 0o644)
      rmSync(path)
      return success({ id, state: 'retired' }, [`${id} is retired: published, and its private half is gone.`])
    },
  ),
}

export const removeCommand: Command = {
  usage: 'keys remove <key id>',
  about: 'Publishes a retired key no more. Its id never works again for another key.',
  run: ending('retired', 'only a retired key can be removed.', ({ KEYS_DIR }, id) => {
    rmSync(join(KEYS_DIR, `${id}.pub.pem`))
    return success({ id, state: 'removed' }, [`${id} is published no more.`])
  }),
}
