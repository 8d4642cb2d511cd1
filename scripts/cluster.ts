import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { ExitCode } from '../base/index.ts'
import { startCluster } from '../harness/index.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { uiOption, uiPort } from './ui-options.ts'

interface Options {
  readonly port: number
  readonly kubeconfig: string
  readonly nodes?: number
  readonly scenario: string
  readonly seed: string
  readonly profile?: string
  readonly ui: number | boolean
  readonly kubeletPorts: boolean
}

export function addClusterCommand(program: Command): void {
  program
    .command('cluster')
    .description('run just the fake cluster, with a kubeconfig file for use by hand; runs until interrupted')
    .option('--port <n>', 'port of the API server (0 picks a free one)', integer, 0)
    .option('--kubeconfig <file>', 'file to write the kubeconfig to', 'churnbench.kubeconfig')
    .option('--nodes <n>', 'number of nodes, instead of the scenario’s', integer)
    .option('--scenario <name>', 'scenario whose cluster is started, without its churn', 'rollout')
    .option('--profile <text>', 'what pods expose: redis, synthetic?gauges=50, from:page.prom, from:http://…')
    .option('--seed <n>', 'seed of everything that is drawn', '1')
    .addOption(uiOption('port of the control page, on 127.0.0.1').default(true, 'a free one'))
    .option('--no-ui', 'without the control page')
    .option('--no-kubelet-ports', 'nodes do not listen on port 10250 of their addresses')
    .action(async (options: Options) => {
      process.exitCode = await clusterCommand(options)
    })
}

async function clusterCommand(options: Options): Promise<number> {
  const kubeconfig = resolve(options.kubeconfig)
  const input = SCENARIOS.find(scenario => scenario.name === options.scenario)
  const cluster = await startCluster({
    input,
    name: options.scenario,
    seed: options.seed,
    nodes: options.nodes,
    profile: options.profile,
    port: options.port,
    kubeconfig,
    uiPort: uiPort(options.ui),
    kubeletPorts: options.kubeletPorts,
  })
  // Before anybody is told: who has read that it runs may end it at once.
  const ended = interrupted()
  process.stdout.write(
    [
      `API server   ${cluster.url}`,
      `kubeconfig   ${kubeconfig}`,
      ...(cluster.uiUrl === undefined ? [] : [`control page ${cluster.uiUrl}`]),
      ...cluster.remarks.map(remark => `programs     ${remark}`),
      '',
      `  export KUBECONFIG=${kubeconfig}`,
      '  kubectl get nodes,pods -A',
      `  kubectl -n shop scale deployment frontend --replicas 12`,
      '',
      'Ctrl-C ends it.',
      '',
    ].join('\n'),
  )
  const failure = await Promise.race([ended, cluster.failed])
  await cluster.stop()
  if (failure instanceof Error) throw failure
  return ExitCode.ok
}

function interrupted(): Promise<void> {
  return new Promise(done => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done())
  })
}

function integer(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('must be a whole number, 0 or more')
  return value
}
