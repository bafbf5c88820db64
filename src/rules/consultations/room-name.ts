import { createHmac, hash } from 'node:crypto'

/** The longest room name, in characters. */
const MAX_ROOM_CHARACTERS = 128

/** An id whose encoding is longer than this is replaced with its hash in a room name. */
const MAX_ID_CHARACTERS = 48

/** The values of the placeholders in a room template. */
export type RoomParts = {
  patientId: string
  doctorId: string
  /** Epoch milliseconds; the name contains seconds. */
  timestamp: number
  /** 128 random bits in hex. */
  random: string
  /** Unique id; the name contains its keyed hash. */
  consultationId: string
}

/**
 * Creates the room name of a consultation. It consists of `[a-z0-9-]`, which Jitsi does not change, and has at most 128
 * characters.
 * @param template literal text and the placeholders `{patientId}`, `{doctorId}`, `{timestamp}`, `{random}` and `{hash}`
 * @param hashKey key of `{hash}`: 128 bits of HMAC-SHA-256 over the consultation's id
 * @returns the name, or undefined if it would be too long
 */
export function roomName(template: string, parts: RoomParts, hashKey: string | undefined): string | undefined {
  const values: Record<string, () => string> = {
    patientId: () => idText(parts.patientId),
    doctorId: () => idText(parts.doctorId),
    timestamp: () => String(Math.floor(parts.timestamp / 1000)),
    random: () => parts.random,
    hash: () => keyedHash(parts.consultationId, hashKey),
  }
  const name = template.replace(/\{(\w+)\}/g, (_match, placeholder: string) => values[placeholder]?.() ?? '')
  return name.length <= MAX_ROOM_CHARACTERS ? name : undefined
}

function keyedHash(text: string, key: string | undefined): string {
  if (key === undefined) throw new Error('a template with {hash} needs ROOM_NAME_KEY')
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32)
}

/**
 * Encodes an id in `[a-z0-9]`. Different ids have different encodings: `a` to `y` and digits are kept, every other byte
 * becomes `z` and two hex digits. An encoding that is too long for a room name is replaced with `zz` and 160 bits of the
 * id's SHA-256; no other encoding begins with `zz`.
 */
export function idText(id: string): string {
  const text = [...Buffer.from(id, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[a-y0-9]/.test(character) ? character : `z${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
  return text.length <= MAX_ID_CHARACTERS ? text : `zz${hash('sha256', id).slice(0, 40)}`
}
