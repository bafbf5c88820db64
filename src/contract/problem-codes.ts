/** Every code a caller can meet: its status, its title, and what to do next. Closed: nothing else leaves the service. */
export const PROBLEMS = {
  'malformed-request': { status: 400, title: 'Malformed request', detail: 'Send a well-formed HTTP request.' },
  'invalid-json': {
    status: 400,
    title: 'Invalid JSON',
    detail: 'Send one JSON object in UTF-8 in which every key appears once and every surrogate is paired.',
  },
  'invalid-request': { status: 400, title: 'Invalid request', detail: 'Mend the fields that errors names.' },
  unauthenticated: {
    status: 401,
    title: 'Not authenticated',
    detail: 'Send a valid API key, or the access token of a signed-in user, as Authorization: Bearer <credential>.',
  },
  'token-not-renewable': {
    status: 401,
    title: 'Token not renewable',
    detail: 'Ask for a new token in the way in which the first one was had.',
  },
  'step-up-required': {
    status: 401,
    title: 'Stronger sign-in required',
    detail: 'Sign in again with one of the acr_values that WWW-Authenticate names (RFC 9470).',
  },
  'scope-missing': {
    status: 403,
    title: 'Scope missing',
    detail: 'This caller lacks the scope that the route needs; have it added to the caller in the policy.',
  },
  'role-not-allowed': {
    status: 403,
    title: 'Role not allowed',
    detail: 'This caller may not ask for this role; have the role added to the caller in the policy.',
  },
  'room-not-allowed': {
    status: 403,
    title: 'Room not allowed',
    detail: 'This caller may not ask for this room; the rooms of the caller in the policy decide.',
  },
  'identity-mismatch': {
    status: 403,
    title: 'Identity mismatch',
    detail: 'The request names another person than the one who signed in; leave out userId, userName and userEmail.',
  },
  'identity-incomplete': {
    status: 403,
    title: 'Identity incomplete',
    detail: 'The access token has no usable name for the user; the identity provider has to put one into it.',
  },
  'not-a-participant': {
    status: 403,
    title: 'Not a participant',
    detail: 'No consultation in this room has this person among its participants; see to the room and the person.',
  },
  'too-early': {
    status: 403,
    title: 'Too early',
    detail: 'The door of this consultation is not open yet for this role; ask again at opensAt.',
  },
  'too-late': {
    status: 403,
    title: 'Too late',
    detail: 'The time of this consultation is over; have it rescheduled, or a new one made.',
  },
  revoked: {
    status: 403,
    title: 'Revoked',
    detail: 'The access of this person, consultation or token was revoked; whoever revoked it can lift that.',
  },
  'invitation-invalid': {
    status: 403,
    title: 'Invitation invalid',
    detail: 'There is no such invitation, or it was used, revoked, or has expired; have a new one made.',
  },
  'not-found': { status: 404, title: 'Not found', detail: 'There is nothing at this path; see /docs.' },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    detail: 'Use one of the methods that the Allow header names.',
  },
  'consultation-not-found': {
    status: 404,
    title: 'Consultation not found',
    detail: 'There is no consultation of this id that this caller may see.',
  },
  'invitation-not-found': {
    status: 404,
    title: 'Invitation not found',
    detail: 'This consultation has no invitation of this id.',
  },
  'revocation-not-found': {
    status: 404,
    title: 'Revocation not found',
    detail: 'No revocation of this id is in force; GET /api/jitsi/revocations lists those that are.',
  },
  'request-timeout': { status: 408, title: 'Request timeout', detail: 'Send the whole request without a pause.' },
  'consultation-ended': {
    status: 409,
    title: 'Consultation ended',
    detail: 'This consultation has ended for good; make a new one.',
  },
  'consultation-cancelled': {
    status: 409,
    title: 'Consultation cancelled',
    detail: 'This consultation was cancelled for good; make a new one.',
  },
  'consultation-full': {
    status: 409,
    title: 'Consultation full',
    detail: 'As many different people as maxParticipants allows have entered; have it raised.',
  },
  'too-many-invitations': {
    status: 409,
    title: 'Too many invitations',
    detail:
      'This consultation has as many invitations as it may have: revoke some of the 100 that can be used; after 500 in all, make a new consultation.',
  },
  'room-taken': {
    status: 409,
    title: 'Room taken',
    detail: 'The room template of the policy gives a name that is in use; put {timestamp}, {random} or {hash} into it.',
  },
  'conference-off': {
    status: 409,
    title: 'Conference off',
    detail: 'The settings do not let this service change running meetings; see JAAS_MANAGEMENT.',
  },
  'version-conflict': {
    status: 412,
    title: 'Version conflict',
    detail: 'The consultation was changed meanwhile; read it again and send its ETag as If-Match.',
  },
  'payload-too-large': { status: 413, title: 'Payload too large', detail: 'Send at most 16 KiB.' },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    detail: 'Send the body as Content-Type: application/json.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'Idempotency key reused',
    detail: 'This Idempotency-Key came with another body before; send a new key with a new request.',
  },
  'version-required': {
    status: 428,
    title: 'Version required',
    detail: 'Send the ETag of the consultation as If-Match, so that nobody overwrites what another changed.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    detail: 'Wait as many seconds as Retry-After says, then ask again.',
  },
  'headers-too-large': { status: 431, title: 'Headers too large', detail: 'Send less than 16 KiB of headers.' },
  'client-aborted': {
    status: 499,
    title: 'Client aborted',
    detail:
      'Nobody waited for the answer any more, so nothing was signed; this stands in the log and the record alone.',
  },
  fault: {
    status: 500,
    title: 'Internal fault',
    detail: 'The fault is ours and stands in the log under this requestId; asking again may help.',
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    detail: 'More is asked for than can be signed in time; wait Retry-After seconds and a random part of one more.',
  },
  'identity-provider-unavailable': {
    status: 503,
    title: 'Identity provider unavailable',
    detail: 'The keys of the identity provider cannot be fetched; ask again after Retry-After seconds.',
  },
  'record-unavailable': {
    status: 503,
    title: 'Record unavailable',
    detail: 'The audit record cannot be written, so no token is issued; ask again after Retry-After seconds.',
  },
  'conference-unavailable': {
    status: 503,
    title: 'Conference unavailable',
    detail:
      'Jitsi did not confirm that the meeting was changed, and may have changed it; ask again after Retry-After seconds.',
  },
  'shutting-down': {
    status: 503,
    title: 'Shutting down',
    detail: 'This instance is stopping; ask again, on a new connection.',
  },
} as const satisfies Record<string, { status: number; title: string; detail: string }>

/** The code of a refusal or fault. */
export type ProblemCode = keyof typeof PROBLEMS

/** The codes as a list, in the order of the table. */
export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[]
