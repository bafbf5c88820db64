import { type Static, Type } from '@sinclair/typebox'

/** The process answers. */
export const Liveness = Type.Object(
  { status: Type.Literal('ok') },
  { $id: 'Liveness', description: 'The process answers.', examples: [{ status: 'ok' }] },
)
export type Liveness = Static<typeof Liveness>

const Check = Type.Unsafe<'ok' | 'failing'>(Type.String({ enum: ['ok', 'failing'] }))

/** Whether traffic should come here, and what stands in the way. */
export const Readiness = Type.Object(
  {
    ready: Type.Boolean(),
    checks: Type.Object({
      signingKey: Check,
      keyRing: Type.Unsafe<'ok' | 'failing'>({
        ...Check,
        description:
          'failing while what lies in the folder of the keys is broken; the keys before go on, so it is no reason not to be ready',
      }),
      store: Check,
      accepting: Type.Unsafe<'ok' | 'failing'>({ ...Check, description: 'failing once the service is stopping' }),
    }),
  },
  {
    $id: 'Readiness',
    description: 'Whether traffic should come here.',
    examples: [{ ready: true, checks: { signingKey: 'ok', keyRing: 'ok', store: 'ok', accepting: 'ok' } }],
  },
)
export type Readiness = Static<typeof Readiness>
