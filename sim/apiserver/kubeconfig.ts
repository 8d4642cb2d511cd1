import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { stringify } from 'yaml'
import { makeFolder } from '../../base/index.ts'
import { kubeconfigUnwritable } from './errors.ts'

const NAME = 'churnbench'

export interface KubeconfigOptions {
  readonly url: string
  /** Absent for plain HTTP. */
  readonly caPem?: string | undefined
  readonly token: string
  /** Shown instead of the token, where it is given. PEM. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string }
}

/**
 * Writes a kubeconfig that carries all it needs: one cluster, one user, one context, all named `churnbench`.
 *
 * Readable by its owner only, since it holds the token; replaces an existing file in one step.
 *
 * @throws CodedError CHURN_KUBECONFIG
 */
export async function writeKubeconfig(path: string, options: KubeconfigOptions): Promise<void> {
  const { url, caPem, token, clientCertificate } = options
  const authority = caPem === undefined || caPem === '' ? {} : { 'certificate-authority-data': base64(caPem) }
  const user =
    clientCertificate === undefined
      ? { token }
      : {
          'client-certificate-data': base64(clientCertificate.cert),
          'client-key-data': base64(clientCertificate.key),
        }
  const text = stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: NAME, cluster: { server: url, ...authority } }],
      users: [{ name: NAME, user }],
      contexts: [{ name: NAME, context: { cluster: NAME, user: NAME, namespace: 'default' } }],
      'current-context': NAME,
    },
    { lineWidth: 0 },
  )
  const draft = `${path}.${process.pid}.tmp`
  try {
    makeFolder(dirname(path))
    await writeFile(draft, text, { mode: 0o600 })
    await rename(draft, path)
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw kubeconfigUnwritable(path, cause)
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
