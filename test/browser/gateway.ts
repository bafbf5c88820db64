import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { fileURLToPath } from 'node:url'

const ROOT = new URL('../../', import.meta.url)

/** The files that a page loads: the client with its types removed, its dependency, and what the page does itself. */
const SCRIPTS =
  /^\/(?:src\/client\/[a-z-]+\.ts|test\/browser\/page\/[a-z-]+\.ts|node_modules\/eventsource-parser\/dist\/[a-z]+\.js)$/

export type Gateway = {
  /** @returns the origin of a host */
  originOf(host: string): string
  /** Forwards the requests of the API to a service. */
  forwardTo(service: string): void
  close(): Promise<void>
}

/**
 * A reverse proxy with TLS on a free port, for any number of hosts: one of them is that of the service, and each serves
 * the page of the tests.
 * @param serviceHost the host of the service
 */
export async function openGateway(serviceHost: string): Promise<Gateway> {
  let service = ''
  const server = createServer(selfSignedCertificate(), (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'https://any')
    if (request.headers.host === new URL(originOf(serviceHost)).host && pathname.startsWith('/api/')) {
      return pass(service, request, response)
    }
    const file = fileOf(pathname, originOf(serviceHost))
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' }).end(file?.text)
  })
  const originOf = (host: string) => `https://${host}:${(server.address() as AddressInfo).port}`
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    originOf,
    forwardTo: (address) => void (service = address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Passes a request on, and the answer back as it arrives. Either side that closes closes the other. */
function pass(service: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request
  const onward = forward(new URL(url ?? '', service), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
    response.flushHeaders()
    pipeline(answer, response, () => undefined)
  })
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  pipeline(request, onward, () => undefined)
}

function fileOf(pathname: string, service: string): { type: string; text: string } | undefined {
  if (pathname === '/join') {
    return { type: 'text/html', text: read('test/browser/page/join.html').replace('SERVICE', service) }
  }
  if (!SCRIPTS.test(pathname)) return undefined
  const text = scripts.get(pathname) ?? compile(pathname)
  scripts.set(pathname, text)
  return { type: 'text/javascript', text }
}

/** What was compiled before, by path. */
const scripts = new Map<string, string>()

function compile(pathname: string): string {
  const text = read(pathname.slice(1))
  return pathname.endsWith('.ts') ? stripTypeScriptTypes(text) : text
}

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, ROOT)), 'utf8')

/** A certificate that no authority has signed. */
function selfSignedCertificate(): { key: string; cert: string } {
  const dir = mkdtempSync(join(tmpdir(), 'jts-certificate-'))
  try {
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
    const keyArguments = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key]
    execFileSync('openssl', ['req', '-x509', ...keyArguments, '-subj', '/CN=visits.test', '-out', cert], {
      stdio: 'ignore',
    })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(dir, { recursive: true })
  }
}
