import { Type } from '@sinclair/typebox'
import type { PageConfig } from '../../contract/page-config.ts'
import type { App } from '../server/app-type.ts'

/** Adds `GET /page-config.json`, which a page reads before anybody signs in. */
export function addPageConfig(app: App, pageConfig: PageConfig): void {
  app.get(
    '/page-config.json',
    {
      config: { bucket: 'keys', problems: ['malformed-request', 'rate-limited', 'headers-too-large'] },
      schema: {
        operationId: 'readPageConfig',
        summary: 'Read the configuration of the consultation page',
        description: 'Public: it contains nothing that a visitor of the page must not know.',
        security: [],
        response: { 200: Type.Unsafe<PageConfig>(Type.Ref('PageConfig')) },
      },
    },
    () => pageConfig,
  )
}
