// Goal: a Go subject's profiles are kept, or it is said why not; nothing of a trial waits for them longer than it lasts.
// Method: a fake `/debug/pprof` that answers when the test lets it.
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { VirtualClock } from '../../base/index.ts'
import { ProfilePart, profileFiles } from '../../harness/profile-part.ts'
import { RemarksPart } from '../../harness/remarks-part.ts'
import type { TrialContext } from '../../harness/trial-part.ts'
import type { Warning } from '../../reports/index.ts'

async function pprof(
  t: Test,
  answer: (url: string, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = []
  const http = createServer((request, response) => {
    asked.push(request.url!)
    answer(request.url!, response)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.teardown(() => {
    http.closeAllConnections()
    http.close()
  })
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`, asked }
}

interface Parts {
  readonly clock: VirtualClock
  readonly context: TrialContext
  readonly warnings: Warning[]
  readonly outDir: string
}

function contextOf(t: Test, subject: object): Parts {
  const clock = new VirtualClock()
  const outDir = t.testdir()
  mkdirSync(path.join(outDir, 'subject'))
  const warnings: Warning[] = []
  const context = {
    clock,
    scenario: { durationMs: 12_900 },
    subject: { kind: 'prometheus', ...subject },
    outDir,
    warn: (warning: Warning) => void warnings.push(warning),
  } as unknown as TrialContext
  return { clock, context, warnings, outDir }
}

void t.test('CPU over the churn, heap at its end', async t => {
  const waiting: ServerResponse[] = []
  const { url, asked } = await pprof(t, (asked, response) => {
    if (asked.includes('heap')) response.end('heap profile')
    else waiting.push(response)
  })
  const { context, warnings, outDir } = contextOf(t, { pprofUrl: url })
  const part = new ProfilePart()
  part.onStart(context)
  while (waiting.length === 0) await new Promise(resolve => setImmediate(resolve))
  waiting[0]!.end('cpu profile')
  while (profileFiles(outDir).length === 0) await new Promise(resolve => setImmediate(resolve))
  await part.onStop()
  part.close()
  t.strictSame(asked, ['/debug/pprof/profile?seconds=12', '/debug/pprof/heap'])
  t.strictSame(
    warnings.map(({ code }) => code),
    ['profiled'],
  )
  writeFileSync(path.join(outDir, 'subject', 'CPU.1.cpuprofile'), '{}')
  writeFileSync(path.join(outDir, 'subject', 'prometheus.log'), '')
  t.strictSame(profileFiles(outDir), ['subject/CPU.1.cpuprofile', 'subject/cpu.pb.gz', 'subject/heap.pb.gz'])
  t.equal(readFileSync(path.join(outDir, 'subject/cpu.pb.gz'), 'utf8'), 'cpu profile')
})

void t.test('a trial that ends early does not wait, and a refusal is told', async t => {
  const { url } = await pprof(t, (asked, response) => {
    if (asked.includes('heap')) response.writeHead(403).end('not allowed here')
  })
  const { clock, context, warnings, outDir } = contextOf(t, { pprofUrl: url })
  const part = new ProfilePart()
  part.onStart(context)
  const stopped = part.onStop()
  while (clock.pending === 0) await new Promise(resolve => setImmediate(resolve))
  await clock.advanceAsync(1_000)
  await stopped
  t.strictSame(profileFiles(outDir), [])
  t.match(warnings.slice(1), [
    { code: 'no-profile', message: 'there is no heap.pb.gz of prometheus: HTTP 403: not allowed here' },
    { code: 'no-profile', message: /^there is no cpu\.pb\.gz of prometheus: the trial ended before its time/ },
  ])
})

void t.test('a subject that writes its own is asked for nothing', async t => {
  const { context, warnings } = contextOf(t, {})
  const part = new ProfilePart()
  part.onStart(context)
  await part.onStop()
  t.match(warnings, [{ code: 'profiled', message: /must not be compared/ }])
})

void t.test('what a subject remarks is in the report, also that it could not be asked', async t => {
  for (const [remarks, wanted] of [
    [async () => ['one', 'two'], ['one', 'two']],
    [async () => Promise.reject(new Error('gone')), ['gone']],
    [undefined, []],
  ] as const) {
    const { context, warnings } = contextOf(t, remarks === undefined ? {} : { remarks })
    const part = new RemarksPart()
    part.onStart(context)
    await part.onStop()
    t.strictSame(
      warnings,
      wanted.map(message => ({ code: 'subject', message })),
    )
  }
})
