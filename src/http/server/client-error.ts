import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ProblemCode } from '../../contract/problem.ts'
import type { NewId } from '../../service/ports.ts'
import { PROBLEM_TYPE, problemDocument } from './problems.ts'

const CODES: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** Makes the answer to bytes that are not HTTP, before there is a request to speak of. */
export function createClientErrorHandler(newId: NewId) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    // A client that went away, or one that was answered in part already, is told nothing.
    if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
      socket.destroy()
      return
    }
    const document = problemDocument({ code: CODES[error.code ?? ''] ?? 'malformed-request' }, newId())
    const body = JSON.stringify(document)
    socket.end(
      `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    )
  }
}
