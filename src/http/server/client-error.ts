import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ProblemCode } from '../../contract/problem.ts'
import type { NewId } from '../../service/ports.ts'
import { PROBLEM_TYPE, problemDocument } from './problems.ts'

const CODES: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** Creates the handler of connection errors, which answers bytes that Node.js cannot parse as an HTTP request. */
export function createClientErrorHandler(newId: NewId) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    // No answer reaches a client that disconnected, or follows an answer that has begun.
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
