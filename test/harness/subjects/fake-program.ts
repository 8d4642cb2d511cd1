import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Writes an executable Node script (ESM) and returns its path. */
export function nodeProgram(folder: string, name: string, source: string): string {
  mkdirSync(folder, { recursive: true })
  // An executable without a suffix is CommonJS; the module beside it is what it runs.
  const module = path.join(folder, `${name}.mjs`)
  writeFileSync(module, source)
  return shellProgram(folder, name, `exec "${process.execPath}" "${module}" "$@"`)
}

/** Writes an executable shell script and returns its path. Without a `PATH` it has only the shell's own commands. */
export function shellProgram(folder: string, name: string, source: string): string {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${source}\n`)
  chmodSync(file, 0o755)
  return file
}

/** The beginning of a fake subject: `port`, `flag(name)`, and a server that is ready and answers `answer(url)`. */
export const FAKE_SUBJECT = `
import http from 'node:http'
import fs from 'node:fs'
const flag = name => process.argv.find(arg => arg.startsWith('--' + name + '='))?.slice(name.length + 3)
const port = Number(flag('web.listen-address')?.split(':')[1])
const listen = (answer = () => '{}') => http.createServer((request, response) => {
  request.resume()
  response.end(answer(request.url))
}).listen(port, '127.0.0.1')
`
