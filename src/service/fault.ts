/** A fault with a code of its own: the request was in order, the service could not serve it. */
export class ServiceFault extends Error {
  override name = 'ServiceFault'
  readonly code:
    'overloaded' | 'client-gone' | 'record-unavailable' | 'identity-provider-unavailable' | 'conference-unavailable'

  constructor(code: ServiceFault['code'], options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}
