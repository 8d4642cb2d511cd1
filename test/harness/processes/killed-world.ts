// A cluster with a program in a pod, which tells the program's number and lives on until it is killed.
import { readFileSync } from 'node:fs'
import { isReady, startWorld } from './world.ts'

const dir = process.argv[2]!
const world = await startWorld(
  { teardown: () => {}, testdir: () => dir },
  {
    server: {
      replicas: 1,
      containers: [{ name: 'sleeper', process: ['sh', '-c', 'echo $$; : $POD_IP; exec sleep 600'] }],
    },
  },
)
const [pod] = await world.until(pods => pods.length === 1 && pods.every(isReady))
const log = `${dir}/processes/default_${pod?.metadata?.name}_sleeper.0.log`
for (let text = ''; ;) {
  text = readFileSync(log, 'utf8')
  if (text.endsWith('\n')) {
    process.stdout.write(text)
    break
  }
  await new Promise(resolve => setImmediate(resolve))
}
