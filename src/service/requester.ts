import type { Origin } from '../contract/audit/audit-entry.ts'
import type { Caller } from '../rules/policy/policy.ts'

/** Who asks, from where, and whom a machine names as the person behind it. */
export type Requester = Origin & { caller: Caller; onBehalfOf?: string }
