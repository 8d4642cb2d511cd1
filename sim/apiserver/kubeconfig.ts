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
}

/**
 * Writes a kubeconfig that carries all it needs: one cluster, one user, one context, all named `churnbench`.
 *
 * Readable by its owner only, since it holds the token; replaces an existing file in one step.
 *
 * @throws CodedError CHURN_KUBECONFIG
 */
export async function writeKubeconfig(path: string, { url, caPem, token }: KubeconfigOptions): Promise<void> {
  const authority =
    caPem === undefined || caPem === '' ? {} : { 'certificate-authority-data': Buffer.from(caPem).toString('base64') }
  const text = stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: NAME, cluster: { server: url, ...authority } }],
      users: [{ name: NAME, user: { token } }],
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
