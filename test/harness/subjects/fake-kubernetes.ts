import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { ApiAccess } from '../../../harness/subjects/index.ts'

export interface FakeKubernetes {
  readonly api: ApiAccess
  /** All requests so far, those that were refused included. */
  readonly requests: readonly { readonly url: string; readonly authorization: string | undefined }[]
}

/**
 * One running pod behind one service, for ever: as much of a Kubernetes API as it takes for a real subject to find it
 * (list, watch, watch-list), over TLS and with a bearer token. The real thing is sim/apiserver, which this folder must
 * not depend on.
 */
export async function fakeKubernetes(t: Test, podPort: number): Promise<FakeKubernetes> {
  const objects = clusterOf(podPort)
  const requests: { url: string; authorization: string | undefined }[] = []
  const server = createHttps({ key: KEY, cert: CERT }, (request, response) => {
    const url = new URL(request.url!, 'https://127.0.0.1')
    requests.push({ url: request.url!, authorization: request.headers.authorization })
    response.setHeader('content-type', 'application/json')
    if (request.headers.authorization !== 'Bearer s3cret') {
      response.writeHead(401).end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 401 }))
      return
    }
    const resource = objects[url.pathname.split('/').at(-1)!]
    if (resource === undefined) {
      response.writeHead(404).end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 }))
      return
    }
    const { apiVersion, kind, items } = resource
    if (!url.searchParams.has('watch')) {
      const list = { apiVersion, kind: `${kind}List`, metadata: { resourceVersion: '10' }, items }
      response.end(JSON.stringify(list))
      return
    }
    // A watch stays open; the teardown ends it.
    response.flushHeaders()
    if (url.searchParams.get('sendInitialEvents') !== 'true') return
    for (const item of items)
      response.write(`${JSON.stringify({ type: 'ADDED', object: { apiVersion, kind, ...item } })}\n`)
    const annotations = { 'k8s.io/initial-events-end': 'true' }
    const bookmark = { apiVersion, kind, metadata: { resourceVersion: '10', annotations } }
    response.write(`${JSON.stringify({ type: 'BOOKMARK', object: bookmark })}\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { api: { url: `https://127.0.0.1:${port}`, token: 's3cret', caPem: CERT }, requests }
}

/** A target with a counter of its own scrapes. */
export async function fakeTarget(t: Test): Promise<{ readonly port: number; served(): number }> {
  let count = 0
  const server = createHttp((request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(request.url === '/custom' ? `# TYPE hits_total counter\nhits_total ${++count}\nthird 0.3125\n` : '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, served: () => count }
}

interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly items: readonly object[]
}

function clusterOf(port: number): Readonly<Record<string, Resource>> {
  const meta = (name: string): object => ({ name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '5' })
  const targetRef = { kind: 'Pod', namespace: 'shop', name: 'web-1', uid: 'uid-web-1' }
  const pod = {
    metadata: {
      ...meta('web-1'),
      labels: { app: 'web' },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': `${port}`, 'prometheus.io/path': '/custom' },
    },
    // The port in the specification is another: the annotation decides.
    spec: { nodeName: 'node-7', containers: [{ name: 'app', image: 'x', ports: [{ name: 'web', containerPort: 1 }] }] },
    status: {
      phase: 'Running',
      podIP: '127.0.0.1',
      podIPs: [{ ip: '127.0.0.1' }],
      hostIP: '127.0.0.1',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        { name: 'app', image: 'x', imageID: 'x', ready: true, restartCount: 0, state: { running: {} } },
      ],
    },
  }
  const service = {
    metadata: meta('front'),
    spec: { selector: { app: 'web' }, ports: [{ name: 'web', port: 80 }] },
    status: {},
  }
  const endpoints = {
    metadata: meta('front'),
    subsets: [
      {
        addresses: [{ ip: '127.0.0.1', nodeName: 'node-7', targetRef }],
        ports: [{ name: 'web', port: 1, protocol: 'TCP' }],
      },
    ],
  }
  const slice = {
    metadata: { ...meta('front-abc'), labels: { 'kubernetes.io/service-name': 'front' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true }, nodeName: 'node-7', targetRef }],
    ports: [{ name: 'web', port: 1, protocol: 'TCP' }],
  }
  return {
    pods: { apiVersion: 'v1', kind: 'Pod', items: [pod] },
    services: { apiVersion: 'v1', kind: 'Service', items: [service] },
    endpoints: { apiVersion: 'v1', kind: 'Endpoints', items: [endpoints] },
    endpointslices: { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', items: [slice] },
  }
}

/** Made for these tests and used by nothing else: 127.0.0.1, its own authority, good until 2126. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/zaoWSsWoDWnr18o
/l1Ii0IR8uj0+gTGNRU16aZtfBuhRANCAATriUmteOZ8JtuNpdW12HChkqHGhWcX
SxuhEDuYyKV8VFASa3oLB7Trc+VmUj8VhTXylk0aestPdDglFQJMslAG
-----END PRIVATE KEY-----
`
const CERT = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUKgAwIBAgIUPdWyUFZp9gGVI9UJ3va6DN6k8gMwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPZmFrZS1rdWJlcm5ldGVzMCAXDTI2MTEyMzA3MTcyOFoYDzIx
MjYxMDMwMDcxNzI4WjAaMRgwFgYDVQQDDA9mYWtlLWt1YmVybmV0ZXMwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAATriUmteOZ8JtuNpdW12HChkqHGhWcXSxuhEDuY
yKV8VFASa3oLB7Trc+VmUj8VhTXylk0aestPdDglFQJMslAGo2QwYjAdBgNVHQ4E
FgQU6LuSPIBPSs9HPX66RfdcfXqRSrMwHwYDVR0jBBgwFoAU6LuSPIBPSs9HPX66
RfdcfXqRSrMwDwYDVR0RBAgwBocEfwAAATAPBgNVHRMBAf8EBTADAQH/MAoGCCqG
SM49BAMCA0gAMEUCIQCt2wy8D6kfEnjn1ONQctxZ1DiVT+U7M8VfB0cFnBoQ4AIg
dEUwuKqxHNj1O4p0dPFl4mpUuN3HDr2P5iQ+EQV8vJw=
-----END CERTIFICATE-----
`
