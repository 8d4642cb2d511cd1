import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Prng, SystemClock } from '../../../base/index.ts'
import { loadConfig } from '../../../scraper/config/index.ts'
import { DiscoveryManager } from '../../../scraper/discovery/index.ts'
import { ScrapeManager } from '../../../scraper/scrape/index.ts'
import { RecordingStorage } from '../recording-storage.ts'
import { CERTIFICATE, PRIVATE_KEY } from './tls-fixture.ts'

t.test('API server and target over TLS: with their CA, without checking, and refused without either', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'churn-tls-'))
  writeFileSync(join(dir, 'ca.crt'), CERTIFICATE)
  writeFileSync(join(dir, 'token'), 'secret\n')
  const server = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (request, response) => {
    if (request.url === '/metrics') {
      response.setHeader('content-type', 'text/plain').end('a 1\n')
      return
    }
    if (request.headers.authorization !== 'Bearer secret') {
      response.writeHead(401).end()
      return
    }
    const { port } = server.address() as AddressInfo
    const pod = {
      metadata: { name: 'p', namespace: 'ns' },
      spec: { containers: [{ name: 'c', ports: [{ containerPort: port }] }] },
      status: { podIP: '127.0.0.1' },
    }
    response.setHeader('content-type', 'application/json')
    response.write(`${JSON.stringify({ type: 'ADDED', object: pod })}\n`)
    const annotations = { 'k8s.io/initial-events-end': 'true' }
    response.write(
      `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1', annotations } } })}\n`,
    )
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', () => resolve())
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
    rmSync(dir, { recursive: true })
  })
  const { port } = server.address() as AddressInfo
  const job = (name: string, tls: object): object => ({
    job_name: name,
    scheme: 'https',
    tls_config: tls,
    kubernetes_sd_configs: [
      {
        role: 'pod',
        api_server: `https://127.0.0.1:${port}`,
        authorization: { credentials_file: 'token' },
        tls_config: tls,
      },
    ],
  })
  const config = loadConfig(
    JSON.stringify({
      scrape_configs: [
        job('ca', { ca_file: 'ca.crt' }),
        job('inline', { ca: CERTIFICATE }),
        job('unchecked', { insecure_skip_verify: true }),
        job('unknown', {}),
        {
          job_name: 'unknown-target',
          scheme: 'https',
          static_configs: [{ targets: [`127.0.0.1:${port}`] }],
        },
      ],
    }),
    { baseDir: dir },
  )
  const clock = new SystemClock()
  const failures: string[] = []
  const scraper = new ScrapeManager(clock, new Prng('t'), new RecordingStorage())
  const discovery = new DiscoveryManager(clock, new Prng('t'), {
    onUpdate: (name, groups) => scraper.update(name, groups),
    log: (_, __, fields) => failures.push(String(fields?.['error'])),
  })
  t.teardown(() => {
    discovery.stop()
    scraper.stop()
  })
  scraper.applyConfig(config)
  discovery.applyConfig(config)
  const isSettled = (): boolean => {
    const targets = scraper.activeTargets()
    return failures.length > 0 && targets.length === 4 && targets.every(({ health }) => health !== 'unknown')
  }
  while (!isSettled()) await new Promise(next => setImmediate(next))
  t.match(failures[0], /self.signed/)
  t.same(
    scraper.activeTargets().map(({ scrapePool, health }) => [scrapePool, health]),
    [
      ['ca', 'up'],
      ['inline', 'up'],
      ['unchecked', 'up'],
      ['unknown-target', 'down'],
    ],
  )
  t.match(scraper.activeTargets()[3]!.lastError, /self.signed/)
})
