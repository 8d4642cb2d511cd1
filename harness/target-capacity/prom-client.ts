// A program of its own: an exporter as people write it for Node, with a page of the same shape. Arguments: how many metrics,
// and how many series each has. Its port is the only line that it prints.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Counter, Gauge, Registry } from 'prom-client'

const [metrics, seriesPerMetric] = process.argv.slice(2).map(Number) as [number, number]
const registry = new Registry()
const labelNames = ['cycle_id', 'label_key_kkkkk_0', 'series_id']
for (let index = 0; index < metrics; index++) {
  const help = 'A metric of avalanche’s shape.'
  const options = { help, labelNames, registers: [registry] }
  const labels = (series: number): Record<string, string> => ({
    cycle_id: '0',
    label_key_kkkkk_0: 'label_val_vvvvv_0',
    series_id: String(series),
  })
  // Values stay as they are, which is more than avalanche and we take for ourselves.
  if (index % 2 === 0) {
    const counter = new Counter({ name: `avalanche_counter_metric_mmmmm_0_${index >> 1}_total`, ...options })
    for (let series = 0; series < seriesPerMetric; series++) counter.inc(labels(series), 1000 + series)
  } else {
    const gauge = new Gauge({ name: `avalanche_gauge_metric_mmmmm_0_${index >> 1}`, ...options })
    for (let series = 0; series < seriesPerMetric; series++) gauge.set(labels(series), series)
  }
}

const server = createServer((_, response) => {
  registry.metrics().then(
    body => {
      response.setHeader('Content-Type', registry.contentType)
      response.end(body)
    },
    (error: unknown) => response.destroy(error as Error),
  )
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
// It ends with whoever started it.
process.stdin.resume().on('end', () => process.exit(0))
