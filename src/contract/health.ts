import { type Static, Type } from '@sinclair/typebox'

/** The answer of `GET /livez`. */
export const Liveness = Type.Object(
  { status: Type.Literal('ok') },
  { $id: 'Liveness', description: 'The process answers.', examples: [{ status: 'ok' }] },
)
export type Liveness = Static<typeof Liveness>

const Check = Type.Unsafe<'ok' | 'failing'>(Type.String({ enum: ['ok', 'failing'] }))

/** The answer of `GET /readyz`. */
export const Readiness = Type.Object(
  {
    ready: Type.Boolean({ description: 'whether to send traffic to this instance' }),
    checks: Type.Object({
      signingKey: Check,
      keyRing: Type.Unsafe<'ok' | 'failing'>({
        ...Check,
        description:
          'failing while the key folder is invalid; the previous keys stay in use, so this does not affect ready',
      }),
      store: Check,
      accepting: Type.Unsafe<'ok' | 'failing'>({ ...Check, description: 'failing once the instance is stopping' }),
    }),
  },
  {
    $id: 'Readiness',
    description: 'Whether this instance accepts traffic, and the checks behind it.',
    examples: [{ ready: true, checks: { signingKey: 'ok', keyRing: 'ok', store: 'ok', accepting: 'ok' } }],
  },
)
export type Readiness = Static<typeof Readiness>
