/**
 * Converts the name of a room in a URL to the name that Jitsi's web client sends to the server: decoded, in Unicode form NFKC
 * and lower case, then percent-encoded and in lower case again (jitsi-meet, react/features/base/util/uri.ts,
 * `getBackendSafeRoomName`).
 * @param room a name, or the path of a meeting
 * @param path the part of the path before the name in URLs of the deployment, `<AppID>/` for JaaS; it is removed
 */
export function roomNameOfClient(room: string, path: string): string {
  const name = room.replace(/^\/+/, '')
  const own = path !== '' && name.toLowerCase().startsWith(path.toLowerCase()) ? name.slice(path.length) : name
  return encodeURIComponent(decode(own).normalize('NFKC').toLowerCase().toWellFormed()).toLowerCase()
}

/** Decodes a text, or returns it as it is if its percent-encoding is invalid. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
