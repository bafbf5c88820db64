import { HTTP_PROBLEMS } from './http-problems.ts'
import { VISIT_PROBLEMS } from './visit-problems.ts'

/** Every problem code: status, title, and what to do next. The set is closed: no answer has another code. */
export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'Invalid request', detail: 'Correct the fields listed in errors.' },
  unauthenticated: {
    status: 401,
    title: 'Not authenticated',
    detail: 'Send an API key, or the access token of a signed-in user, as Authorization: Bearer <credential>.',
  },
  'token-not-renewable': {
    status: 401,
    title: 'Token not renewable',
    detail: 'Request a new token with an API key, an access token or an invitation.',
  },
  'step-up-required': {
    status: 401,
    title: 'Stronger sign-in required',
    detail: 'Sign in again with one of the acr_values in WWW-Authenticate (RFC 9470).',
  },
  'scope-missing': {
    status: 403,
    title: 'Scope missing',
    detail: 'The caller lacks the scope that this route requires. Add the scope to the caller in the policy.',
  },
  'role-not-allowed': {
    status: 403,
    title: 'Role not allowed',
    detail: "The caller may not use the requested role, or the caller's own role does not permit this operation.",
  },
  'room-not-allowed': {
    status: 403,
    title: 'Room not allowed',
    detail: 'The caller may not use this room. Check the rooms of the caller in the policy.',
  },
  'identity-mismatch': {
    status: 403,
    title: 'Identity mismatch',
    detail: 'userId, userName or userEmail differs from the access token. Leave these fields out.',
  },
  'identity-incomplete': {
    status: 403,
    title: 'Identity incomplete',
    detail: 'The access token has no usable name of the user. Configure the identity provider to include one.',
  },
  'not-a-participant': {
    status: 403,
    title: 'Not a participant',
    detail: 'This room has no consultation with this participant. Check roomId and userId.',
  },
  'too-early': {
    status: 403,
    title: 'Too early',
    detail: 'The admission window is not open yet for this role. Try again at opensAt.',
  },
  'too-late': {
    status: 403,
    title: 'Too late',
    detail: 'The admission window is closed. Reschedule the consultation or create a new one.',
  },
  revoked: {
    status: 403,
    title: 'Revoked',
    detail: 'Access by this user, consultation or token is revoked. A caller with tokens:revoke can lift this.',
  },
  'invitation-invalid': {
    status: 403,
    title: 'Invitation invalid',
    detail: 'The invitation is unknown, used, revoked or expired. Ask for a new invitation.',
  },
  'consultation-not-found': {
    status: 404,
    title: 'Consultation not found',
    detail: 'No consultation with this id is visible to the caller. Check the id.',
  },
  'invitation-not-found': {
    status: 404,
    title: 'Invitation not found',
    detail: 'The consultation has no invitation with this id. List its invitations.',
  },
  'revocation-not-found': {
    status: 404,
    title: 'Revocation not found',
    detail: 'No revocation with this id is in force. List them with GET /api/jitsi/revocations.',
  },
  'consultation-ended': {
    status: 409,
    title: 'Consultation ended',
    detail: 'The consultation has ended and cannot be reopened. Create a new one.',
  },
  'consultation-cancelled': {
    status: 409,
    title: 'Consultation cancelled',
    detail: 'The consultation was cancelled and cannot be reopened. Create a new one.',
  },
  'consultation-full': {
    status: 409,
    title: 'Consultation full',
    detail: 'maxParticipants different people have entered. Increase maxParticipants.',
  },
  'too-many-invitations': {
    status: 409,
    title: 'Too many invitations',
    detail: '100 usable invitations or 500 in total exist. Revoke some; after 500, create a new consultation.',
  },
  'room-taken': {
    status: 409,
    title: 'Room taken',
    detail:
      'The room template of the policy produced a name that is in use. Add {timestamp}, {random} or {hash} to it.',
  },
  'conference-off': {
    status: 409,
    title: 'Conference management disabled',
    detail: 'Changing running meetings is disabled. See the setting JAAS_MANAGEMENT.',
  },
  'version-conflict': {
    status: 412,
    title: 'Version conflict',
    detail: 'The consultation has changed. Read it again, and send its new ETag as If-Match.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'Idempotency key reused',
    detail: 'This Idempotency-Key was used with a different body. Use a new key for a new request.',
  },
  'version-required': {
    status: 428,
    title: 'Version required',
    detail: 'Send the ETag of the consultation as If-Match, to prevent overwriting a concurrent change.',
  },
  'rate-limited': { status: 429, title: 'Too many requests', detail: 'Wait Retry-After seconds, then try again.' },
  'client-aborted': {
    status: 499,
    title: 'Client aborted',
    detail: 'The client closed the connection; nothing was signed. Appears only in the log and the audit record.',
  },
  fault: {
    status: 500,
    title: 'Internal error',
    detail: 'The service failed; the log has the error under requestId. Another attempt may succeed.',
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    detail: 'The service is at capacity. Wait Retry-After seconds plus a random delay of up to 1 s, then try again.',
  },
  'identity-provider-unavailable': {
    status: 503,
    title: 'Identity provider unavailable',
    detail: 'The keys of the identity provider cannot be fetched. Try again after Retry-After seconds.',
  },
  'record-unavailable': {
    status: 503,
    title: 'Audit record unavailable',
    detail: 'The audit record cannot be written, so no token is issued. Try again after Retry-After seconds.',
  },
  'conference-unavailable': {
    status: 503,
    title: 'Conference unavailable',
    detail: 'Jitsi did not confirm the change, but may have made it. Try again after Retry-After seconds.',
  },
  'shutting-down': {
    status: 503,
    title: 'Shutting down',
    detail: 'This instance is stopping. Try again on a new connection.',
  },
  ...HTTP_PROBLEMS,
  ...VISIT_PROBLEMS,
} as const satisfies Record<string, { status: number; title: string; detail: string }>

/** The code of a refusal or an error. */
export type ProblemCode = keyof typeof PROBLEMS

/** All codes, by status. */
export const PROBLEM_CODES = (Object.keys(PROBLEMS) as ProblemCode[]).toSorted(
  (left, right) => PROBLEMS[left].status - PROBLEMS[right].status,
)
