/** The problems of browsers that take part by a cookie: a part of the table of problem codes. */
export const VISIT_PROBLEMS = {
  'no-visit': {
    status: 401,
    title: 'No visit',
    detail: 'This browser is not bound to the consultation. Open the link of the invitation again, or sign in.',
  },
  'origin-not-allowed': {
    status: 403,
    title: 'Origin not allowed',
    detail:
      'A page of an origin that is not listed sent this request. Add the origin of the page to CORS_ORIGINS, or use the page of this service.',
  },
  'drafts-off': {
    status: 404,
    title: 'Drafts disabled',
    detail: 'The service gives no keys for drafts. See the setting DRAFT_KEY.',
  },
  'drafts-closed': {
    status: 410,
    title: 'Drafts closed',
    detail: 'The key of these drafts was deleted, or the consultation ended more than DRAFT_KEY_DAYS ago.',
  },
} as const
