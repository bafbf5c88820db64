/** A fault with a code of its own: the request was in order, the service could not serve it. */
export class ServiceFault extends Error {
  override name = 'ServiceFault'
  readonly code:
    'overloaded' | 'client-aborted' | 'record-unavailable' | 'identity-provider-unavailable' | 'conference-unavailable'

  constructor(code: ServiceFault['code'], options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}

/** Something that an operator can correct, in a file or a setting: each error is a sentence that says what to do. */
export class OperatorError extends Error {
  override name = 'OperatorError'
  readonly errors: readonly string[]

  /** @param errors sentences that never contain a secret */
  constructor(errors: readonly string[], options?: ErrorOptions) {
    super(errors.join('\n'), options)
    this.errors = errors
  }
}
