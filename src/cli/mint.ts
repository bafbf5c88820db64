import { deploymentOf } from '../config/config.ts'
import type { TokenRequest } from '../contract/tokens/token.ts'
import { inspectToken } from '../service/tokens/inspect-token.ts'
import { issueToken } from '../service/tokens/issue-token.ts'
import { type Command, success, fieldLines, failure, OPERATOR, UsageError } from './command.ts'
import { findRequestErrors } from './request.ts'
import { withDeps } from './with-deps.ts'

const FIELDS = {
  room: 'roomId',
  user: 'userId',
  name: 'userName',
  role: 'userRole',
  email: 'userEmail',
  avatar: 'userAvatar',
} as const

export const mintCommand: Command = {
  usage:
    'mint --room <room> --user <id> --name <name> --role <role> [--minutes <n>] [--email <e>] [--avatar <url>] [--show-token]',
  about:
    'Issues a token by the same door as over HTTP, with an entry in the record. The token itself is printed with --show-token.',
  options: {
    ...Object.fromEntries(Object.keys(FIELDS).map((name) => [name, { type: 'string' as const }])),
    minutes: { type: 'string' },
    'show-token': { type: 'boolean' },
  },
  async run({ words, options }, { env }) {
    if (words.length > 0) throw new UsageError('mint takes options only')
    const { minutes } = options
    const request: Record<string, unknown> = Object.fromEntries(
      Object.entries(FIELDS).flatMap(([name, field]) => (options[name] === undefined ? [] : [[field, options[name]]])),
    )
    if (minutes !== undefined) request['expirationMinutes'] = Number(minutes)
    const faults = findRequestErrors(request)
    if (faults.length > 0) return failure(faults.join('\n'), { errors: faults })
    return withDeps(env, async (deps, config) => {
      const caller = { ...OPERATOR, roles: new Set(deps.policy().roles.keys()), scopes: new Set<never>() }
      const outcome = await issueToken(deps, { caller, requestId: deps.newId() }, request as TokenRequest)
      if ('code' in outcome) {
        return failure([outcome.code, ...fieldLines(outcome)].join('\n'), {
          code: outcome.code,
          errors: outcome.errors,
        })
      }
      if ('state' in outcome) throw new Error('the operator waits for nobody')
      const { token, ...answer } = outcome
      const { says } = await inspectToken({ ...deps, deployment: deploymentOf(config) }, token)
      const shown = options['show-token'] === true ? { token } : {}
      const lines = [
        `Issued for ${answer.roomId} as ${answer.userRole}, until ${answer.expiresAt}, jti ${says.jti ?? ''}.`,
      ]
      return success({ ...answer, jti: says.jti, ...shown }, [...lines, ...Object.values(shown)])
    })
  },
}
