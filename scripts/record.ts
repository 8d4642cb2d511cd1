import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Clock, formatDuration, parseDuration, SystemClock, type Timer } from '../base/index.ts'
import { TraceError } from '../sim/trace/index.ts'
import {
  type KubectlTimes,
  recordCluster,
  recordKubectl,
  type Recording,
  type RecordingSummary,
} from '../sim/trace/record/index.ts'
import { collect, interruptible } from './run-options.ts'

interface Options {
  readonly out: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace: readonly string[]
  readonly selector?: string
  readonly duration?: number
  readonly giveUp: number
  readonly resume?: boolean
  readonly force?: boolean
  readonly fromKubectl: readonly string[]
  readonly times?: KubectlTimes
  readonly start?: number
  readonly lenient?: boolean
}

const EXAMPLES = `
From a cluster:
  npm run record -- --out cluster.jsonl.gz --duration 8h
From kubectl, one kind or several:
  kubectl get pods -A -w -o json --output-watch-events | npm run record -- --from-kubectl - --out pods.jsonl.gz
  node scripts/run.mjs record --out all.jsonl.gz --from-kubectl <(kubectl get nodes -w -o json --output-watch-events) \\
    --from-kubectl <(kubectl get pods -A -w -o json --output-watch-events)

Ctrl-C ends a recording in order.
Exit codes: 0 recorded; 2 the source cannot be followed (what was recorded is kept), or a file cannot be written.`

export function addRecordCommand(program: Command): void {
  program
    .command('record')
    .description('record a churn trace from a live cluster, or from what kubectl prints')
    .requiredOption('--out <file>', 'the trace; a name that ends in .gz makes it a compressed one')
    .option('--kubeconfig <file>', "kubeconfig of the cluster (default: kubectl's)")
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--namespace <name>', 'record only this namespace; may be repeated', collect, [])
    .option('--selector <labels>', 'record only what has these labels (nodes: all)')
    .option('--duration <duration>', 'end after this time (default: at Ctrl-C)', parseDuration)
    .addOption(
      new Option('--give-up <duration>', 'how long the API server may be away')
        .argParser(parseDuration)
        .default(300_000, '5m'),
    )
    .option('--resume', 'go on with the recording that is in the file')
    .option('--force', 'replace a file that is there')
    .option(
      '--from-kubectl <file>',
      'read a stream of kubectl instead; - is the standard input; may be repeated',
      collect,
      [],
    )
    .addOption(
      new Option(
        '--times <which>',
        'of a stream: arrival here, or what the objects say (default: arrival; saved files: objects)',
      ).choices(['arrival', 'objects']),
    )
    .option('--start <time>', 'with the times of objects: what was before is the state at the start', timeArgument)
    .option('--lenient', 'leave out what cannot be read of a stream, and count it')
    .addHelpText('after', EXAMPLES)
    .action(recordCommand)
}

async function recordCommand(options: Options): Promise<void> {
  checkOptions(options)
  const clock = new SystemClock()
  const tell = (sentence: string): void => void process.stderr.write(`record: ${sentence}\n`)
  const progress = new Progress(clock, process.stderr)
  const common = {
    path: options.out,
    force: options.force ?? false,
    tool: `churnbench ${programVersion()}`,
    signal: interruptible({}, 'ending the recording in order').signal,
    ...(options.duration === undefined ? {} : { durationMs: options.duration }),
  }
  try {
    if (options.fromKubectl.length > 0) await fromKubectl(clock, common, options, progress, tell)
    else await fromCluster(clock, common, options, progress, tell)
  } finally {
    progress.stop()
  }
}

type Common = Pick<Parameters<typeof recordCluster>[1], 'path' | 'force' | 'tool' | 'signal' | 'durationMs'>
type Tell = (sentence: string) => void

async function fromCluster(
  clock: Clock,
  common: Common,
  options: Options,
  progress: Progress,
  tell: Tell,
): Promise<void> {
  const { kubeconfig, context, namespace, selector, giveUp, resume = false } = options
  const summary = await recordCluster(clock, {
    ...common,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(selector === undefined ? {} : { selector }),
    namespaces: namespace,
    giveUpMs: giveUp,
    resume,
    tell,
    onStarted: recording => {
      tell(`recording to ${options.out}; ${recording.events} events tell what there is; Ctrl-C ends it`)
      progress.start(recording)
    },
  })
  progress.stop()
  for (const line of summaryLines(options.out, summary)) tell(line)
  if (summary.outages > 0) tell(`the API server was away ${times(summary.outages)}`)
  if (summary.relists > 0) {
    tell(`${summary.relists} lists were taken anew: what came and went in between is not in the trace`)
  }
}

