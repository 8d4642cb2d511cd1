import type { Command } from 'commander'
import { runScraper } from '../scraper/main.ts'

export function addScraperCommand(program: Command): void {
  program
    .command('scraper')
    .description("run just the embedded scraper, with Prometheus' own flags")
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(async (_options: unknown, command: Command) => {
      process.exitCode = await runScraper(command.args)
    })
}
