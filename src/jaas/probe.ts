/**
 * Finds out whether the JaaS management endpoints can be reached. It sends no credential.
 * @param url the origin of the endpoints
 * @param timeoutMs how long the answer may take
 * @throws the error of the connection
 */
export async function reachJaas(url: string, timeoutMs: number): Promise<void> {
  await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
}
