import { CodedError, ExitCode } from '../../base/index.ts'

/** Operating errors of the API server process; refusals of single requests are `ApiError`s. */
export class ApiServerError extends CodedError {
  override readonly name = 'ApiServerError'
}

export function portUnavailable(host: string, port: number, cause: unknown): ApiServerError {
  const why =
    (cause as NodeJS.ErrnoException).code === 'EACCES' ? 'may not be opened by this user' : 'is already in use'
  return new ApiServerError(
    'CHURN_API_PORT',
    `port ${port} of ${host} ${why}; choose another one for the API server, or 0 for any free one`,
    { cause, exitCode: ExitCode.usage },
  )
}

export function kubeconfigUnwritable(path: string, cause: unknown): ApiServerError {
  return new ApiServerError('CHURN_KUBECONFIG', `the kubeconfig file ${path} cannot be written`, {
    cause,
    exitCode: ExitCode.usage,
  })
}
