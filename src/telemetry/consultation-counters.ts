import { Counter, Gauge, type Registry } from 'prom-client'

export function createConsultationMetrics(registers: Registry[]) {
  const changes = new Counter({
    name: 'jts_consultations_total',
    help: 'Consultations created, changed, ended and cancelled, and participants admitted.',
    labelNames: ['what'],
    registers,
  })
  const streams = new Gauge({
    name: 'jts_event_streams',
    help: 'Open event streams of this instance.',
    registers,
  })
  const redemptions = new Counter({
    name: 'jts_invitations_redeemed_total',
    help: 'Redemptions of invitations by outcome: new, again (by a browser that is already bound), moved (from another browser), refused.',
    labelNames: ['outcome'],
    registers,
  })
  for (const what of ['created', 'changed', 'ended', 'cancelled', 'admitted']) changes.inc({ what }, 0)
  for (const outcome of ['new', 'again', 'moved', 'refused']) redemptions.inc({ outcome }, 0)
  return {
    countConsultation: (what: 'created' | 'changed' | 'ended' | 'cancelled' | 'admitted'): void =>
      changes.inc({ what }),
    /** Sets the number of open event streams. */
    setOpenStreams: (open: number): void => streams.set(open),
    /** Counts a redemption; `again` is one by a browser that is already bound, `moved` one that ends another session. */
    countRedemption: (outcome: 'new' | 'again' | 'moved' | 'refused'): void => redemptions.inc({ outcome }),
  }
}

export function createRenewalMetrics(registers: Registry[]) {
  const renewals = new Counter({
    name: 'jts_renewals_total',
    help: 'Token renewals by outcome: issued, waiting (the participant has to be admitted first), refused.',
    labelNames: ['outcome'],
    registers,
  })
  const reuses = new Counter({
    name: 'jts_renewal_reuses_total',
    help: 'Renewals of a token that was renewed more than a minute before, which may be in the hands of two people.',
    registers,
  })
  for (const outcome of ['issued', 'waiting', 'refused']) renewals.inc({ outcome }, 0)
  return {
    countRenewalReuse: (): void => reuses.inc(),
    /** Counts a renewal. */
    countRenewal: (outcome: 'issued' | 'waiting' | 'refused'): void => renewals.inc({ outcome }),
  }
}
