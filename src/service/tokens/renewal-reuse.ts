import type { Requester } from '../requester.ts'
import { isReuse, type Renewable } from '../../rules/tokens/renewal.ts'
import type { AuditReader } from '../audit/ports.ts'
import { DONE, recordAction, type RecordDeps } from '../audit/record.ts'

type ReportReuseDeps = RecordDeps & {
  reader: Pick<AuditReader, 'findFirstRenewal'>
  metrics: { countRenewalReuse(): void }
}

/**
 * Records and counts the renewal of a token that was renewed more than a minute ago. The renewal itself is permitted: the
 * person may have come back to an old tab.
 * @throws ServiceFault `record-unavailable`
 */
export async function reportReuse(
  deps: ReportReuseDeps,
  requester: Requester,
  { jti, fields }: Pick<Renewable, 'jti' | 'fields'>,
  consultation: string,
): Promise<void> {
  if (!isReuse(await deps.reader.findFirstRenewal(jti), deps.clock())) return
  const subject = { consultation, room: fields.roomId, userId: fields.userId, renews: jti }
  await recordAction(deps, requester, 'token.reuse', DONE, subject)
  deps.metrics.countRenewalReuse()
}
