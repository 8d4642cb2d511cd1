import type { Service } from 'kubernetes-types/core/v1.js'
import { attachNamespace } from './attached-metadata.ts'
import { hostPort, type MetaLabels, PREFIX } from './meta-labels.ts'
import type { Role } from './role.ts'
import { serviceLabels } from './service-labels.ts'

/** Role `service`: a target for each port of each service, by its name in the cluster's DNS. */
export const serviceRole: Role<Service> = {
  resource: 'services',
  needs: [],
  sourcePrefix: 'svc',

  references: service => [{ resource: 'namespaces', key: service.metadata?.namespace ?? '' }],

  build(service, stores) {
    const labels = serviceLabels(service)
    attachNamespace(labels, service.metadata?.namespace, stores)
    const { name = '', namespace = '' } = service.metadata ?? {}
    const type = service.spec?.type ?? ''
    const targets = (service.spec?.ports ?? []).map(port => {
      const target: MetaLabels = {
        __address__: hostPort(`${name}.${namespace}.svc`, port.port),
        [`${PREFIX}service_port_name`]: port.name ?? '',
        [`${PREFIX}service_port_number`]: String(port.port),
        [`${PREFIX}service_port_protocol`]: port.protocol ?? '',
        [`${PREFIX}service_type`]: type,
      }
      if (type === 'ExternalName') target[`${PREFIX}service_external_name`] = service.spec?.externalName ?? ''
      else target[`${PREFIX}service_cluster_ip`] = service.spec?.clusterIP ?? ''
      if (type === 'LoadBalancer') target[`${PREFIX}service_loadbalancer_ip`] = loadBalancerIps(service)
      return target
    })
    return { labels, targets }
  },
}

function loadBalancerIps(service: Service): string {
  const ips = (service.status?.loadBalancer?.ingress ?? []).map(ingress => ingress.ip ?? '').filter(ip => ip !== '')
  return ips.length > 0 ? ips.join(',') : (service.spec?.loadBalancerIP ?? '')
}
