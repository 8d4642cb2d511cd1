import type { Command } from 'commander'
import {
  type Baseline,
  BASELINES_FOLDER,
  baselineNames,
  findReport,
  readBaseline,
  removeBaseline,
  renderTerminal,
  saveBaseline,
} from '../reports/index.ts'
import { terminalOptions } from './run-options.ts'

export function addBaselineCommand(program: Command): void {
  const command = program
    .command('baseline')
    .description(`keep reports under a name, in ${BASELINES_FOLDER} of the current folder, to compare with later`)
  command
    .command('save')
    .description('keep a report, without its time lines')
    .argument('<name>', 'letters, digits, dots, dashes and underscores')
    .argument('<report>', 'a report.json, or its folder')
    .option('--force', 'replace one of that name; keep even a report that calls itself invalid')
    .action(async (name: string, path: string, { force }: { readonly force?: boolean }) => {
      const { report } = await findReport(BASELINES_FOLDER, path)
      const file = await saveBaseline(BASELINES_FOLDER, name, report, { force: force ?? false })
      process.stdout.write(`${file}\n`)
    })
  command
    .command('list')
    .description('the baselines, one line each')
    .option('--json', 'as JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const names = await baselineNames(BASELINES_FOLDER)
      const found = await Promise.all(
        names.map(async name => ({ name, report: await readBaseline(BASELINES_FOLDER, name) })),
      )
      process.stdout.write(json === true ? `${JSON.stringify(found.map(about), null, 2)}\n` : listText(found))
    })
  command
    .command('show')
    .description('the summary of a baseline')
    .argument('<name>')
    .option('--json', 'the report itself')
    .action(async (name: string, { json }: { readonly json?: boolean }) => {
      const report = await readBaseline(BASELINES_FOLDER, name)
      process.stdout.write(
        json === true ? `${JSON.stringify(report)}\n` : renderTerminal(report, terminalOptions(process.stdout)),
      )
    })
  command
    .command('rm')
    .description('remove a baseline')
    .argument('<name>')
    .action(async (name: string) => {
      process.stdout.write(`${await removeBaseline(BASELINES_FOLDER, name)}\n`)
    })
}

function about({ name, report }: Baseline) {
  const { scenario, runs, verdict, startedAt, environment, tool } = report
  return {
    name,
    scenario: scenario.name,
    profile: scenario.profile,
    seed: scenario.seed,
    subjects: [...new Set(runs.map(run => `${run.subject.kind} ${run.subject.version}`.trim()))],
    trials: runs.length,
    verdict: verdict.status,
    takenAt: startedAt,
    commit: tool.gitSha ?? null,
    environment: environment.fingerprint,
  }
}

function listText(baselines: readonly Baseline[]): string {
  if (baselines.length === 0) {
    return `No baselines in ${BASELINES_FOLDER}; npm run baseline -- save NAME REPORT keeps one.\n`
  }
  const heads = ['name', 'scenario', 'profile', 'seed', 'subject', 'trials', 'verdict', 'taken', 'machine']
  const rows = baselines.map(each => {
    const { name, scenario, profile, seed, subjects, trials, verdict, takenAt, environment } = about(each)
    const [taken, machine] = [takenAt.slice(0, 10), environment.slice(0, 8)]
    return [name, scenario, profile, seed, subjects.join(', '), String(trials), verdict, taken, machine]
  })
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map(row => row[i]!.length)))
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, i) => (i === 5 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()}\n`
  return [heads, ...rows].map(line).join('')
}
