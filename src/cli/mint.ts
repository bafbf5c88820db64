import { deploymentOf } from '../config/config.ts'
import type { TokenRequest } from '../contract/tokens/token.ts'
import { inspectToken } from '../service/tokens/inspect-token.ts'
import { issueToken } from '../service/tokens/issue-token.ts'
import { type Command, success, fieldLines, failure, OPERATOR, UsageError } from './command.ts'
import { findRequestErrors } from './request.ts'
import { withDeps } from './with-deps.ts'

/** The option for each field of a token request. */
const OPTIONS = {
  roomId: 'room',
  userId: 'user',
  userName: 'name',
  userRole: 'role',
  userEmail: 'email',
  userAvatar: 'avatar',
  expirationMinutes: 'minutes',
} as const satisfies Record<keyof TokenRequest, string>

export const mintCommand: Command = {
  usage:
    'mint --room <room> --user <id> --name <name> --role <role> [--minutes <n>] [--email <e>] [--avatar <url>] [--show-token]',
  about: 'Issues a token by the same rules as over HTTP and records it. --show-token prints the token itself.',
  options: {
    ...Object.fromEntries(Object.values(OPTIONS).map((name) => [name, { type: 'string' as const }])),
    'show-token': { type: 'boolean' },
  },
  async run({ args, options }, { env }) {
    if (args.length > 0) throw new UsageError('mint takes options only')
    const request: Record<string, unknown> = Object.fromEntries(
      Object.entries(OPTIONS).flatMap(([field, name]) => (options[name] === undefined ? [] : [[field, options[name]]])),
    )
    const { expirationMinutes } = request
    if (expirationMinutes !== undefined) request['expirationMinutes'] = Number(expirationMinutes)
    const errors = findRequestErrors(request)
    if (errors.length > 0) return failure(errors.join('\n'), { errors })
    return withDeps(env, async (deps, config) => {
      const caller = { ...OPERATOR, roles: new Set(deps.policy().roles.keys()), scopes: new Set<never>() }
      const outcome = await issueToken(deps, { caller, requestId: deps.newId() }, request as TokenRequest)
      if ('code' in outcome) {
        return failure([outcome.code, ...fieldLines(outcome)].join('\n'), {
          code: outcome.code,
          errors: outcome.errors,
        })
      }
      if ('state' in outcome) throw new Error('the operator is not bound to consultations and cannot wait')
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
