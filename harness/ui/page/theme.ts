/** Colours of the style sheet for what is painted, and word of their change. */
const cache = new Map<string, string>()
let wasAlone = false

/** The value of a custom property of the page, following properties that name others. */
export function colour(name: string): string {
  let value = cache.get(name)
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim()
    cache.set(name, value)
  }
  return value
}

/** Whether a subject of ours looks at the cluster: where nobody does, a pod that was not scraped is well. */
export function setAlone(isAlone: boolean): void {
  if (document.documentElement.classList.toggle('alone', isAlone) !== wasAlone) cache.clear()
  wasAlone = isAlone
}

/** Calls back when the reader changes between light and dark. */
export function onThemeChange(changed: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    cache.clear()
    changed()
  })
}
