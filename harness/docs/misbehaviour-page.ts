import { formatDuration } from '../../base/index.ts'
import { type Misbehaviour, type MisbehaviourOutcome, MISBEHAVIOURS } from '../../sim/index.ts'
import { code, table } from './markdown.ts'

const INTRODUCTION = `# Targets that misbehave

<!-- Written by \`npm run docs\` from sim/targets/misbehaviour/catalogue.ts: change it there. -->

Real targets hang, break off, redirect and send nonsense. Pods of a workload do so by the action \`misbehave\`, until they are told to
\`behave\` or for a time:

\`\`\`ts
scenarios: {
  'checkout-is-slow': {
    executor: 'shared-iterations',
    startTime: '20s',
    exec: 'misbehave',
    args: { workload: 'shop/checkout', kind: 'slow-body', delay: '2s', share: 0.5, for: '30s' },
  },
}
\`\`\`

\`pods\` or \`share\` say how many, drawn from the seed; default all that are there at that moment. A pod does one thing at a time: the
latest order holds. The scenario [\`misbehaving-targets\`](scenarios.md#misbehaving-targets) does all of them at once, beside
neighbours that behave. In a replay, only the readiness of pods is played again: it is in the trace, whereas how targets answer is not.
`

const OUTCOMES = `
## What scrapers make of it

With their defaults: of Prometheus 3, and so of the embedded scraper, and of VictoriaMetrics 1.79. In brackets is where it is documented, for
Prometheus' own files relative to its repository. A test (\`test/harness/misbehaviour/outcomes.test.ts\`) lets all three scrape one pod of each kind.
*Page* is what the pod's profile exposes, *further samples* are those that the misbehaviour adds.

`

const TRUTH = `
## Ground truth

What counts as served decides what can be lost:

- *counted*: the page arrives whole and nothing about it is disputed. Each of its samples must be stored, and one that is not is in
  \`samples_lost\`. A slow answer counts when it takes at most half of the time that the scraper says it waits
  (\`X-Prometheus-Scrape-Timeout-Seconds\`); beyond, it is excused.
- *excused*: the page arrives whole, and whether any of it is stored is the scraper's choice, or its user's by a limit. Nothing of it
  can be lost.
- *not served*: no whole page arrives.

In all three, a stored sample with a value that the page does not have is in \`samples_wrong\`. Further series are in neither figure; the
report counts them apart. A scrape is one entry in the log of its target, however many requests its redirects take, and a connection that is reset
as soon as it is accepted is one, too. While pods misbehave, the subject's own counter of samples is not compared with what was served.

## In the report

For each kind that was played: in how many scrapes \`up\` was 1, of how many the page is stored, how many further samples, and why
scrapes failed by the subject's own words (\`/api/v1/targets\`, asked every two seconds while it lasts). Scrapes that were under way when it
began or ended are left out. Where it is otherwise than documented, the report says in what, and \`misbehaviours_unexpected\` counts
these kinds. Of other subjects than \`embedded\`, \`prometheus\` and \`victoriametrics\`, with a
configuration of your own and with other parameters than the defaults the same is told, and nothing is expected.

## The embedded scraper's own bound

A body is held in memory as a whole. Whatever \`body_size_limit\` says, one of 256 MiB or more, packed or unpacked, fails the scrape with
\`body size limit exceeded\`: reading stops there, and the connection is closed. Prometheus has no such bound, and
VictoriaMetrics one of 16 MiB (\`-promscrape.maxScrapeSize\`). Headers may have 10 MiB, as in Prometheus.
`

/** docs/misbehaviour.md: what people wrote, and the catalogue as tables. */
export function misbehaviourPage(): string {
  const kinds = MISBEHAVIOURS.map(({ name, stage, description, params, samples }) => [
    code(name),
    stage,
    description,
    params.map(shownParam).join('; '),
    samples,
  ])
  const outcomes = MISBEHAVIOURS.map(({ name, prometheus, victoriametrics, limit }) => [
    code(name),
    inWords(prometheus),
    inWords(victoriametrics),
    limit === undefined ? '' : code(limit),
  ])
  return [
    INTRODUCTION,
    '\n## Kinds\n\n',
    table(['kind', 'stage', 'what it does', 'parameters (default; bounds)', 'its samples'], kinds),
    OUTCOMES,
    table(['kind', 'Prometheus, embedded', 'VictoriaMetrics', 'can be refused by'], outcomes),
    TRUTH,
  ].join('')
}

function shownParam({ name, unit, default: usual, min, max, description }: Misbehaviour['params'][number]): string {
  const shown = (value: number): string =>
    unit === 'ms' ? formatDuration(value) : unit === 'bytes' ? bytes(value) : String(value)
  return `${code(name)}: ${description} (${shown(usual)}; ${shown(min)} to ${shown(max)})`
}

/** Round in powers of 1024, as all bounds are. */
function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let i = 0
  while (value >= 1024 && i < units.length - 1) {
    value /= 1024
    i++
  }
  return `${value} ${units[i]}`
}

function inWords({ up, error, page, extra, source }: MisbehaviourOutcome): string {
  const further = {
    each: 'with the further samples',
    first: 'and the first of the further samples',
    none: 'without the further samples',
  }
  const parts = [
    code(`up ${up}`),
    ...(error === undefined ? [] : [error]),
    `${page ? 'page stored' : 'nothing stored'}${extra === undefined ? '' : ` ${further[extra]}`}`,
  ]
  return `${parts.join(', ')} (${source})`
}
