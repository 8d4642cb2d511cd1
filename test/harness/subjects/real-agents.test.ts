// Goal: real agents find, scrape and pass on with the default configuration, and what arrives is what was served.
// Method: as in real-subjects.test.ts. Skipped, and said so, where a program is absent.
import t from 'tap'
import { detectPeers, peersByName } from '../../../harness/peers/index.ts'
import { otelcolSubject, vmagentSubject } from '../../../harness/subjects/index.ts'
import { FAULTY, findsThePod, optionsFor, refusal } from './finds-the-pod.ts'

const [vmagent, otelcol] = await detectPeers(peersByName(['vmagent', 'otelcol']))

for (const program of vmagent!.found) {
  void t.test(`vmagent ${program.version} finds the pod by every role`, t =>
    findsThePod(t, vmagentSubject(), ['-promscrape.kubernetesSDCheckInterval=1s'], program.path),
  )
}
if (vmagent!.found.length === 0)
  void t.test('vmagent finds the pod by every role', { skip: 'vmagent: not found' }, t => t.end())

void t.test(
  'the OpenTelemetry Collector finds the pod by every role',
  { skip: otelcol!.missing === undefined ? false : `otelcol: ${otelcol!.missing.reason}` },
  t => findsThePod(t, otelcolSubject(), []),
)

void t.test(
  'what a real collector refuses is told without its own line numbers',
  { skip: otelcol!.missing === undefined ? false : `otelcol: ${otelcol!.missing.reason}` },
  async t => {
    const error = await refusal(otelcolSubject(), optionsFor(t.testdir(), FAULTY))
    t.equal(error.code, 'CHURN_SUBJECT_CONFIG')
    t.match(error.message, /\n {2}field nonsense not found in type kubernetes\.plain\n {2}field rubbish not found/)
  },
)
