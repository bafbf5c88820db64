import { type Static, Type } from '@sinclair/typebox'
import type { ConfigOverwrite, InterfaceConfigOverwrite } from './config-overwrite.ts'
import { enumOf } from '../one-of.ts'
import { RoleName } from '../role-name.ts'

/** The quality of the participant's network, as the page measured it. */
export const NETWORKS = ['good', 'fair', 'poor'] as const
export type Network = (typeof NETWORKS)[number]

/** The query of `GET /api/jitsi/meeting-config`. */
export const MeetingConfigQuery = Type.Object(
  {
    role: RoleName,
    network: Type.Optional(enumOf(NETWORKS, `one of ${NETWORKS.join(', ')}; default: good`)),
  },
  { additionalProperties: false },
)
export type MeetingConfigQuery = Static<typeof MeetingConfigQuery>

/** The meeting configuration of a role: two options of JitsiMeetExternalAPI. */
export const MeetingConfig = Type.Object(
  {
    configOverwrite: Type.Unsafe<ConfigOverwrite>(Type.Ref('ConfigOverwrite')),
    interfaceConfigOverwrite: Type.Unsafe<InterfaceConfigOverwrite>(Type.Ref('InterfaceConfigOverwrite')),
  },
  {
    $id: 'MeetingConfig',
    description:
      'Options of JitsiMeetExternalAPI for a role and a network. They do not restrict access: participants can change them in their browser. Only the token restricts access.',
  },
)
export type MeetingConfig = Static<typeof MeetingConfig>
