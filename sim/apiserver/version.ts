/** The Kubernetes whose behaviour is played; within one minor version of the clients in use, so that none of them warns. */
export const KUBERNETES_VERSION = {
  major: '1',
  minor: '33',
  gitVersion: 'v1.33.4+churnbench',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2025-08-13T14:28:00Z',
  goVersion: '',
  compiler: 'node',
  platform: 'linux/amd64',
} as const
