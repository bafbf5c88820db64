import { ServiceFault } from '../../service/fault.ts'

/**
 * Runs a piece of work, and translates every error of the database.
 * @throws ServiceFault `record-unavailable`, with the error of the database as its cause
 */
export async function translateErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new ServiceFault('record-unavailable', { cause })
  }
}
