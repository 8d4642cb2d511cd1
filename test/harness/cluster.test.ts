// Goal: the cluster of every scenario can be started alone, of any size.
// Method: the program as its users start it.
import { join } from 'node:path'
import t from 'tap'
import { start } from '../support/program.ts'

void t.test('what a scenario would fill its control plane with has no say in how many nodes there are', async t => {
  const kubeconfig = join(t.testdir(), 'kubeconfig')
  const scenario = ['--scenario', 'control-plane-scale', '--nodes', '2']
  const program = start(['cluster', ...scenario, '--no-ui', '--no-kubelet-ports', '--kubeconfig', kubeconfig])
  t.teardown(() => program.child.kill('SIGKILL'))
  await program.said(/Ctrl-C ends it/)
  program.child.kill('SIGINT')
  const { code, stderr } = await program.ended
  t.equal(code, 0, stderr)
})
