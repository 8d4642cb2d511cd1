import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Boot, Update } from '../../../harness/ui/wire.ts'
import { run, start, type Started } from '../../support/program.ts'
import { TINY } from '../../support/tiny-scenario.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-ui-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const tiny = join(dir, 'tiny.json')
writeFileSync(tiny, JSON.stringify(TINY))

/** The address that a program has said. */
async function pageOf(program: Started, pattern: RegExp): Promise<string> {
  let text = ''
  for (const stream of [program.child.stdout, program.child.stderr]) {
    stream?.on('data', (data: Buffer) => (text += data.toString()))
  }
  await program.said(pattern)
  return pattern.exec(text)?.[1] ?? 'http://127.0.0.1:0/'
}

/** All updates until the server ends the stream, or `enough` says so. */
async function updates(url: string, enough: (update: Update) => boolean = () => false): Promise<Update[]> {
  const seen: Update[] = []
  const response = await fetch(new URL('events', url))
  let text = ''
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1]
        if (data === undefined) continue
        seen.push(JSON.parse(data) as Update)
        if (enough(seen.at(-1)!)) return seen
      }
    }
  } catch {
    // The run ended, and the connection with it.
  }
  return seen
}

void t.test('what cannot be shown is said before anything begins', async t => {
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const cases: [string[], RegExp][] = [
    [['scenario', tiny, '--ui', String(port)], new RegExp(`port ${port} .*CHURN_UI_PORT`)],
    [
      ['cluster', '--ui', String(port), '--kubeconfig', join(dir, 'unused')],
      new RegExp(`port ${port} .*CHURN_UI_PORT`),
    ],
    [['scenario', tiny, '--ui', '--trials', '2'], /CHURN_UI/],
    [['scenario', tiny, '--ui-keep'], /CHURN_UI/],
    [['scenario', '--ui', 'rollout'], /put --ui behind the name/],
    [['scenario', tiny, '--ui', '70000'], /0 to 65535/],
  ]
  for (const [args, pattern] of cases) {
    const { code, stderr } = await run(...args, ...(args[0] === 'scenario' ? ['--out', join(dir, 'refused')] : []))
    t.equal(code, 2, args.join(' '))
    t.match(stderr, pattern)
    t.notMatch(stderr, /\n\s+at /)
  }
  t.notOk(existsSync(join(dir, 'refused')))
  t.notOk(existsSync(join(dir, 'unused')))
})

void t.test(
  'a real run: a browser sees pods come and be discovered, the verdict and the report, and delays nothing',
  async t => {
    const out = join(dir, 'run')
    const program = start(['scenario', tiny, '--ui', '--out', out])
    const url = await pageOf(program, /live page: (http:\S+)/)
    const seen = await updates(url)
    const { code, stderr } = await program.ended
    t.match(seen[0]?.reset, { scenario: 'tiny', subject: 'embedded', durationMs: 2000 })
    const all = seen.flatMap(update => update.pods ?? [])
    t.equal(all.length, 6)
    const last = seen.findLast(update => update.headline !== undefined)?.headline
    t.match(last, { ready: 6, scraped: 6, visible: 6, missed: 0, waiting: 0 })
    t.ok(last!.discoveryP50S! > 0 && last!.discoveryP50S! <= last!.visibilityP99S!)
    t.ok(seen.flatMap(update => update.rows ?? []).length >= 3)
    t.ok(
      seen.flatMap(update => update.log ?? []).some(({ kind, text }) => kind === 'action' && text === 'scale api to 6'),
    )
    const verdict = seen.findLast(update => update.verdict !== undefined)?.verdict
    // On a machine that is too slow the run calls itself invalid: that is a verdict as well.
    t.equal(verdict?.exitCode, code, stderr)
    t.match(verdict, { reportPath: join(out, 'report.html'), reportHtml: /<html/, isServed: false })
  },
)

void t.test('a real cluster with its control page: an action by hand is done, and told', async t => {
  const program = start(['cluster', '--kubeconfig', join(dir, 'kubeconfig'), '--nodes', '2'])
  t.teardown(() => program.child.kill('SIGKILL'))
  const url = await pageOf(program, /control page (http:\S+)/)
  await program.said(/Ctrl-C ends it/)
  await updates(url, ({ headline }) => headline?.ready === 26)
  const page = await (await fetch(url)).text()
  const { control } = JSON.parse(/id="boot">(.*?)<\/script>/.exec(page)![1]!) as Boot
  const post = async (action: string, args: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', 'x-churnbench-token': control!.token }
    return (
      await fetch(new URL('actions', url), { method: 'POST', headers, body: JSON.stringify({ action, args }) })
    ).json()
  }
  t.same(await post('scale', { workload: 'shop/cart', replicas: 9 }), { ok: true, detail: 'scale cart to 9' })
  t.match(await post('scale', { workload: 'shop/nobody', replicas: 9 }), { ok: false, detail: /not found/ })
  t.match(await post('fail-node', { node: 'node-1' }), { ok: true })
  t.match(await post('recover-node', { node: 'node-1' }), { ok: true })
  const said: string[] = []
  await updates(url, update => {
    said.push(...(update.log ?? []).map(({ text }) => text))
    return said.includes('node-1 answers again')
  })
  t.ok(said.includes('scale cart to 9'))
  t.ok(said.includes('node-1 does not answer any more'))
  const listening = updates(url)
  program.child.kill('SIGINT')
  t.equal((await program.ended).code, 0, 'an open page does not keep it')
  await listening
})
