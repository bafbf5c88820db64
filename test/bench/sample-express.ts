import { readFileSync } from 'node:fs'
import express from 'express'
import jwt from 'jsonwebtoken'

/**
 * A token endpoint as the usual samples write it: Express and jsonwebtoken, which signs on the event loop, with the key as PEM
 * at every call. It knows no caller, keeps no limit and no record.
 */
const privateKey = readFileSync(process.argv[2] ?? '', 'utf8')

type Asked = { roomId: string; userId: string; userName: string; userRole: string }

const app = express()
app.use(express.json())
app.get('/livez', (_request, response) => {
  response.json({ status: 'ok' })
})
app.post('/api/jitsi/token', (request, response) => {
  const { roomId, userId, userName, userRole } = request.body as Asked
  const now = Math.floor(Date.now() / 1000)
  const moderator = userRole === 'doctor'
  const token = jwt.sign(
    {
      aud: 'jitsi',
      iss: 'chat',
      sub: 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe',
      room: roomId,
      iat: now,
      nbf: now - 10,
      exp: now + 5400,
      context: {
        user: { id: userId, name: userName, moderator },
        features: { livestreaming: false, recording: moderator, transcription: moderator, 'outbound-call': false },
        room: { regex: false },
      },
    },
    privateKey,
    { algorithm: 'RS256', header: { alg: 'RS256', kid: 'vpaas-magic-cookie-1fc542a3e4414a44b2611668195e2bfe/bench' } },
  )
  response.json({ token })
})
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as { port: number }).port)
})
