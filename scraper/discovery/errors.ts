import { CodedError, ExitCode } from '../../base/index.ts'

/** Kubernetes discovery cannot even begin: no API server, no credentials, a kubeconfig that says nothing usable. */
export class DiscoveryConfigError extends CodedError {
  constructor(message: string, cause?: unknown) {
    super('CHURN_DISCOVERY_CONFIG', message, { cause, exitCode: ExitCode.usage })
  }
}
