import { createHmac, hash } from 'node:crypto'

/** The longest room name, in characters. */
const MAX_ROOM_CHARACTERS = 128

/** An id longer than this in a room name is stood for by its hash. */
const MAX_ID_CHARACTERS = 48

/** What a room name is made of. */
export type RoomParts = {
  patientId: string
  doctorId: string
  /** Epoch milliseconds; the name has the seconds. */
  timestamp: number
  /** 128 random bits in hex. */
  random: string
  /** Unique, and hashed by the key. */
  consultationId: string
}

/**
 * The name of a consultation's room, such as Jitsi leaves it unchanged: `[a-z0-9-]`, at most 128 characters.
 * @param template literal text around `{patientId}`, `{doctorId}`, `{timestamp}`, `{random}` and `{hash}`
 * @param hashKey key of `{hash}`: 128 bits of HMAC-SHA-256 over the consultation's id
 * @returns undefined where it would be too long
 */
export function roomName(template: string, parts: RoomParts, hashKey: string | undefined): string | undefined {
  const values: Record<string, () => string> = {
    patientId: () => idText(parts.patientId),
    doctorId: () => idText(parts.doctorId),
    timestamp: () => String(Math.floor(parts.timestamp / 1000)),
    random: () => parts.random,
    hash: () => keyedHash(parts.consultationId, hashKey),
  }
  const name = template.replace(/\{(\w+)\}/g, (_whole, word: string) => values[word]?.() ?? '')
  return name.length <= MAX_ROOM_CHARACTERS ? name : undefined
}

function keyedHash(text: string, key: string | undefined): string {
  if (key === undefined) throw new Error('a template with {hash} needs ROOM_NAME_KEY')
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32)
}

/**
 * An id in `[a-z0-9]`. Two ids never become the same text: `a` to `y` and digits stand for themselves, every other byte is
 * `z` and its two hex digits; what is too long for a room name is `zz` and 160 bits of its SHA-256, which nothing else
 * begins with.
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
