const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a text is an id that the change bus carries: a UUID in lower case. */
export const isChangeId = (text: string): boolean => UUID.test(text)

/** Represents every id: the nil UUID (RFC 9562, section 5.9). */
export const ALL_IDS = '00000000-0000-0000-0000-000000000000'
