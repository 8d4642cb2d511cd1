import { CodedError, ExitCode } from '../../base/index.ts'

/** A certificate, key, token or password file that a request needs cannot be read. */
export class CredentialError extends CodedError {
  constructor(path: string, cause: unknown) {
    super('CHURN_CREDENTIAL', `cannot read ${path}; check that it exists and that the scraper may read it`, {
      cause,
      exitCode: ExitCode.usage,
    })
  }
}
