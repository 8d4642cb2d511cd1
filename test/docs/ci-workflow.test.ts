import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { SCENARIOS } from '../../scenarios/index.ts'
import { run } from '../support/program.ts'

// Goal: what docs/ci.md and its workflows tell people to type exists: npm scripts, sub-commands, options, scenarios.
// Method: every command is read out of the YAML and the Markdown and held against package.json and the program's own help;
// the step that writes the comment is executed, with a stand-in for GitHub's program.

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
  readonly 'working-directory'?: string
}

interface Workflow {
  readonly name: string
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
}

const workflow = (file: string): Workflow => parse(readFileSync(file, 'utf8')) as Workflow
const stepsOf = (file: string): Step[] => Object.values(workflow(file).jobs).flatMap(job => job.steps)

const BENCHMARK = 'docs/ci/benchmark.yml'
const COMMENT = 'docs/ci/comment.yml'

/** Everything that people are told to type. */
function scripts(): { readonly where: string; readonly text: string }[] {
  const markdown = readFileSync('docs/ci.md', 'utf8')
  return [
    ...[BENCHMARK, COMMENT].flatMap(file =>
      stepsOf(file).flatMap(({ name = '', run: text }) =>
        text === undefined ? [] : [{ where: `${file}: ${name}`, text }],
      ),
    ),
    ...[...markdown.matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => ({ where: 'docs/ci.md', text: text! })),
    ...[...markdown.matchAll(/`((?:npm run|cat) [^`\n]+)`/g)].map(([, text]) => ({ where: 'docs/ci.md', text: text! })),
  ]
}

/** The words of each `npm …` in a piece of shell; quotes removed, nothing expanded. */
function npmCommands(text: string): string[][] {
  const lines = text.replaceAll('\\\n', ' ').split(/\n|&&|\|\||[()|;]/)
  return lines
    .map(line => (line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map(word => word.replaceAll(/^["']|["']$/g, '')))
    .filter(words => words[0] === 'npm')
}

const shell = (args: readonly string[], options: object = {}): Promise<{ code: number; out: string }> =>
  new Promise(resolve => {
    execFile('bash', args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: stdout + stderr })
    })
  })

t.test('every npm script, sub-command, option and scenario that is named exists', async t => {
  const { scripts: known } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  const helps = new Map<string, string>()
  let options = 0
  for (const { where, text } of scripts()) {
    for (const [, verb, script, dashes, ...words] of npmCommands(text)) {
      if (verb === 'ci') continue
      t.equal(verb, 'run', where)
      t.ok(Object.hasOwn(known, script!), `${where}: npm run ${script}`)
      const command = /^node scripts\/run\.mjs (\w+)/.exec(known[script!] ?? '')?.[1]
      if (command === undefined || dashes === undefined) continue
      t.equal(dashes, '--', `${where}: ${script} gets its options after --`)
      if (!helps.has(command)) {
        const help = await run(command, '--help')
        t.equal(help.code, 0, `${command} --help`)
        helps.set(command, help.stdout)
      }
      for (const word of words.filter(each => each.startsWith('--'))) {
        t.match(helps.get(command)!, new RegExp(`^ +(?:-\\w, )?${word}[ =]`, 'm'), `${where}: ${command} ${word}`)
        options++
      }
      if (['scenario', 'ab', 'calibrate'].includes(command)) {
        t.ok(
          SCENARIOS.some(({ name }) => name === words[0]),
          `${where}: scenario ${words[0]}`,
        )
      }
      if (command === 'baseline')
        t.match(helps.get(command), new RegExp(`^ +${words[0]} `, 'm'), `${where}: ${words[0]}`)
    }
  }
  t.ok(options > 20, `${options} options were looked at`)
  t.same([...helps.keys()].toSorted(), ['ab', 'baseline', 'calibrate', 'compare', 'export', 'scenario'])
})

t.test('every step is sound shell', async t => {
  for (const { where, text } of scripts()) {
    const { code, out } = await shell(['-n', '-c', text])
    t.equal(code, 0, `${where}: ${out}`)
  }
})

t.test('what a step reads was written by a step before it, and what comment.yml reads is uploaded', async t => {
  for (const [name, { steps }] of Object.entries(workflow(BENCHMARK).jobs)) {
    const written: string[] = []
    for (const { run: text = '' } of steps) {
      const read = [...text.matchAll(/cat (\S+)/g), ...text.matchAll(/compare -- \S+ (\S+)/g)].map(match => match[1]!)
      for (const file of read) {
        t.ok(
          written.some(path => file === path || file.startsWith(`${path}/`)),
          `${name}: ${file}`,
        )
      }
      written.push(...[...text.matchAll(/--(?:out|junit|markdown|benchmark-json) (\S+)/g)].map(match => match[1]!))
    }
  }
  const upload = stepsOf(BENCHMARK).map(step => (step as { with?: Record<string, string> }).with ?? {})
  t.ok(upload.some(({ name, path }) => name === 'ab' && path === 'head/out'))
  t.equal((parse(readFileSync(COMMENT, 'utf8')) as { on: object } & Workflow).name, 'benchmark-comment')
  t.match(readFileSync(COMMENT, 'utf8'), `workflows: [${workflow(BENCHMARK).name}]`)
})

t.test('one comment is written, and updated afterwards', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'churnbench-comment-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const gh = join(dir, 'gh')
  writeFileSync(
    gh,
    `#!/bin/bash
echo "$*" >> calls
case "$*" in
  'pr list'*) cat number 2>/dev/null ;;
  *'--jq'*) cat id 2>/dev/null ;;
esac
exit 0
`,
  )
  chmodSync(gh, 0o755)
  mkdirSync(join(dir, 'ab'))
  const step = stepsOf(COMMENT).find(({ run: text }) => text !== undefined)!
  const post = async (): Promise<{ code: number; out: string; calls: string }> => {
    rmSync(join(dir, 'calls'), { force: true })
    const env = { PATH: `${dir}${delimiter}${process.env.PATH}`, GH_REPO: 'o/r', GH_TOKEN: 'x', HEAD_SHA: 'abc' }
    // As Actions starts it: any failure ends the step.
    const { code, out } = await shell(['-eo', 'pipefail', '-c', step.run!], { cwd: dir, env })
    return { code, out, calls: existsSync(join(dir, 'calls')) ? readFileSync(join(dir, 'calls'), 'utf8') : '' }
  }
  writeFileSync(join(dir, 'ab', 'comment.md'), '# something else\n')
  t.match(await post(), { code: 1, out: /no comparison of churnbench/, calls: '' })
  writeFileSync(join(dir, 'ab', 'comment.md'), '<!-- churnbench:rollout -->\n\ntext\n')
  t.match(await post(), { code: 0, out: /has moved on/, calls: /^pr list [^\n]*\n?/ })
  writeFileSync(join(dir, 'number'), '17\n')
  t.match(await post(), {
    code: 0,
    calls: /--method POST repos\/o\/r\/issues\/17\/comments --field body=@ab\/comment\.md/,
  })
  writeFileSync(join(dir, 'id'), '99\n100\n')
  const updated = await post()
  t.match(updated, { code: 0, calls: /--method PATCH repos\/o\/r\/issues\/comments\/99 --field body=@ab\/comment\.md/ })
  t.notMatch(updated.calls, /POST/)
})
