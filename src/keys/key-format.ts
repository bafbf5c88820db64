/** A key in a format that the service does not read: what it is, and a shell command that writes it as PEM. */
export type ForeignFormat = { name: string; command?: (path: string) => string }

/** Quotes a path for a POSIX shell. */
const quote = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`)

const NEW_FILE = 'new.pem'
const READ_PKEY = `openssl pkey -out ${NEW_FILE}`
const DER = `openssl pkey -inform DER -out ${NEW_FILE}`
const PRIVATE_PEM = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----/

/**
 * Recognizes a private key that is not plain PEM, but that one command converts.
 * @param bytes the content of the file
 * @returns undefined if the content is PEM or nothing that is known
 */
export const findForeignFormat = (bytes: Buffer): ForeignFormat | undefined => findBinary(bytes) ?? findText(bytes)

function findBinary(bytes: Buffer): ForeignFormat | undefined {
  const [first = 1, second = 1] = bytes
  const isUtf16 = [0xfffe, 0xfeff].includes(first * 256 + second) || (bytes.length > 1 && first * second === 0)
  if (isUtf16) {
    const encoding = first === 0xff || first === 0xfe ? 'UTF-16' : first === 0 ? 'UTF-16BE' : 'UTF-16LE'
    return { name: 'is UTF-16', command: (path) => `iconv -f ${encoding} -t UTF-8 ${path} | ${READ_PKEY}` }
  }
  // A SEQUENCE with a length of two bytes (X.690, section 8.1): every RSA key of 4096 bits in DER.
  if (first === 0x30 && second === 0x82) return { name: 'is DER', command: (path) => `${DER} -in ${path}` }
  return undefined
}

function findText(bytes: Buffer): ForeignFormat | undefined {
  const text = bytes.toString('utf8')
  if (text.startsWith('PuTTY-User-Key-File'))
    return { name: 'is a key of PuTTY; export it there with Conversions > Export OpenSSH key, and convert that file' }
  if (text.trimStart().startsWith('{')) return findJwk(text)
  return findBase64(text) ?? findDamagedPem(text)
}

const JWK_TO_PEM =
  'require("crypto").createPrivateKey({key:JSON.parse(require("fs").readFileSync(0)),format:"jwk"}).export({type:"pkcs8",format:"pem"})'

function findJwk(text: string): ForeignFormat | undefined {
  try {
    const jwk = JSON.parse(text) as { kty?: unknown; d?: unknown; keys?: unknown }
    if (jwk.keys !== undefined) return { name: 'is a JWK Set; save the private key alone, and convert that file' }
    if (jwk.kty === undefined) return undefined
    if (jwk.d === undefined) return { name: 'is a public key as JWK; mount the private key' }
    return { name: 'is a JWK', command: (path) => `node -p '${JWK_TO_PEM}' < ${path} > ${NEW_FILE}` }
  } catch {
    return undefined
  }
}

function findBase64(text: string): ForeignFormat | undefined {
  const isBase64 = /^[A-Za-z0-9+/=\s]{100,}$/.test(text)
  if (!isBase64) return undefined
  const decoded = Buffer.from(text, 'base64')
  const decode = (path: string) => `openssl base64 -d -A -in ${path}`
  // Without line breaks, because OpenSSL reads long lines only as a whole (-A).
  const oneLine = (path: string) => `tr -d '[:space:]' < ${path} | ${decode('/dev/stdin')}`
  if (PRIVATE_PEM.test(decoded.toString('latin1')))
    return { name: 'is PEM encoded as base64 once more', command: (path) => `${oneLine(path)} | ${READ_PKEY}` }
  if (decoded[0] === 0x30)
    return { name: 'is base64 without the lines BEGIN and END', command: (path) => `${oneLine(path)} | ${DER}` }
  return undefined
}

/** PEM that lost its line breaks, or got characters before its lines (RFC 7468, section 3). */
function findDamagedPem(text: string): ForeignFormat | undefined {
  if (!PRIVATE_PEM.test(text)) return undefined
  if (text.includes(String.raw`\n`)) {
    return {
      name: String.raw`contains the two characters \n instead of line breaks`,
      command: (path) => String.raw`sed 's/\\n/\n/g' ${path} | tr -d '"' | ${READ_PKEY}`,
    }
  }
  if (/^\s*["']-----BEGIN/.test(text))
    return { name: 'is in quotes', command: (path) => `tr -d "\\"'" < ${path} | ${READ_PKEY}` }
  const lines = text.trim().split(/\r?\n/)
  if (lines.length === 1) {
    return {
      name: 'contains blanks instead of line breaks',
      command: (path) =>
        String.raw`sed -E 's/-----(BEGIN|END) [A-Z ]*-----//g' ${path} | tr -d '[:space:]' | openssl base64 -d -A | ${DER}`,
    }
  }
  if (lines.some((line) => /^[ \t]/.test(line)))
    return { name: 'is indented', command: (path) => `sed 's/^[[:space:]]*//' ${path} | ${READ_PKEY}` }
  return undefined
}

/** @returns the end of a sentence that begins with the path */
export const describeFormat = ({ name, command }: ForeignFormat, path: string): string =>
  command === undefined ? `${name}.` : `${name}, but must be PEM. Convert it with: ${command(quote(path))}`
