import type { FastifyBaseLogger } from 'fastify'
import { ConfigurationError } from '../config/config.ts'
import type { App } from '../http/server/app-type.ts'

/** Where an application listens, and the setting of its port, which errors name. */
export type ListenOptions = { host: string; port: number; portSetting: 'PORT' | 'METRICS_PORT' }

/** The address of every interface by both IP versions, and its replacement on hosts without IPv6. */
const [ANY, ANY_IPV4] = ['::', '0.0.0.0']

/** Errors of hosts that have no IPv6. */
const WITHOUT_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

/**
 * Starts to listen. `::` accepts IPv4 and IPv6; on a host without IPv6 it becomes `0.0.0.0`, with a line in the log.
 * @returns the URL of the application for this machine
 * @throws ConfigurationError if the setting of the host or of the port has to change
 */
export async function listen(app: App, options: ListenOptions, logger: FastifyBaseLogger): Promise<string> {
  const { host, port } = options
  try {
    const address = await app.listen({ host, port })
    return address.replace(/\/\/(?:\[::\]|0\.0\.0\.0):/, '//localhost:')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (host === ANY && WITHOUT_IPV6.has(code)) {
      logger.warn({ code }, 'this host has no IPv6; listening on IPv4 only')
      return listen(app, { ...options, host: ANY_IPV4 }, logger)
    }
    const explained = explainListenError(code, options)
    throw explained === undefined ? error : new ConfigurationError([explained])
  }
}

function explainListenError(code: string, { port, portSetting }: ListenOptions): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `${portSetting}: port ${port} is in use by another process; stop that process, or set another port.`
    case 'EACCES':
      return `${portSetting}: this process may not listen on port ${port}; set a port above 1023, or grant CAP_NET_BIND_SERVICE.`
    case 'EADDRNOTAVAIL':
      return 'HOST: no network interface of this machine has this address; set :: for all of them, or correct the address.'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'HOST: the host name cannot be resolved; correct it, or set an address.'
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return 'HOST: this machine does not support this kind of address; set an address of another IP version.'
    default:
      return undefined
  }
}
