import { ServiceFault } from '../../service/fault.ts'

/** Whatever a database throws means that the record is not to be had now. @throws ServiceFault `record-unavailable` */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new ServiceFault('record-unavailable', { cause })
  }
}
