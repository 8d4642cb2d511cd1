import { CodedError, ExitCode } from '../../base/index.ts'

/** One thing that is wrong with a configuration. */
export interface ConfigFault {
  /** The file, when it is not the main one. */
  readonly file: string | undefined
  /** Line in the file, from 1; 0 when the fault has no place, e.g. an unreadable file. */
  readonly line: number
  /** Where in the structure, e.g. `scrape_configs[0].kubernetes_sd_configs[0].role`; '' for the whole. */
  readonly path: string
  readonly message: string
}

/** Something in a configuration that is accepted but has no (full) effect here. */
export type ConfigWarning = ConfigFault

/** `line 12: scrape_configs[0].role: …`, one line. */
export function formatFault(fault: ConfigFault): string {
  const place = [
    fault.file ?? '',
    fault.line > 0 ? `line ${fault.line}` : '',
    fault.path === '' ? '' : fault.path,
    fault.message,
  ]
  return place.filter(part => part !== '').join(': ')
}

/** A configuration that cannot be used; tells all faults at once. */
export class ConfigError extends CodedError {
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[]) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`
    super(
      'CHURN_CONFIG',
      `the configuration has ${count}:\n${faults.map(fault => `  ${formatFault(fault)}`).join('\n')}`,
      {
        exitCode: ExitCode.usage,
      },
    )
    this.faults = faults
  }
}
