/** The problems of HTTP messages that no route could answer: a part of the table of problem codes. */
export const HTTP_PROBLEMS = {
  'malformed-request': { status: 400, title: 'Malformed request', detail: 'Send a well-formed HTTP request.' },
  'invalid-json': {
    status: 400,
    title: 'Invalid JSON',
    detail: 'Send one JSON object in UTF-8, with unique keys and without unpaired surrogates.',
  },
  'not-found': { status: 404, title: 'Not found', detail: 'No resource exists at this path. See /docs.' },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    detail: 'Use one of the methods in the Allow header.',
  },
  'request-timeout': { status: 408, title: 'Request timeout', detail: 'Send the whole request without a pause.' },
  'payload-too-large': { status: 413, title: 'Payload too large', detail: 'Send a body of at most 16 KiB.' },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    detail: 'Send the body with Content-Type: application/json.',
  },
  'unsupported-content-encoding': {
    status: 415,
    title: 'Unsupported content encoding',
    detail: 'Send the body without compression: without Content-Encoding, or with identity.',
  },
  'expectation-failed': {
    status: 417,
    title: 'Expectation failed',
    detail: 'Send the request without the header Expect, or with 100-continue.',
  },
  'headers-too-large': {
    status: 431,
    title: 'Headers too large',
    detail: 'Send less than 16 KiB (16384 bytes) of request line and headers.',
  },
} as const
