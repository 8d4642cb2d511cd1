import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../cluster/index.ts'

/** Annotation of a pod that stands for a static one, which a kubelet runs from a file of its own. */
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'

/** Whether the object only mirrors what the kubelet runs by itself. */
export function isStatic({ metadata }: Pod): boolean {
  return metadata?.annotations?.[MIRROR_ANNOTATION] !== undefined
}

/** The object that a kubelet creates anew when somebody has deleted the one before. */
export function mirrorAgain({ metadata, spec, status }: Stored<Pod>): Pod {
  const { name, namespace, labels, annotations, ownerReferences } = metadata
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
    ...(spec === undefined ? {} : { spec }),
    status: { phase: 'Pending', ...(status?.qosClass === undefined ? {} : { qosClass: status.qosClass }) },
  }
}
