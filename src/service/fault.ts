/** An error with a code of its own: the request was valid, but the service could not serve it. */
export class ServiceFault extends Error {
  override name = 'ServiceFault'
  readonly code:
    'overloaded' | 'client-aborted' | 'record-unavailable' | 'identity-provider-unavailable' | 'conference-unavailable'

  constructor(code: ServiceFault['code'], options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}

/** An error that an operator can fix, in a file or a setting. Each error is a sentence that says how. */
export class OperatorError extends Error {
  override name = 'OperatorError'
  readonly errors: readonly string[]

  /** @param errors sentences without secrets */
  constructor(errors: readonly string[], options?: ErrorOptions) {
    super(errors.join('\n'), options)
    this.errors = errors
  }
}
