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

/**
 * Lists the participants of a new consultation: doctor, patient, and the others of the request. An entry that repeats the
 * doctor or the patient adds a name to them.
 * @param now epoch milliseconds
 * @param errors receives an error for each invalid field
 * @returns the participants; usable only if no error was added
 */
export function participantsOf(
  policy: Policy,
  { patientId, doctorId, participants = [] }: ConsultationRequest,
  now: number,
  errors: FieldError[],
): Participant[] {
  const required = [
    { userId: doctorId, role: DOCTOR_ROLE, field: 'doctorId' },
    { userId: patientId, role: PATIENT_ROLE, field: 'patientId' },
  ]
  if (doctorId === patientId) errors.push({ pointer: '/patientId', message: 'must differ from doctorId' })
  for (const { role, field } of required) {
    if (policy.roles.has(role)) continue
    errors.push({ pointer: `/${field}`, message: `requires the role ${role}, which the policy does not define` })
  }
  const others = listParticipants(policy, participants, now, errors)
  const nameOf = (userId: string, role: string) =>
    others.find((each) => each.userId === userId && each.role === role)?.name
  for (const [index, { userId, role }] of others.entries()) {
    if (required.some((each) => each.userId === userId && each.role !== role)) {
      errors.push({
        pointer: `/participants/${index}/role`,
        message: 'must be the role that this participant already has',
      })
    }
  }
  const first = required.map(({ userId, role }): Participant => {
    const name = nameOf(userId, role)
    return { userId, role, since: now, ...(name === undefined ? {} : { name }) }
  })
  const all = [...first, ...others.filter(({ userId }) => required.every((each) => each.userId !== userId))]
  if (all.length > MAX_PARTICIPANTS) {
    errors.push({ pointer: '/participants', message: `must not exceed ${MAX_PARTICIPANTS} participants in total` })
  }
  return all
}

/**
 * Lists the participants of a request.
 * @param now epoch milliseconds
 * @param errors receives an error for each invalid entry
 * @returns the participants; usable only if no error was added
 */
export function listParticipants(
  policy: Policy,
  list: readonly Listed[],
  now: number,
  errors: FieldError[],
): Participant[] {
  const seen = new Set<string>()
  return list.map(({ userId, role, name: given }, index) => {
    const at = `/participants/${index}`
    if (seen.has(userId)) errors.push({ pointer: `${at}/userId`, message: 'must not appear twice' })
    if (!policy.roles.has(role))
      errors.push({ pointer: `${at}/role`, message: 'must be one of the roles of the policy' })
    seen.add(userId)
    const name = given === undefined ? undefined : displayName(given)
    return { userId, role, since: now, ...(name === undefined ? {} : { name }) }
  })
}
