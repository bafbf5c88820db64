import type { Development } from './parts.ts'

const EXAMPLE = {
  roomId: 'bharattelemed-p1042-d77-1764000000',
  userId: 'doctor-77',
  userName: 'Dr. Meera Iyer',
  userRole: 'doctor',
}

/**
 * What a developer is told at start: that this is no production, and how to get a token.
 * @param address where the service listens
 */
export function developmentNotice(address: string, { apiKey, madeKeyFile }: Development): string {
  const lines = [
    '',
    '*** DEVELOPMENT: NODE_ENV is not production. Do not put this in front of patients. ***',
    ...(madeKeyFile === undefined ? [] : [`Made a signing key that no Jitsi knows: ${madeKeyFile}`]),
    ...(apiKey === undefined
      ? []
      : [
          'Made a caller for this run alone. Its API key is shown here once:',
          `  ${apiKey}`,
          'Ask for a token:',
          `  curl -sS ${address}/api/jitsi/token -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '${JSON.stringify(EXAMPLE)}'`,
        ]),
    '',
  ]
  return `${lines.join('\n')}\n`
}
