import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { buildApp } from '../../src/app/app.ts'
import { readConfig } from '../../src/config/config.ts'
import { compose, type Deps } from '../../src/app/compose.ts'

/**
 * The service as `src/main.ts` starts it, with or without a record: what the record costs is the difference. Only a benchmark
 * may leave it out.
 */
const { config, errors } = readConfig(process.env)
const logger = pino({ level: config.LOG_LEVEL })
const opened = await compose(config, logger, errors)
const noLedger: Deps['ledger'] = { append: () => Promise.resolve('none:1'), probe: () => Promise.resolve() }
const parts = process.argv[2] === 'without-record' ? { ...opened, ledger: noLedger } : opened
const app = await buildApp(config, parts, logger)
app.addHook('onClose', () => opened.close())
await app.listen({ host: config.HOST, port: config.PORT })
closeWithGrace({ delay: 5000, logger }, () => app.close())
logger.info('ready')
