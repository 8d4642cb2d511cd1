import { CodedError, ExitCode } from '../../base/index.ts'

/** The wanted cluster does not fit into the loopback network. */
export class PodNetworkError extends CodedError {
  override readonly name = 'PodNetworkError'

  constructor(code: 'CHURN_POD_NETWORK_FULL' | 'CHURN_POD_ADDRESSES_USED_UP', message: string) {
    super(code, message, { exitCode: ExitCode.usage })
  }
}

/** A node's own port cannot be listened on. */
export function kubeletPortError(address: string, port: number, cause: unknown): CodedError {
  const { code } = cause as NodeJS.ErrnoException
  const why =
    code === 'EMFILE' || code === 'ENFILE'
      ? 'no file descriptors are left; raise "ulimit -n", run fewer nodes'
      : code === 'EADDRINUSE'
        ? 'the port is taken, perhaps by a kubelet of this machine, which listens on all addresses; stop it'
        : `it is refused (${code ?? String(cause)})`
  return new CodedError(
    'CHURN_KUBELET_PORT',
    `cannot listen on ${address}:${port}, where a node answers: ${why}, or do without (--no-kubelet-ports)`,
    { cause, exitCode: ExitCode.usage },
  )
}
