import { describeError, ExitCode, SystemClock } from '../../base/index.ts'
import { readConfig } from './config.ts'
import { writeLedger } from './ledger.ts'
import { parseOptions, UsageError } from './options.ts'
import { CalibrationSubject } from './subject.ts'

/** The calibration subject as a program: runs until SIGTERM, then writes its ledger. */
try {
  const options = parseOptions(process.argv.slice(2))
  const clock = new SystemClock()
  const subject = new CalibrationSubject(clock, readConfig(options.configFile), options)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      // Before the connections end: what they are cut off from was not asked for any more.
      writeLedger(options.ledgerFile, subject.ledger)
      void subject.stop().finally(() => process.exit(ExitCode.ok))
    })
  }
  await subject.start(options.port)
} catch (error) {
  const usage = error instanceof UsageError
  process.stderr.write(`${usage ? error.message : describeError(error)}\n`)
  process.exitCode = usage ? ExitCode.usage : ExitCode.internal
}
