/** The start and end of an appointment, in epoch milliseconds. */
type AppointmentTimes = { startsAt: number; endsAt: number }

/**
 * The admission window of consultations, in milliseconds: how long before the start each role may enter, and how long after
 * the end entering stays possible.
 */
export type Window = { beforeMs: ReadonlyMap<string, number>; otherBeforeMs: number; graceMs: number }

/** @returns when the admission window closes, in epoch milliseconds: from then on nobody may enter */
export const closesAt = ({ endsAt }: Pick<AppointmentTimes, 'endsAt'>, { graceMs }: Window): number => endsAt + graceMs

/** @returns when the admission window opens for a role, in epoch milliseconds */
export const opensAt = (
  { startsAt }: Pick<AppointmentTimes, 'startsAt'>,
  { beforeMs, otherBeforeMs }: Window,
  role: string,
): number => startsAt - (beforeMs.get(role) ?? otherBeforeMs)
