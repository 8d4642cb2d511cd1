import type { Command } from 'commander'
import { runPeers } from '../harness/peers/index.ts'

interface Options {
  readonly install?: true
  readonly only: readonly string[]
  readonly require: readonly string[]
  readonly json?: true
}

export function addPeersCommand(program: Command): void {
  program
    .command('peers')
    .description('say which other programs (real subjects, kubectl, …) are on this machine; bring in what is missing')
    .option('--install', 'bring in what is missing: with apt-get (as root or with sudo), and Prometheus with Go')
    .option('--only <name>', 'only this peer (repeatable)', append, [])
    .option('--require <name>', 'fail with exit code 6 when this peer is missing (repeatable)', append, [])
    .option('--json', 'the list as JSON on stdout')
    .action(async (options: Options) => {
      process.exitCode = await runPeers(
        {
          install: options.install === true,
          only: options.only,
          require: options.require,
          json: options.json === true,
        },
        { out: text => process.stdout.write(text), err: text => process.stderr.write(text) },
      )
    })
}

function append(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value]
}
