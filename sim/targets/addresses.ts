import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { bindError, targetError } from './errors.ts'

/** Descriptors of one target thread itself: its event loop, wake-up pipes and timers (6 on Linux), with room. */
export const FDS_PER_THREAD = 8
/** For the rest of the harness: API server and its watches, reports, the subject's pipes, queries. */
const FDS_RESERVED = 256
/** A listener, and a scraper's connection for each of a kubelet's pages: one serves them in turn, three come at once. */
const FDS_PER_KUBELET = 4

/** What a run is going to keep open at the same time in this process. */
export interface SocketPlan {
  /** Most pods that exist at once, those starting and terminating included. */
  readonly pods: number
  /** Default 1. */
  readonly portsPerPod?: number
  /** Target threads; default 2. */
  readonly threads?: number
  /** Nodes whose kubelets listen; default 0. */
  readonly kubelets?: number
}

/** What this process may open. */
export interface DescriptorLimits {
  readonly limit: number
  readonly inUse: number
}

/** Descriptors that the plan takes on top of those in use: a listener and a scraper's connection per pod and port. */
export function descriptorsNeeded(plan: SocketPlan): number {
  const kubelets = (plan.kubelets ?? 0) * FDS_PER_KUBELET
  return plan.pods * descriptorsPerPod(plan) + kubelets + (plan.threads ?? 2) * FDS_PER_THREAD + FDS_RESERVED
}

/** A listener, and a scraper's connection. */
export function descriptorsPerPod(plan: SocketPlan): number {
  return 2 * (plan.portsPerPod ?? 1)
}

/** The soft limit (Node raises it to the hard one at its start) and what is open now. Infinity where nobody says. */
export function readDescriptorLimits(): DescriptorLimits {
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return { limit: limitOf(soft), inUse: readdirSync('/proc/self/fd').length }
  } catch {
    const { stdout } = spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })
    return { limit: limitOf(stdout?.trim()), inUse: 32 }
  }
}

function limitOf(text: string | undefined): number {
  return text === undefined || !/^\d+$/.test(text) ? Infinity : Number(text)
}

/** How pods can be told apart on this machine. */
export interface PodNetwork {
  readonly mode: 'address-per-pod' | 'port-per-pod'
  /** What the report has to say about it. */
  readonly note?: string
}

/** An address that nothing but Linux's "all of 127.0.0.0/8 is loopback" makes usable, and no node's slice. */
const PROBE_ADDRESS = '127.254.253.252'

/**
 * Tries whether any address in 127.0.0.0/8 can be listened on, and whether `ports` are free for the pods.
 *
 * @throws CodedError CHURN_TARGET_BIND (exit code 2) when one of `ports` cannot be had.
 */
export async function probePodNetwork(ports: readonly number[] = []): Promise<PodNetwork> {
  const fault = await tryListen(PROBE_ADDRESS, 0)
  if (fault !== undefined) {
    return {
      mode: 'port-per-pod',
      note: `This machine accepts only 127.0.0.1 (${fault.code ?? fault.message}): pods share it and get a port each, so no address is ever reused by another pod.`,
    }
  }
  for (const port of new Set(ports)) {
    const cause = await tryListen(PROBE_ADDRESS, port)
    if (cause !== undefined) throw bindError(PROBE_ADDRESS, port, cause)
  }
  return { mode: 'address-per-pod' }
}

function tryListen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  })
}

/** A part of 127.0.0.0/8 that no other run on this machine uses, until `release`. */
export interface PodNetworkClaim {
  /** Lowest address of the network, e.g. `127.2.0.0`. */
  readonly first: string
  release(): void
}

/** Second octets of the networks that runs may claim: each has room for 5 000 nodes of a /24. */
const CLAIMABLE = [2, 34, 66, 98, 130, 162, 194]
/** Listened on, at the first node's address, for as long as the network is claimed. */
const CLAIM_PORT = 10_256

/**
 * Claims a pod network, so that several runs can go on side by side. The claim is a listener: it ends with the process.
 *
 * @throws CodedError CHURN_TARGET_BIND (exit code 2) when as many runs as there are networks go on already.
 */
export async function claimPodNetwork(): Promise<PodNetworkClaim> {
  for (const octet of CLAIMABLE) {
    const server = createServer()
    const claimed = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen({ host: `127.${octet}.0.1`, port: CLAIM_PORT, exclusive: true }, () => resolve(true))
    })
    if (claimed) return { first: `127.${octet}.0.0`, release: () => server.close() }
  }
  throw targetError(
    'CHURN_TARGET_BIND',
    `no pod network is free: ${CLAIMABLE.length} runs go on already, or a program listens on port ${CLAIM_PORT} of all addresses`,
  )
}
