import type { Origin } from '../contract/audit/audit-entry.ts'
import type { Caller } from '../rules/policy/policy.ts'

/** The caller of a request, its origin, and the person on whose behalf a machine acts, if it names one. */
export type Requester = Origin & { caller: Caller; onBehalfOf?: string }
