import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { CodedError, ExitCode } from '../base/index.ts'
import type { ClusterInput } from '../scenarios/index.ts'
import { LEARNED_PREFIX, type LearnedPage, learnPage, parsePage } from '../sim/index.ts'
import { profileOf } from './scenario-cluster.ts'

/** Between two readings of a URL. */
const URL_SECONDS = 2
const URL_SECONDS_MAX = 60
const FETCH_MS_MAX = 10_000

/** Scenarios are judged in one go, so whoever waits for an answer is a process of its own. Prints both bodies as JSON. */
const FETCH_TWICE = `
const [url, seconds, ms] = process.argv.slice(1)
const read = async () => {
  const answer = await fetch(url, { headers: { accept: 'text/plain;version=0.0.4' }, signal: AbortSignal.timeout(Number(ms)) })
  if (!answer.ok) throw new Error('it answers ' + answer.status)
  return answer.text()
}
const first = await read()
await new Promise(resolve => setTimeout(resolve, Number(seconds) * 1000))
process.stdout.write(JSON.stringify([first, await read()]))
`

/** A run resolves its scenario more than once, and learns once. */
const known = new Map<string, LearnedPage>()

/**
 * Reads the pages that workloads and their containers name as `from:…`, by those texts: `from:page.prom`, `from:first.prom,second.prom`,
 * `from:http://127.0.0.1:9100/metrics`; `?seconds=15` says how far two of them lie apart.
 *
 * @throws CodedError CHURN_PROFILE_PAGE (exit 2): a page cannot be had, or is none; with the line's number.
 */
export function readLearnedPages({ workloads }: ClusterInput): Record<string, LearnedPage> {
  const pages: Record<string, LearnedPage> = {}
  const texts = Object.values(workloads).flatMap(workload => [
    profileOf(workload),
    ...(workload.containers ?? []).map(({ profile = '' }) => profile),
  ])
  for (const text of texts.filter(each => each.startsWith(LEARNED_PREFIX))) {
    let page = known.get(text)
    if (page === undefined) known.set(text, (page = readPage(text.slice(LEARNED_PREFIX.length))))
    pages[text] = page
  }
  return pages
}

function readPage(text: string): LearnedPage {
  const [, source = '', given] = /^(.*?)(?:[?&]seconds=([^&]*))?$/s.exec(text)!
  const seconds = given === undefined ? undefined : Number(given)
  if (seconds !== undefined && !(seconds > 0)) throw pageError(`${text}: seconds must be a number above 0`)
  if (/^https?:\/\//.test(source)) return fromUrl(source, seconds ?? URL_SECONDS)
  const [first = '', second, ...more] = source.split(',')
  if (first === '' || more.length > 0) throw pageError(`"${source}" is not one file or two`)
  const families = parsePage(readText(first), first)
  if (second === undefined) return learnPage(families)
  const apart = seconds ?? secondsBetween(first, second)
  return learnPage(families, { families: parsePage(readText(second), second), seconds: apart })
}

function fromUrl(url: string, seconds: number): LearnedPage {
  if (seconds > URL_SECONDS_MAX) throw pageError(`${url}: seconds must be at most ${URL_SECONDS_MAX}`)
  const args = ['--input-type=module', '-e', FETCH_TWICE, url, String(seconds), String(FETCH_MS_MAX)]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 256 * 2 ** 20 })
  if (status !== 0) {
    const why = /(?:Error: |cause: Error: )(.+)/.exec(stderr.split('[cause]').at(-1)!)?.[1] ?? 'no answer'
    throw pageError(`${url} cannot be read: ${why}`)
  }
  const [first = '', second = ''] = JSON.parse(stdout) as string[]
  return learnPage(parsePage(first, url), { families: parsePage(second, url), seconds })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw pageError(`${file} cannot be read: ${(cause as Error).message}`, cause)
  }
}

/** Files say when they were written. */
function secondsBetween(first: string, second: string): number {
  const seconds = (statSync(second).mtimeMs - statSync(first).mtimeMs) / 1000
  if (seconds >= 0.5) return seconds
  throw pageError(
    `${second} was not written after ${first}; say how far they lie apart: profileOptions: { seconds: 15 }`,
  )
}

function pageError(message: string, cause?: unknown): CodedError {
  return new CodedError('CHURN_PROFILE_PAGE', message, { cause, exitCode: ExitCode.usage })
}
