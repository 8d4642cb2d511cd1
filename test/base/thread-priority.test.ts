import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import t from 'tap'

const LINUX_ONLY = process.platform === 'linux' ? {} : { skip: 'threads have no priority of their own here' }

/** The kernel's priority of each thread of this process: 20 is ordinary, less is better, below 0 is real time. */
function priorities(): number[] {
  return readdirSync('/proc/self/task').map(thread => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[15])
  })
}

void t.test('one thread goes first, the others stay as they were', LINUX_ONLY, async t => {
  const base = JSON.stringify(new URL('../../base/index.js', import.meta.url).href)
  const ordinary = Math.min(...priorities())
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     parentPort.on('message', () => {}) // lives until it is ended
     import(${base}).then(base => parentPort.postMessage(base.raiseThreadPriority()))`,
    { eval: true },
  )
  const [priority] = (await once(worker, 'message')) as [string]
  const better = priorities().filter(each => each < ordinary)
  if (priority === 'realtime') t.match(better, [-2])
  else if (priority === 'raised') t.match(better, [10])
  else t.equal(priority, 'normal')
  t.equal(better.length, priority === 'normal' ? 0 : 1)
  await worker.terminate()
})
