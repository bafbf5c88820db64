import { Type } from '@sinclair/typebox'

/** Shape of a role's name; which names exist is the policy's to say. */
export const RoleName = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,31}$',
  description: 'one of the roles of the policy; built in are doctor and patient',
})
