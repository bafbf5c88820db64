/**
 * Names the reason why a server cannot be reached, without values of the request.
 * @param error an error of a socket, of `fetch` or of a client library; a host with several addresses gives one error each
 * @returns a code such as ECONNREFUSED, or the message
 */
export function reasonOf(error: unknown): string {
  const { cause, errors, code, name, message } = error as Partial<
    Record<'cause' | 'errors' | 'code' | 'name' | 'message', unknown>
  >
  if (Array.isArray(errors) && errors.length > 0) return reasonOf(errors[0])
  if (cause !== undefined) return reasonOf(cause)
  if (name === 'TimeoutError') return 'no answer in time'
  if (typeof code === 'string') return code
  return typeof message === 'string' && message !== '' ? message : 'unknown error'
}
