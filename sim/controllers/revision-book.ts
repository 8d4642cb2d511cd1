import type { ControllerRevision } from 'kubernetes-types/apps/v1.js'
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import {
  ControllerRevisions,
  keyOf,
  type ObjectStore,
  type ResourceType,
  type Stored,
  type StoreEvent,
} from '../cluster/index.ts'
import { controllerOf, controllerReference, type EventRouter, splitKey } from '../informers/index.ts'
import { canonical } from './template-hash.ts'
import { KeyedSets } from './keyed-sets.ts'

/** A revision's name is cut here, so that the hash behind it still fits into a name. */
const PREFIX_MAX = 223

/** A StatefulSet or a DaemonSet, as far as its history is concerned. */
export interface Revised {
  readonly type: ResourceType
  readonly owner: Stored
  readonly template: PodTemplateSpec
}

/**
 * ControllerRevisions by who owns them: what a StatefulSet's or DaemonSet's pod template was, each with a number that
 * rises. `data` is a patch that puts the template back, so `kubectl rollout undo` only has to send it.
 */
export class RevisionBook {
  readonly #store: ObjectStore
  /** Keys by uid of the controller. */
  readonly #owned = new KeyedSets()
  /** Keys of those without a controller, by namespace. */
  readonly #orphans = new KeyedSets()

  /** @param onChange is told the controller of each revision that comes, changes or goes; `undefined` for an orphan. */
  constructor(
    store: ObjectStore,
    router: EventRouter,
    onChange: (revision: Stored<ControllerRevision>, owner: ReturnType<typeof controllerOf>) => void,
  ) {
    this.#store = store
    router.on<ControllerRevision>(ControllerRevisions, event => {
      this.#update(event)
      onChange(event.object, controllerOf(event.object))
    })
  }

  /** The history of an owner, oldest first. */
  of(uid: string): Stored<ControllerRevision>[] {
    const found: Stored<ControllerRevision>[] = []
    for (const key of this.#owned.of(uid)) {
      const revision = this.#get(key)
      if (revision !== undefined) found.push(revision)
    }
    return found.sort((a, b) => a.revision - b.revision || (a.metadata.name < b.metadata.name ? -1 : 1))
  }

  /** Takes over the revisions that nobody owns and that `matches`: what `delete --cascade=orphan` left behind. */
  adopt(type: ResourceType, owner: Stored, matches: (labels: Readonly<Record<string, string>>) => boolean): void {
    for (const key of this.#orphans.of(owner.metadata.namespace ?? '')) {
      const { namespace, name } = splitKey(key)
      this.#store.modify<ControllerRevision>(ControllerRevisions, namespace, name, revision => {
        const { metadata } = revision
        if (controllerOf(revision) !== undefined || metadata.deletionTimestamp !== undefined) return undefined
        if (!matches(metadata.labels ?? {})) return undefined
        const ownerReferences = [...(metadata.ownerReferences ?? []), controllerReference(type, owner)]
        return { ...revision, metadata: { ...metadata, ownerReferences } }
      })
    }
  }

  /** Gives a revision another number; returns the one that has it. */
  renumber(revision: Stored<ControllerRevision>, number: number): Stored<ControllerRevision> {
    if (revision.revision === number) return revision
    return this.#store.update<ControllerRevision>(ControllerRevisions, { ...revision, revision: number })
  }

  /**
   * Keeps a template as a revision of its owner. Returns the one that is there when it says the same already, and
   * `undefined` when its name is taken by something else: then the hash needs another collision count.
   */
  record(
    { type, owner, template }: Revised,
    hash: string,
    hashLabel: string,
    number: number,
  ): Stored<ControllerRevision> | undefined {
    const { namespace, annotations } = owner.metadata
    const name = `${owner.metadata.name.slice(0, PREFIX_MAX)}-${hash}`
    const there = this.#store.get<ControllerRevision>(ControllerRevisions, namespace, name)
    if (there !== undefined) return isRevisionOf(there, template) ? there : undefined
    const draft: ControllerRevision = {
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...template.metadata?.labels, [hashLabel]: hash },
        ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
        ownerReferences: [controllerReference(type, owner)],
      },
      data: dataOf(template),
      revision: number,
    }
    return this.#store.create<ControllerRevision>(ControllerRevisions, draft)
  }

  #update({ type, object, previous }: StoreEvent<ControllerRevision>): void {
    const key = keyOf(object)
    const namespace = object.metadata.namespace ?? ''
    const before = previous && controllerOf(previous)?.uid
    const owner = controllerOf(object)?.uid
    if (previous !== undefined && before === undefined) this.#orphans.drop(namespace, key)
    if (before !== undefined && (before !== owner || type === 'DELETED')) this.#owned.drop(before, key)
    if (type === 'DELETED') return
    if (owner === undefined) this.#orphans.add(namespace, key)
    else this.#owned.add(owner, key)
  }

  #get(key: string): Stored<ControllerRevision> | undefined {
    const { namespace, name } = splitKey(key)
    return this.#store.get<ControllerRevision>(ControllerRevisions, namespace, name)
  }
}

/**
 * A patch that puts the template back. Byte for byte what Kubernetes' controllers write, with sorted keys and a
 * `creationTimestamp` of `null`: kubectl compares the bytes to tell whether there is anything to undo.
 */
function dataOf(template: PodTemplateSpec): NonNullable<ControllerRevision['data']> {
  const metadata = { ...template.metadata, creationTimestamp: null }
  return { spec: { template: JSON.parse(canonical({ ...template, $patch: 'replace', metadata })) as object } }
}

/** What was read out of a revision's data or made of a template, for as long as that lives. */
const templates = new WeakMap<object, PodTemplateSpec>()
const texts = new WeakMap<object, string>()

/** The template that a revision keeps; the same object each time. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const kept: { readonly spec?: { readonly template?: PodTemplateSpec & { $patch?: string } } } | undefined = data
  const inside = kept?.spec?.template
  // Somebody may have written a revision with nothing in it.
  if (inside === undefined) return { spec: { containers: [] } }
  let template = templates.get(inside)
  if (template === undefined) {
    const { $patch: _, metadata, ...rest } = inside
    const { creationTimestamp: _never, ...meta } = metadata ?? {}
    template = { ...(Object.keys(meta).length === 0 ? {} : { metadata: meta }), ...rest }
    templates.set(inside, template)
  }
  return template
}

/** Whether a revision keeps this very template. */
export function isRevisionOf(revision: ControllerRevision, template: PodTemplateSpec): boolean {
  return textOf(templateOf(revision)) === textOf(template)
}

function textOf(template: PodTemplateSpec): string {
  let text = texts.get(template)
  if (text === undefined) {
    const { creationTimestamp: _, ...metadata } = template.metadata ?? {}
    text = canonical({ ...template, metadata })
    texts.set(template, text)
  }
  return text
}
