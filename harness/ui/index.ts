export { type ClusterPage, openClusterPage } from './cluster-page.ts'
export { type Dashboard, type DashboardOptions, openDashboard } from './dashboard.ts'
