import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { parse } from 'yaml'
import { describeError } from '../../../base/index.ts'
import type { HttpClientConfig, KubernetesDiscoveryConfig } from '../../config/index.ts'
import { DiscoveryConfigError } from '../errors.ts'

/** Where an API server is and how to be let in. */
export interface KubeEndpoint {
  /** Origin and base path, without a slash at the end. */
  readonly url: string
  readonly http: HttpClientConfig
  /** The namespace that this process runs in; '' outside a cluster. */
  readonly ownNamespace: string
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** @throws DiscoveryConfigError when the endpoint cannot be made out. */
export function kubeEndpoint(
  config: KubernetesDiscoveryConfig,
  env: Readonly<Record<string, string | undefined>> = process.env,
): KubeEndpoint {
  if (config.apiServer !== undefined) return { url: config.apiServer, http: config.http, ownNamespace: '' }
  if (config.kubeconfigFile !== undefined) return fromKubeconfig(config.kubeconfigFile, config.http)
  return inCluster(config.http, env)
}

function inCluster(http: HttpClientConfig, env: Readonly<Record<string, string | undefined>>): KubeEndpoint {
  const host = env['KUBERNETES_SERVICE_HOST']
  const port = env['KUBERNETES_SERVICE_PORT']
  const tokenFile = join(SERVICE_ACCOUNT, 'token')
  if (host === undefined || port === undefined || !existsSync(tokenFile)) {
    throw new DiscoveryConfigError(
      'kubernetes_sd_configs has neither api_server nor kubeconfig_file, and this is not a pod: give one of them',
    )
  }
  const namespaceFile = join(SERVICE_ACCOUNT, 'namespace')
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    http: {
      ...http,
      authorization: { type: 'Bearer', credentials: '', credentialsFile: tokenFile },
      tls: { ...http.tls, caFile: join(SERVICE_ACCOUNT, 'ca.crt') },
    },
    ownNamespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : '',
  }
}

interface Kubeconfig {
  readonly 'current-context'?: string
  readonly contexts?: readonly { name: string; context?: { cluster?: string; user?: string } }[]
  readonly clusters?: readonly { name: string; cluster?: Readonly<Record<string, unknown>> }[]
  readonly users?: readonly { name: string; user?: Readonly<Record<string, unknown>> }[]
}

function fromKubeconfig(path: string, http: HttpClientConfig): KubeEndpoint {
  let kubeconfig: Kubeconfig | null
  try {
    kubeconfig = parse(readFileSync(path, 'utf8')) as Kubeconfig | null
  } catch (error) {
    throw new DiscoveryConfigError(`cannot read the kubeconfig file ${path}: ${describeError(error)}`)
  }
  const contextName = kubeconfig?.['current-context'] ?? ''
  const context = kubeconfig?.contexts?.find(entry => entry.name === contextName)?.context
  const cluster = kubeconfig?.clusters?.find(entry => entry.name === context?.cluster)?.cluster
  const user = kubeconfig?.users?.find(entry => entry.name === context?.user)?.user ?? {}
  const server = text(cluster?.['server'])
  if (cluster === undefined || !URL.canParse(server)) {
    throw new DiscoveryConfigError(
      `the kubeconfig file ${path} names no server: its current-context ${JSON.stringify(contextName)} must lead to a cluster`,
    )
  }
  for (const method of ['exec', 'auth-provider']) {
    if (method in user) {
      throw new DiscoveryConfigError(
        `the kubeconfig file ${path} authenticates by ${method}, which is not supported; use a token or a certificate`,
      )
    }
  }
  const file = (value: unknown): string => {
    const name = text(value)
    return name === '' || isAbsolute(name) ? name : join(dirname(path), name)
  }
  const token = text(user['token'])
  const tokenFile = file(user['tokenFile'])
  const username = text(user['username'])
  return {
    url: server.replace(/\/+$/, ''),
    http: {
      ...http,
      basicAuth:
        username === ''
          ? undefined
          : { username, usernameFile: '', password: text(user['password']), passwordFile: '' },
      authorization:
        token === '' && tokenFile === ''
          ? undefined
          : { type: 'Bearer', credentials: tokenFile === '' ? token : '', credentialsFile: tokenFile },
      tls: {
        ...http.tls,
        ca: base64(cluster['certificate-authority-data']),
        caFile: file(cluster['certificate-authority']),
        cert: base64(user['client-certificate-data']),
        certFile: file(user['client-certificate']),
        key: base64(user['client-key-data']),
        keyFile: file(user['client-key']),
        serverName: text(cluster['tls-server-name']),
        insecureSkipVerify: cluster['insecure-skip-tls-verify'] === true,
      },
    },
    ownNamespace: '',
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function base64(value: unknown): string {
  return Buffer.from(text(value), 'base64').toString('utf8')
}
