import { execFileSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPrivateKey, toPublicPem } from '../../src/keys/private-key.ts'
import { tempDir, testKeyPem } from '../kit.ts'

const PEM = testKeyPem()
const KEY = createPrivateKey(PEM)
const PKCS1 = KEY.export({ type: 'pkcs1', format: 'pem' })
const DER = KEY.export({ type: 'pkcs8', format: 'der' })
const PKCS1_DER = KEY.export({ type: 'pkcs1', format: 'der' })
const lines = (text: string) => text.trim().split('\n')

/** Formats with the words that name them. Each error gives a command. */
const FORMATS: [string, string | Buffer, RegExp][] = [
  ['PEM as base64', Buffer.from(PEM).toString('base64'), /is PEM encoded as base64 once more/],
  [
    'PEM as base64 with line breaks',
    `${(
      Buffer.from(PEM)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n')}\n`,
    /base64 once more/,
  ],
  ['PKCS#1 as base64', Buffer.from(PKCS1).toString('base64'), /base64 once more/],
  ['base64 without BEGIN and END', DER.toString('base64'), /is base64 without the lines BEGIN and END/],
  ['the body of the PEM alone', lines(PEM).slice(1, -1).join('\n'), /is base64 without/],
  ['DER', DER, /is DER/],
  ['DER of PKCS#1', PKCS1_DER, /is DER/],
  ['UTF-16 LE with a byte order mark', Buffer.from(`\ufeff${PEM}`, 'utf16le'), /is UTF-16/],
  ['UTF-16 BE with a byte order mark', Buffer.from(`\ufeff${PEM}`, 'utf16le').swap16(), /is UTF-16/],
  ['UTF-16 LE', Buffer.from(PEM, 'utf16le'), /is UTF-16/],
  ['UTF-16 BE', Buffer.from(PEM, 'utf16le').swap16(), /is UTF-16/],
  [
    'indented PEM',
    lines(PEM)
      .map((line) => `    ${line}`)
      .join('\n'),
    /is indented/,
  ],
  [
    'PEM indented by tabs',
    lines(PEM)
      .map((line) => `\t${line}`)
      .join('\n'),
    /is indented/,
  ],
  ['PEM in one line', lines(PEM).join(' '), /contains blanks instead of line breaks/],
  ['PEM in quotes', `"${PEM.trim()}"\n`, /is in quotes/],
  ['literal \\n', PEM.replaceAll('\n', String.raw`\n`), /the two characters \\n/],
  ['a JWK', JSON.stringify(KEY.export({ format: 'jwk' })), /is a JWK/],
  ['a JWK on several lines', JSON.stringify({ kid: 'k', ...KEY.export({ format: 'jwk' }) }, null, 2), /is a JWK/],
]

describe.each([
  ['a plain path', 'abc123.pem'],
  ['a path with a blank and a quote', "it's a key.pem"],
])('with %s', (_where, name) => {
  it.each(FORMATS)('%s is named, and the command of the error converts it', (_what, content, words) => {
    const dir = tempDir()
    const path = join(dir, name)
    writeFileSync(path, content, { mode: 0o600 })
    const message = messageOf(path)
    expect(message).toMatch(words)
    const command = /Convert it with: (.*)$/s.exec(message)?.[1] ?? ''
    execFileSync('sh', ['-ec', command], { cwd: dir, stdio: 'pipe' })
    const converted = readPrivateKey(withMode(join(dir, 'new.pem')))
    expect(toPublicPem(converted)).toBe(toPublicPem(KEY))
    expect(readFileSync(path)).toStrictEqual(Buffer.from(content))
  })
})

it.each([
  ['a JWK Set', JSON.stringify({ keys: [KEY.export({ format: 'jwk' })] }), /is a JWK Set; save the private key alone/],
  ['a public JWK', JSON.stringify({ kty: 'RSA', n: 'x', e: 'AQAB' }), /is a public key as JWK; mount the private key/],
  ['a key of PuTTY', 'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n', /is a key of PuTTY; export it/],
  ['other JSON', '{"type": "service_account"}', /is not a private key in PEM/],
  ['base64 of something else', Buffer.from('x'.repeat(200)).toString('base64'), /is not a private key in PEM/],
])('%s is named', (_what, content, words) => {
  const path = join(tempDir(), 'k.pem')
  writeFileSync(path, content, { mode: 0o600 })
  expect(messageOf(path)).toMatch(words)
  expect(existsSync(path)).toBe(true)
})

function messageOf(path: string): string {
  try {
    readPrivateKey(path)
  } catch (error) {
    const { message } = error as Error
    // A part of the key in any of the formats.
    expect(message).not.toMatch(/[A-Za-z0-9+/]{60}/)
    return message
  }
  throw new Error('the key was read')
}

/** A shell creates files by its umask; the service refuses files that others can write. */
function withMode(path: string): string {
  execFileSync('chmod', ['go-w', path])
  return path
}
