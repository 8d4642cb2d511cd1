import fc from 'fast-check'
import t from 'tap'
import { LabelPlaces } from '../../../sim/controllers/label-places.ts'

t.test('what is filed is found by whoever has the pair, as a list of all would say', async t => {
  const name = fc.constantFrom('a', 'b')
  const place = fc.record({ namespace: name, label: name, value: name, key: fc.constantFrom('x', 'y', 'z') })
  const step = fc.record({ place, isRemoval: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step), name, fc.dictionary(name, name), (steps, namespace, labels) => {
      const places = new LabelPlaces()
      const filed = new Map<string, (typeof steps)[number]['place']>()
      for (const { place, isRemoval } of steps) {
        const { namespace, label, value, key } = place
        if (isRemoval) {
          places.remove(namespace, label, value, key)
          filed.delete(JSON.stringify(place))
        } else {
          places.add(namespace, label, value, key)
          filed.set(JSON.stringify(place), place)
        }
      }
      const wanted = [...filed.values()].filter(
        place => place.namespace === namespace && labels[place.label] === place.value,
      )
      t.same([...places.of(namespace, labels)].sort(), wanted.map(({ key }) => key).sort())
    }),
  )
})
