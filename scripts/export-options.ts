import type { Command } from 'commander'
import { type ExportFiles, type ExportName, EXPORTS } from '../reports/index.ts'

/** `--markdown FILE`, `--junit FILE`, …: one for each form that a report can take. */
export type ExportOptions = ExportFiles

const NAMES = Object.keys(EXPORTS) as ExportName[]

export function addExportOptions(command: Command): Command {
  for (const name of NAMES) {
    const flag = name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
    command.option(`--${flag} <file>`, EXPORTS[name].description)
  }
  return command
}

/** What of a command's options asks for exports. */
export function exportsOf(options: ExportOptions): ExportFiles {
  return Object.fromEntries(NAMES.flatMap(name => (options[name] === undefined ? [] : [[name, options[name]]])))
}
