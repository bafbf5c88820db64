import { type Static, Type } from '@sinclair/typebox'
import type { ConfigOverwrite, InterfaceConfigOverwrite } from './config-overwrite.ts'
import { RoleName } from '../role-name.ts'

/** How good a network is, as whoever asks has found it. */
export const NETWORKS = ['good', 'fair', 'poor'] as const
export type Network = (typeof NETWORKS)[number]

/** The query of `GET /api/jitsi/meeting-config`. */
export const MeetingConfigQuery = Type.Object(
  {
    role: RoleName,
    network: Type.Optional(
      Type.Unsafe<Network>(
        Type.String({ enum: [...NETWORKS], description: `one of ${NETWORKS.join(', ')}; good without it` }),
      ),
    ),
  },
  { additionalProperties: false },
)
export type MeetingConfigQuery = Static<typeof MeetingConfigQuery>

/** How a meeting looks and sounds for a role: two options of JitsiMeetExternalAPI. */
export const MeetingConfig = Type.Object(
  {
    configOverwrite: Type.Unsafe<ConfigOverwrite>(Type.Ref('ConfigOverwrite')),
    interfaceConfigOverwrite: Type.Unsafe<InterfaceConfigOverwrite>(Type.Ref('InterfaceConfigOverwrite')),
  },
  {
    $id: 'MeetingConfig',
    description:
      'Options of JitsiMeetExternalAPI that fit a role and a network. They are comfort: whoever has the page can change them. The token alone is a boundary.',
  },
)
export type MeetingConfig = Static<typeof MeetingConfig>
