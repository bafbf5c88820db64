import { connect } from 'node:net'

/** A kept-alive connection with one request under way at most. */
export type Connection = {
  /** @param done gets the status once the answer is here whole; 0 where the connection broke */
  send(request: Buffer, done: (status: number) => void): void
  close(): void
}

/** Opens a connection to a port of this machine; reads of an answer no more than has to be read to find its end. */
export async function openConnection(port: number): Promise<Connection> {
  let waiting: ((status: number) => void) | undefined
  const answer = (status: number) => {
    const done = waiting
    waiting = undefined
    done?.(status)
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => undefined)
  socket.on('close', () => answer(0))
  socket.on('data', answerReader(answer))
  return {
    send(request, done) {
      waiting = done
      socket.write(request)
    },
    close: () => socket.destroy(),
  }
}

const NOTHING = Buffer.alloc(0)

/** Tells the status of each answer at its end; every answer has to name its length. */
function answerReader(answer: (status: number) => void): (chunk: Buffer) => void {
  let head: Buffer = NOTHING
  let bodyBytesLeft = 0
  let status = 0
  return (chunk) => {
    if (bodyBytesLeft > 0) bodyBytesLeft -= chunk.length
    else {
      const bytes = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      const end = bytes.indexOf('\r\n\r\n')
      head = end < 0 ? bytes : NOTHING
      if (end < 0) return
      const text = bytes.toString('latin1', 0, end)
      status = Number(text.slice(9, 12))
      const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
      if (length === undefined) throw new Error(`an answer without a length: ${text}`)
      bodyBytesLeft = Number(length) - (bytes.length - end - 4)
    }
    if (bodyBytesLeft <= 0) {
      bodyBytesLeft = 0
      answer(status)
    }
  }
}
