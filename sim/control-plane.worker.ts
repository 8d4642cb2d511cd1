import { parentPort, workerData } from 'node:worker_threads'
import { assert, boundHeapGrowth, CodedError, describeError, ExitCode, raiseThreadPriority } from '../base/index.ts'
import { ControlPlane } from './control-plane.ts'
import type { ControlPlaneData, FromControlPlane, ToControlPlane } from './messages.ts'
import { ProcessRuntime } from './process-runtime.ts'
import { RemoteRuntime } from './targets/index.ts'

/** The door of the control-plane thread: reads its data, builds a `ControlPlane`, and pumps messages. */
assert(parentPort !== null, 'control-plane.worker runs as a worker thread')
const port = parentPort
const data = workerData as ControlPlaneData
// Of a run that is measured; a cluster that somebody plays with is like any other program.
const priority = data.warmUp ? raiseThreadPriority() : 'normal'
if (!data.warmUp) boundHeapGrowth()
const send = (message: FromControlPlane): void => port.postMessage(message)

function fail(error: unknown): void {
  const known = error instanceof CodedError
  send({
    type: 'failed',
    code: known ? error.code : 'CHURN_SIM_FAILED',
    // What nobody foresaw is ours to debug: it keeps its stack.
    message: known || !(error instanceof Error) ? describeError(error) : (error.stack ?? error.message),
    exitCode: known ? error.exitCode : ExitCode.internal,
  })
}

try {
  const controlPlane = await ControlPlane.create({
    seed: data.seed,
    cluster: data.cluster,
    plan: data.plan,
    replay: data.replay,
    record: data.record,
    warmUp: data.warmUp,
    durationMs: data.durationMs,
    port: data.port,
    podNetworkFirst: data.podNetworkFirst,
    kubeconfigPath: data.kubeconfigPath,
    runtime: new ProcessRuntime(new RemoteRuntime(data.targetPorts), data.processPort),
    processRoot: data.processRoot,
    onEvents: events => send({ type: 'events', events }),
    onFinished: () => send({ type: 'finished' }),
    onFailure: fail,
  })
  port.on('message', (message: ToControlPlane) => {
    switch (message.type) {
      case 'go':
        controlPlane.go(startedNs => send({ type: 'started', startedNs }))
        break
      case 'act':
        controlPlane.act(message.action, message.args, (ok, detail) => send({ type: 'acted', ok, detail }))
        break
      case 'usage':
        send({ type: 'usage', usage: controlPlane.api.usage() })
        break
      case 'collect':
        controlPlane.report().then(report => send({ type: 'report', report, priority }), fail)
        break
      case 'stop':
        void controlPlane.close().finally(() => {
          send({ type: 'stopped' })
          port.close()
        })
        break
    }
  })
  send({ type: 'ready', url: controlPlane.api.url, token: controlPlane.api.token, caPem: controlPlane.api.caPem })
} catch (error) {
  fail(error)
}
