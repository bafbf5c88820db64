import { Type } from '@sinclair/typebox'

/** The name of a role. The schema checks its format only; the policy defines which roles exist. */
export const RoleName = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,31}$',
  description: 'one of the roles of the policy, such as doctor or patient',
})
