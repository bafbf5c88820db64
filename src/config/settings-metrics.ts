import { port, setting } from './setting.ts'

/** Who may read the metrics, and where. */
export const METRICS_SETTINGS = {
  METRICS_PORT: setting(
    undefined as number | undefined,
    'that of the service',
    port,
    'a port number',
    'Port of its own for `/metrics`, which then is at no other.',
  ),
  METRICS_TOKEN: {
    ...setting(
      undefined as string | undefined,
      'none',
      (text: string) => (/^[\x21-\x7e]{16,512}$/.test(text) ? text : undefined),
      '16 to 512 ASCII characters without blanks',
      'What a scraper has to present for `/metrics`, behind `Bearer`.',
    ),
    secret: true as const,
  },
}
