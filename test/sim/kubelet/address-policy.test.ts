// Which address a new pod gets, by the cluster's policy: checked against what each policy promises, for any order of coming and going.
import fc from 'fast-check'
import t from 'tap'
import { ADDRESS_POLICIES, type AddressPolicy } from '../../../sim/kubelet/address-policy.ts'
import { type NodeSlice, PodNetwork } from '../../../sim/kubelet/pod-network.ts'

const PODS_MAX = 120

function slicesOf(addresses: AddressPolicy, count: number): NodeSlice[] {
  const network = new PodNetwork(PODS_MAX, { addresses })
  return Array.from({ length: count }, () => network.nextSlice())
}

t.test('whatever the policy, no two living pods have the same address, nor that of a node', t => {
  for (const policy of ADDRESS_POLICIES) {
    const slices = slicesOf(policy, 3)
    fc.assert(
      fc.property(fc.array(fc.record({ node: fc.nat(2), comes: fc.boolean(), which: fc.nat() })), steps => {
        const living: { readonly node: number; readonly address: string }[] = []
        for (const { node, comes, which } of steps) {
          if (comes) {
            const address = slices[node]!.take()
            if (living.some(pod => pod.address === address)) throw new Error(`${address} twice`)
            if (slices.some(slice => slice.nodeAddress === address)) throw new Error(`${address} is a node's`)
            living.push({ node, address })
          } else if (living.length > 0) {
            const [gone] = living.splice(which % living.length, 1)
            slices[gone!.node]!.release(gone!.address)
          }
        }
        for (const { node, address } of living) slices[node]!.release(address)
      }),
    )
  }
  t.end()
})

t.test('fresh: an address rests until all others of its node have been used', t => {
  const [slice] = slicesOf('fresh', 1)
  const first = slice!.take()
  slice!.release(first)
  const seen = new Set<string>()
  for (let address = slice!.take(); address !== first; address = slice!.take()) {
    seen.add(address)
    slice!.release(address)
  }
  t.equal(seen.size, 252)
  t.end()
})

t.test('sequential: the next free one, round and round', t => {
  const [slice] = slicesOf('sequential', 1)
  const [a, b, c] = [slice!.take(), slice!.take(), slice!.take()]
  t.same([a, b, c], ['127.2.0.2', '127.2.0.3', '127.2.0.4'])
  slice!.release(a)
  slice!.release(c)
  t.equal(slice!.take(), '127.2.0.5', 'not back before it has been round')
  for (let i = 6; i < 255; i++) slice!.take()
  t.equal(slice!.take(), '127.2.0.2', 'the first that is free')
  t.equal(slice!.take(), '127.2.0.4', 'the second is taken still')
  t.throws(() => slice!.take(), { code: 'CHURN_POD_ADDRESSES_USED_UP' })
  t.end()
})

t.test('reuse: what one node gives back, any other has next', t => {
  const [one, two] = slicesOf('reuse', 2)
  const [a, b] = [one!.take(), one!.take()]
  one!.release(a)
  one!.release(b)
  t.equal(two!.take(), b, 'the last one first')
  t.equal(two!.take(), a)
  t.equal(two!.take(), '127.2.1.2', 'one of its own when nobody has given any back')
  two!.release('127.2.1.2')
  t.equal(one!.take(), '127.2.1.2')
  // The addresses of one node may all live on another: the network has others still.
  for (let i = 0; i < 251; i++) one!.take()
  t.match(one!.take(), /^127\.2\.1\.3$/)
  t.end()
})
