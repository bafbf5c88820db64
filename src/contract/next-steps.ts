import type { ProblemCode } from './problem-codes.ts'

/**
 * Who is refused: a `backend` with an API key, a signed-in `user`, or an `invitee`, who has a link or a token of a meeting
 * and no other credential.
 */
export type Asker = 'backend' | 'user' | 'invitee'

type NextSteps = Partial<Record<ProblemCode, Partial<Record<Asker, string>>>>

const ASK_FOR_APPOINTMENT = 'Ask the person who invited you for a new appointment.'

/** What to do next where it depends on who is refused; otherwise the `detail` of the code fits all. */
const NEXT_STEPS: NextSteps = {
  'scope-missing': {
    user: 'Signed-in users cannot use this route. Call it from a backend with an API key.',
    invitee: 'The link does not permit this operation. Sign in, or call the route from a backend with an API key.',
  },
  'role-not-allowed': {
    backend:
      'The policy does not give this role to the caller. Add it to the roles of the caller in the policy, or use another role.',
    user: 'Your role does not permit this operation. Ask a moderator of the consultation, or sign in with another account.',
    invitee: 'Your link does not permit this operation. Ask the doctor or another moderator of the consultation.',
  },
  'room-not-allowed': {
    user: 'Your account may not enter this room. Check the room, or sign in with the account of the participant.',
  },
  'not-a-participant': {
    backend:
      'This room has no consultation with this participant. Check roomId and userId, or add the participant to the consultation.',
    user: 'You are not a participant of a consultation in this room. Check the room, or sign in with the account of the participant.',
    invitee:
      'You are not a participant of the consultation any more. Ask the person who invited you for a new invitation.',
  },
  'too-late': {
    user: `The consultation is over. ${ASK_FOR_APPOINTMENT}`,
    invitee: `The consultation is over. ${ASK_FOR_APPOINTMENT}`,
  },
  revoked: {
    user: 'Your access was ended. Ask the person who invited you to restore it.',
    invitee: 'Your access was ended. Ask the person who invited you to restore it.',
  },
  'consultation-not-found': {
    user: 'You are not a participant of a consultation with this id. Check the id, or sign in with the account of the participant.',
    invitee: 'The link does not belong to this consultation. Open the link of the invitation again.',
  },
  'consultation-ended': {
    user: `The consultation has ended. ${ASK_FOR_APPOINTMENT}`,
    invitee: `The consultation has ended. ${ASK_FOR_APPOINTMENT}`,
  },
  'consultation-cancelled': {
    user: `The consultation was cancelled. ${ASK_FOR_APPOINTMENT}`,
    invitee: `The consultation was cancelled. ${ASK_FOR_APPOINTMENT}`,
  },
  'consultation-full': {
    user: 'The maximum number of participants has entered. Ask the person who invited you to increase it.',
    invitee: 'The maximum number of participants has entered. Ask the person who invited you to increase it.',
  },
}

/** @returns what an asker should do next, if it differs from the `detail` of the code */
export const nextStepOf = (code: ProblemCode, asker: Asker): string | undefined => NEXT_STEPS[code]?.[asker]
