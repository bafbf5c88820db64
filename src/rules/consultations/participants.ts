import {
  type ConsultationRequest,
  DOCTOR_ROLE,
  MAX_PARTICIPANTS,
  PATIENT_ROLE,
} from '../../contract/consultations/consultation.ts'
import type { FieldError } from '../../contract/problem.ts'
import type { Participant } from './consultation.ts'
import type { Policy } from '../policy/policy.ts'
import { displayName } from '../person.ts'

type Listed = { userId: string; role: string; name?: string }

/** The two, and who else is named; who is named twice in the same role is one person. */
export function allOf(
  policy: Policy,
  { patientId, doctorId, participants = [] }: ConsultationRequest,
  now: number,
  errors: FieldError[],
): Participant[] {
  const two = [
    { userId: doctorId, role: DOCTOR_ROLE, field: 'doctorId' },
    { userId: patientId, role: PATIENT_ROLE, field: 'patientId' },
  ]
  if (doctorId === patientId) errors.push({ pointer: '/patientId', message: 'must be another person than doctorId' })
  for (const { role, field } of two) {
    if (policy.roles.has(role)) continue
    errors.push({ pointer: `/${field}`, message: `needs the role ${role}, which the policy does not have` })
  }
  const others = listParticipants(policy, participants, now, errors)
  const named = (userId: string, role: string) =>
    others.find((each) => each.userId === userId && each.role === role)?.name
  for (const [index, { userId, role }] of others.entries()) {
    if (two.some((each) => each.userId === userId && each.role !== role)) {
      errors.push({ pointer: `/participants/${index}/role`, message: 'must be the role that this person has already' })
    }
  }
  const first = two.map(({ userId, role }): Participant => {
    const name = named(userId, role)
    return { userId, role, since: now, ...(name === undefined ? {} : { name }) }
  })
  const all = [...first, ...others.filter(({ userId }) => two.every((each) => each.userId !== userId))]
  if (all.length > MAX_PARTICIPANTS) {
    errors.push({ pointer: '/participants', message: `must leave at most ${MAX_PARTICIPANTS} participants in all` })
  }
  return all
}

export function listParticipants(
  policy: Policy,
  list: readonly Listed[],
  now: number,
  errors: FieldError[],
): Participant[] {
  const seen = new Set<string>()
  return list.map(({ userId, role, name: given }, index) => {
    const at = `/participants/${index}`
    if (seen.has(userId)) errors.push({ pointer: `${at}/userId`, message: 'must not be named twice' })
    if (!policy.roles.has(role))
      errors.push({ pointer: `${at}/role`, message: 'must be one of the roles of the policy' })
    seen.add(userId)
    const name = given === undefined ? undefined : displayName(given)
    return { userId, role, since: now, ...(name === undefined ? {} : { name }) }
  })
}
