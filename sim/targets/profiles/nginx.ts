import type { ProfileData } from './model/data-profile.ts'
import { counter, gauge, labelled } from './model/family-data.ts'
import { difference, events, noise, ONE, oneIn, SCRAPES, sum, times, wobble } from './model/source.ts'

/** nginx-prometheus-exporter 0.11 with the open-source server's `stub_status`. It says nothing of its own process. */
export const nginx: ProfileData = {
  name: 'nginx',
  description: 'nginx-prometheus-exporter with stub_status: connections by state, and requests.',
  families() {
    const handled = sum(events(2, 60), SCRAPES)
    const reading = noise(0, 2)
    const writing = sum(ONE, noise(0, 12))
    const active = sum(writing, reading, wobble(4, 120))
    return [
      counter('nginx_connections_accepted', 'Accepted client connections', handled),
      gauge('nginx_connections_active', 'Active client connections', active),
      counter('nginx_connections_handled', 'Handled client connections', handled),
      gauge('nginx_connections_reading', 'Connections where NGINX is reading the request header', reading),
      gauge('nginx_connections_waiting', 'Idle client connections', difference(active, sum(reading, writing))),
      gauge('nginx_connections_writing', 'Connections where NGINX is writing the response back to the client', writing),
      counter('nginx_http_requests_total', 'Total http requests', sum(times(handled, 6), oneIn(handled, 3))),
      gauge('nginx_up', 'Status of the last metric scrape', ONE),
      gauge('nginxexporter_build_info', 'Exporter build information', [
        labelled(
          { arch: 'linux/amd64', commit: '', date: '', dirty: 'false', go: 'go1.19.8', version: '0.11.0-1+b4' },
          ONE,
        ),
      ]),
    ]
  },
}