async function fromKubectl(
  clock: Clock,
  common: Common,
  options: Options,
  progress: Progress,
  tell: Tell,
): Promise<void> {
  const summary = await recordKubectl(clock, {
    ...common,
    sources: options.fromKubectl,
    lenient: options.lenient ?? false,
    ...(options.times === undefined ? {} : { times: options.times }),
    ...(options.start === undefined ? {} : { startUnixMs: options.start }),
    onStarted: recording => progress.start(recording),
  })
  progress.stop()
  for (const line of summaryLines(options.out, summary)) tell(line)
  const { events, plain, faults, examples, foreign } = summary.counts
  tell(`${events} objects read; times are those of ${summary.times === 'arrival' ? 'their arrival' : 'the objects'}`)
  if (plain > 0) {
    tell(`${plain} objects came without watch events: deletions are not known (kubectl get … --output-watch-events)`)
  }
  for (const [kind, count] of foreign) tell(`${count} of kind ${kind} were passed over: a trace has no events for it`)
  if (faults > 0) tell(`${faults} objects could not be read, the first: ${examples.slice(0, 3).join('; ')}`)
}

function summaryLines(path: string, summary: RecordingSummary): string[] {
  const { header, fileBytes, leftOut, inferredNodes, unknownDeletions } = summary
  const { events = 0, node = 0, workload = 0, service = 0, pod = 0, podsCreated = 0 } = header.counts ?? {}
  return [
    `${path}: ${events} events (node ${node}, workload ${workload}, service ${service}, pod ${pod}), ${podsCreated} pods, ` +
      `${formatDuration(header.durationMs ?? 0)}, ${sizeOf(fileBytes)}`,
    ...(inferredNodes > 0 ? [`${inferredNodes} nodes are known by their pods only: they have no labels`] : []),
    ...(unknownDeletions > 0 ? [`${unknownDeletions} deletions were of objects that had not been seen`] : []),
    ...(leftOut.count > 0
      ? [
          `${leftOut.count} events were left out, for they cannot have happened: ${leftOut.examples.slice(0, 3).join('; ')}`,
        ]
      : []),
  ]
}

/** One line on a terminal that is written over, once a second. */
class Progress {
  readonly #clock: Clock
  readonly #out: NodeJS.WriteStream
  #timer: Timer | undefined

  constructor(clock: Clock, out: NodeJS.WriteStream) {
    this.#clock = clock
    this.#out = out
  }

  start(recording: Recording): void {
    if (!this.#out.isTTY) return
    let before = recording.events
    const show = (): void => {
      const { events, nowMs } = recording
      this.#out.write(
        `\r\u001B[K${formatDuration(Math.floor(nowMs / 1000) * 1000)}  ${events} events  ${events - before}/s`,
      )
      before = events
      this.#timer = this.#clock.schedule(1000, show)
    }
    show()
  }

  stop(): void {
    if (this.#timer === undefined) return
    this.#timer.cancel()
    this.#timer = undefined
    this.#out.write('\r\u001B[K')
  }
}

function checkOptions(options: Options): void {
  const { fromKubectl, kubeconfig, context, namespace, selector, resume, force, times, start, lenient } = options
  const refuse = (message: string): never => {
    throw new TraceError('CHURN_TRACE_OPTIONS', message)
  }
  if (fromKubectl.length > 0) {
    if (kubeconfig ?? context ?? selector ?? namespace[0]) {
      refuse('what kubectl watches is chosen by its own options: give cluster, namespaces and labels to kubectl')
    }
    if (resume === true) refuse('--resume needs the API server: kubectl does not tell what was deleted meanwhile')
    if (new Set(fromKubectl).size < fromKubectl.length) refuse('the same stream is named twice')
  } else if (times !== undefined || start !== undefined || lenient !== undefined) {
    refuse('--times, --start and --lenient are for streams of kubectl (--from-kubectl)')
  }
  if (resume === true && force === true) refuse('--resume keeps the file and --force replaces it: choose one')
}

function timeArgument(text: string): number {
  const unixMs = Date.parse(text)
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || !Number.isFinite(unixMs)) {
    throw new InvalidArgumentError('write it like 2026-11-27T14:30:00Z')
  }
  return unixMs
}

function programVersion(): string {
  // Beside the compiled scripts lies the package: build/scripts/record.js.
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
