// Copied into the project of each generator, where it is compiled with the generated client.
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'

export const baseUrl = process.env['BASE_URL'] ?? ''
export const apiKey = process.env['API_KEY'] ?? ''

export const tokenRequest = {
  roomId: 'bharattelemed-p1042-d77-1764000000',
  userId: 'doctor-77',
  userName: 'Dr. Meera Iyer',
  userRole: 'doctor',
}

export const consultationRequest = { patientId: 'patient-1042', doctorId: 'doctor-77', durationMinutes: 30 }

type Token = { token: string; userRole: string }
type Consultation = { id: string; version: number }

/** @throws AssertionError if an answer is not the one that the requests ask for */
export function checkAnswers(answers: {
  token: Token | undefined
  created: Consultation | undefined
  read: Consultation | undefined
  /** The code of the problem that a request without an API key is answered with. */
  refusal: string | undefined
}): void {
  match(answers.token?.token ?? '', /^[\w-]+\.[\w-]+\.[\w-]+$/)
  strictEqual(answers.token?.userRole, tokenRequest.userRole)
  match(answers.created?.id ?? '', /^[0-9a-f-]{36}$/)
  deepStrictEqual(answers.read, answers.created)
  strictEqual(answers.refusal, 'unauthenticated')
}
