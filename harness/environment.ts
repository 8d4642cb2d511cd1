import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { promisify } from 'node:util'
import type { EnvironmentInfo, ToolInfo } from '../reports/index.ts'

/** What the figures were taken on. The fingerprint covers what stays the same between runs on one machine. */
export function captureEnvironment(podNetwork: string): EnvironmentInfo {
  const [cpu] = cpus()
  const stable = {
    os: type(),
    kernel: release(),
    arch: arch(),
    cpuModel: cpu?.model.trim() ?? 'unknown',
    cpuCount: cpus().length,
    memBytes: totalmem(),
    node: process.versions.node,
    v8: process.versions.v8,
    ulimitNofile: openFilesLimit(),
    containerized: existsSync('/.dockerenv') || existsSync('/run/.containerenv'),
    podNetwork,
  }
  return {
    ...stable,
    loadAvgBefore: loadavg()[0]!,
    fingerprint: createHash('sha256').update(JSON.stringify(stable)).digest('hex'),
  }
}

/** @param root folder of the checkout or package. */
export async function captureTool(root: URL): Promise<ToolInfo> {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
  const base = { name: 'churnbench', version } as const
  if (!existsSync(new URL('.git', root))) return base
  const git = async (...args: string[]): Promise<string | undefined> => {
    try {
      return (await promisify(execFile)('git', args, { cwd: root })).stdout.trim()
    } catch {
      // No git, or not a checkout that it wants to speak about: the report says nothing of a commit then.
      return undefined
    }
  }
  const gitSha = await git('rev-parse', 'HEAD')
  if (gitSha === undefined) return base
  const status = await git('status', '--porcelain')
  return { ...base, gitSha, ...(status === undefined ? {} : { gitDirty: status !== '' }) }
}

function openFilesLimit(): number | null {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return line === null ? null : Number(line[1])
  } catch {
    // Not on Linux.
    return null
  }
}
