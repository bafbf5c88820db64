import { port, text } from './readers.ts'
import { secretSetting, setting } from './setting.ts'

/** Access to the metrics. */
export const METRICS_SETTINGS = {
  METRICS_PORT: setting(port, {
    fallback: undefined,
    shown: 'the port of the service; in production without `METRICS_TOKEN`, 9464',
    about: 'Separate port for `/metrics`. If there is one, `/metrics` is served on no other port.',
  }),
  METRICS_TOKEN: secretSetting(text(/^[\x21-\x7e]{16,512}$/, '16 to 512 printable ASCII characters without spaces'), {
    fallback: undefined,
    about: 'Bearer token that a scraper must present for `/metrics`.',
  }),
}
