import { type Deck, kindsDeck } from './model/deck.ts'
import {
  by,
  counter,
  type FamilyData,
  gauge,
  labelled,
  ofMachine,
  type SampleData,
  unknown,
} from './model/family-data.ts'
import { goFamilies, handlerFamilies } from './go-runtime.ts'
import type { ProfileData } from './model/data-profile.ts'
import {
  CLOCK,
  constant,
  dealt,
  difference,
  drawn,
  events,
  noise,
  oneIn,
  ONE,
  rest,
  type Source,
  STARTED,
  sum,
  times,
  wobble,
  ZERO,
} from './model/source.ts'

const PAGE = 4096
const DISK = 'vda'
const CPUS = ['0', '1', '2', '3']
const BUSY_MODES = ['iowait', 'nice', 'softirq', 'steal', 'system', 'user']
/** Of a hundred ticks that are not idle. */
const BUSY_SHARES = [5, 3, 4, 3, 25, 60]
/** What a virtual network card says that knows no speed: minus one megabit. */
const NEGATIVE_SPEED = constant(-125_000)

const COLLECTORS = [
  'arp',
  'bcache',
  'bonding',
  'btrfs',
  'conntrack',
  'cpu',
  'cpufreq',
  'diskstats',
  'dmi',
  'edac',
  'entropy',
  'fibrechannel',
  'filefd',
  'filesystem',
  'hwmon',
  'infiniband',
  'ipvs',
  'loadavg',
  'mdadm',
  'meminfo',
  'netclass',
  'netdev',
  'netstat',
  'nfs',
  'nfsd',
  'nvme',
  'os',
  'powersupplyclass',
  'pressure',
  'rapl',
  'schedstat',
  'selinux',
  'sockstat',
  'softnet',
  'stat',
  'systemd',
  'tapestats',
  'textfile',
  'thermal_zone',
  'time',
  'timex',
  'udp_queues',
  'uname',
  'vmstat',
  'xfs',
  'zfs',
]
/** Collectors that find nothing in a virtual machine. */
const NOT_HERE: ReadonlySet<string> = new Set([
  'bonding',
  'dmi',
  'fibrechannel',
  'hwmon',
  'infiniband',
  'ipvs',
  'mdadm',
  'nfs',
  'nfsd',
  'nvme',
  'rapl',
  'schedstat',
  'systemd',
  'tapestats',
  'zfs',
])

/**
 * node_exporter 1.5 with its defaults, in a Linux VM of four processors. Its counters are the node's: they go on when it restarts.
 *
 * This file: the collectors and those that find nothing; then, in `machineFamilies`, what the machine does (processors, packets, disk,
 * memory), each number once; then the families that show it, in the order of their names, as the exporter writes them.
 */
export const nodeExporter: ProfileData = {
  name: 'node-exporter',
  description: 'node_exporter with its default collectors on a Linux VM: processors, memory, disk, network, pressure.',
  families({ prng }): readonly FamilyData[] {
    return [
      ...goFamilies({ version: 'go1.19.8', era: 'before-1.20' }),
      ...handlerFamilies(true),
      ...ofMachine(machineFamilies(kindsDeck(prng, BUSY_SHARES))),
    ]
  },
}

const each = (label: string, values: Readonly<Record<string, Source>>): SampleData[] =>
  by(label, Object.keys(values), value => values[value]!)
const disk = (value: Source): SampleData[] => [labelled({ device: DISK }, value)]
const filesystem = (value: Source): SampleData[] => [
  labelled({ device: '/dev/vda1', fstype: 'ext4', mountpoint: '/' }, value),
]

function machineFamilies(busyDeck: Deck): FamilyData[] {
  const switches = times(events(400, 4_000), 3)
  const forks = events(1, 20)
  const reads = events(1, 40)
  const writes = events(4, 80)
  const discards = events(0.1, 4)
  const flushes = events(0.2, 4)
  const readBytes = times(reads, 12_288)
  const writtenBytes = times(writes, 36_864)
  const [readMs, writeMs] = [times(reads, 2), times(writes, 3)]
  const ioMs = sum(reads, writes)
  const ioStalled = times(events(0.5, 4), 1_709)
  // Hundredths of a second: what is not idle follows the load, and all modes together are the time that has gone by.
  const cpus = CPUS.map(cpu => {
    const busy = events(5, 30)
    const modes = BUSY_MODES.map((mode, column) => [mode, dealt(busy, busyDeck, column)] as const)
    return { cpu, modes: { idle: rest(100, busy), irq: ZERO, ...Object.fromEntries(modes) } }
  })
  const load1 = wobble(20, 380)
  const load5 = wobble(60, 300)
  const load15 = wobble(90, 260)
  const packetsIn = events(80, 900)
  const packetsOut = events(70, 800)
  const packetsLocal = events(20, 200)
  const bytesIn = times(packetsIn, 612)
  const bytesOut = times(packetsOut, 488)
  const bytesLocal = times(packetsLocal, 340)
  const datagrams = events(0.1, 2)
  const established = wobble(12, 90)
  const conntrack = wobble(40, 900)
  const tcpPages = wobble(3, 60)
  const diskSize = constant(105_086_115_840)
  const diskUsed = sum(times(drawn(1_200_000, 9_000_000), PAGE), times(wobble(0, 240_000), PAGE))
  const diskFree = difference(diskSize, diskUsed)
  const diskAvailable = difference(diskFree, constant(5_368_709_120))
  const files = sum(drawn(190_000, 900_000), wobble(0, 4_000))
  const memTotal = constant(16_777_216_000)
  const activeAnon = times(wobble(90_000, 300_000), PAGE)
  const inactiveAnon = times(drawn(60_000, 200_000), PAGE)
  const activeFile = times(drawn(90_000, 300_000), PAGE)
  const inactiveFile = times(wobble(100_000, 400_000), PAGE)
  const shmem = times(drawn(500, 4_000), PAGE)
  const buffers = times(drawn(9_000, 40_000), PAGE)
  const slabKept = times(drawn(12_000, 30_000), PAGE)
  const slabReclaimable = times(wobble(30_000, 90_000), PAGE)
  const fileCache = sum(activeFile, inactiveFile)
  const memFree = difference(
    memTotal,
    sum(
      activeAnon,
      inactiveAnon,
      fileCache,
      shmem,
      buffers,
      slabKept,
      slabReclaimable,
      times(drawn(100_000, 300_000), PAGE),
    ),
  )
  return [
    gauge('node_arp_entries', 'ARP entries by device', each('device', { eth0: wobble(2, 40) })),
    gauge('node_boot_time_seconds', 'Node boot time, in unixtime.', oneIn(STARTED, 1000)),
    counter('node_context_switches_total', 'Total number of context switches.', switches),
    counter(
      'node_cpu_guest_seconds_total',
      'Seconds the CPUs spent in guests (VMs) for each mode.',
      CPUS.flatMap(cpu => ['nice', 'user'].map(mode => labelled({ cpu, mode }, ZERO))),
      2,
    ),
    counter(
      'node_cpu_seconds_total',
      'Seconds the CPUs spent in each mode.',
      cpus.flatMap(({ cpu, modes }) => Object.entries(modes).map(([mode, value]) => labelled({ cpu, mode }, value))),
      2,
    ),
    counter(
      'node_disk_discard_time_seconds_total',
      'This is the total number of seconds spent by all discards.',
      disk(oneIn(discards, 6)),
      3,
    ),
    counter(
      'node_disk_discarded_sectors_total',
      'The total number of sectors discarded successfully.',
      disk(times(discards, 138)),
    ),
    counter(
      'node_disk_discards_completed_total',
      'The total number of discards completed successfully.',
      disk(discards),
    ),
    counter('node_disk_discards_merged_total', 'The total number of discards merged.', disk(oneIn(discards, 1_800))),
    counter(
      'node_disk_flush_requests_time_seconds_total',
      'This is the total number of seconds spent by all flush requests.',
      disk(oneIn(flushes, 2)),
      3,
    ),
    counter(
      'node_disk_flush_requests_total',
      'The total number of flush requests completed successfully',
      disk(flushes),
    ),
    gauge('node_disk_info', 'Info of /sys/block/<block_device>.', [
      labelled({ device: DISK, major: '254', minor: '0', model: '', path: '', revision: '', serial: '', wwn: '' }, ONE),
    ]),
    gauge('node_disk_io_now', 'The number of I/Os currently in progress.', disk(noise(0, 3))),
    counter('node_disk_io_time_seconds_total', 'Total seconds spent doing I/Os.', disk(ioMs), 3),
    counter(
      'node_disk_io_time_weighted_seconds_total',
      'The weighted # of seconds spent doing I/Os.',
      disk(sum(readMs, writeMs)),
      3,
    ),
    counter('node_disk_read_bytes_total', 'The total number of bytes read successfully.', disk(readBytes)),
    counter('node_disk_read_time_seconds_total', 'The total number of seconds spent by all reads.', disk(readMs), 3),
    counter('node_disk_reads_completed_total', 'The total number of reads completed successfully.', disk(reads)),
    counter('node_disk_reads_merged_total', 'The total number of reads merged.', disk(oneIn(reads, 12))),
    counter(
      'node_disk_write_time_seconds_total',
      'This is the total number of seconds spent by all writes.',
      disk(writeMs),
      3,
    ),
    counter('node_disk_writes_completed_total', 'The total number of writes completed successfully.', disk(writes)),
    counter('node_disk_writes_merged_total', 'The number of writes merged.', disk(times(writes, 3))),
    counter('node_disk_written_bytes_total', 'The total number of bytes written successfully.', disk(writtenBytes)),
    gauge('node_entropy_available_bits', 'Bits of available entropy.', constant(256)),
    gauge('node_entropy_pool_size_bits', 'Bits of entropy pool.', constant(256)),
    gauge(
      'node_exporter_build_info',
      "A metric with a constant '1' value labeled by version, revision, branch, goversion from which node_exporter was built, and the goos and goarch for the build.",
      [
        labelled(
          {
            branch: 'debian/sid',
            goarch: 'amd64',
            goos: 'linux',
            goversion: 'go1.19.8',
            revision: '1.5.0-1+b6',
            version: '1.5.0',
          },
          ONE,
        ),
      ],
    ),
    gauge('node_filefd_allocated', 'File descriptor statistics: allocated.', times(wobble(60, 180), 32)),
    gauge('node_filefd_maximum', 'File descriptor statistics: maximum.', constant(2_466_165)),
    gauge(
      'node_filesystem_avail_bytes',
      'Filesystem space available to non-root users in bytes.',
      filesystem(diskAvailable),
    ),
    gauge(
      'node_filesystem_device_error',
      'Whether an error occurred while getting statistics for the given device.',
      filesystem(ZERO),
    ),
    gauge('node_filesystem_files', 'Filesystem total file nodes.', filesystem(constant(16_777_216))),
    gauge(
      'node_filesystem_files_free',
      'Filesystem total free file nodes.',
      filesystem(difference(constant(16_777_216), files)),
    ),
    gauge('node_filesystem_free_bytes', 'Filesystem free space in bytes.', filesystem(diskFree)),
    gauge('node_filesystem_readonly', 'Filesystem read-only status.', filesystem(ZERO)),
    gauge('node_filesystem_size_bytes', 'Filesystem size in bytes.', filesystem(diskSize)),
    counter('node_forks_total', 'Total number of forks.', forks),
    counter('node_intr_total', 'Total number of interrupts serviced.', times(switches, 2)),
    gauge('node_load1', '1m load average.', load1, 2),
    gauge('node_load15', '15m load average.', load15, 2),
    gauge('node_load5', '5m load average.', load5, 2),
    gauge('node_memory_Active_anon_bytes', 'Memory information field Active_anon_bytes.', activeAnon),
    gauge('node_memory_Active_bytes', 'Memory information field Active_bytes.', sum(activeAnon, activeFile)),
    gauge('node_memory_Active_file_bytes', 'Memory information field Active_file_bytes.', activeFile),
    gauge('node_memory_AnonHugePages_bytes', 'Memory information field AnonHugePages_bytes.', ZERO),
    gauge('node_memory_AnonPages_bytes', 'Memory information field AnonPages_bytes.', sum(activeAnon, inactiveAnon)),
    gauge('node_memory_Bounce_bytes', 'Memory information field Bounce_bytes.', ZERO),
    gauge('node_memory_Buffers_bytes', 'Memory information field Buffers_bytes.', buffers),
    gauge('node_memory_Cached_bytes', 'Memory information field Cached_bytes.', sum(fileCache, shmem)),
    gauge('node_memory_CommitLimit_bytes', 'Memory information field CommitLimit_bytes.', oneIn(memTotal, 2)),
    gauge(
      'node_memory_Committed_AS_bytes',
      'Memory information field Committed_AS_bytes.',
      sum(activeAnon, inactiveAnon, times(drawn(20_000, 400_000), PAGE)),
    ),
    gauge('node_memory_DirectMap1G_bytes', 'Memory information field DirectMap1G_bytes.', constant(17_179_869_184)),
    gauge('node_memory_DirectMap2M_bytes', 'Memory information field DirectMap2M_bytes.', constant(2_116_026_368)),
    gauge('node_memory_DirectMap4k_bytes', 'Memory information field DirectMap4k_bytes.', constant(31_457_280)),
    gauge('node_memory_Dirty_bytes', 'Memory information field Dirty_bytes.', times(wobble(10, 9_000), PAGE)),
    gauge('node_memory_FileHugePages_bytes', 'Memory information field FileHugePages_bytes.', ZERO),
    gauge('node_memory_FilePmdMapped_bytes', 'Memory information field FilePmdMapped_bytes.', ZERO),
    gauge('node_memory_HugePages_Free', 'Memory information field HugePages_Free.', ZERO),
    gauge('node_memory_HugePages_Rsvd', 'Memory information field HugePages_Rsvd.', ZERO),
    gauge('node_memory_HugePages_Surp', 'Memory information field HugePages_Surp.', ZERO),
    gauge('node_memory_HugePages_Total', 'Memory information field HugePages_Total.', ZERO),
    gauge('node_memory_Hugepagesize_bytes', 'Memory information field Hugepagesize_bytes.', constant(2_097_152)),
    gauge('node_memory_Hugetlb_bytes', 'Memory information field Hugetlb_bytes.', ZERO),
    gauge('node_memory_Inactive_anon_bytes', 'Memory information field Inactive_anon_bytes.', inactiveAnon),
    gauge('node_memory_Inactive_bytes', 'Memory information field Inactive_bytes.', sum(inactiveAnon, inactiveFile)),
    gauge('node_memory_Inactive_file_bytes', 'Memory information field Inactive_file_bytes.', inactiveFile),
    gauge('node_memory_KReclaimable_bytes', 'Memory information field KReclaimable_bytes.', slabReclaimable),
    gauge(
      'node_memory_KernelStack_bytes',
      'Memory information field KernelStack_bytes.',
      times(wobble(200, 900), 16_384),
    ),
    gauge('node_memory_Mapped_bytes', 'Memory information field Mapped_bytes.', times(drawn(30_000, 90_000), PAGE)),
    gauge('node_memory_MemAvailable_bytes', 'Memory information field MemAvailable_bytes.', sum(memFree, fileCache)),
    gauge('node_memory_MemFree_bytes', 'Memory information field MemFree_bytes.', memFree),
    gauge('node_memory_MemTotal_bytes', 'Memory information field MemTotal_bytes.', memTotal),
    gauge('node_memory_Mlocked_bytes', 'Memory information field Mlocked_bytes.', constant(15_716_352)),
    gauge('node_memory_NFS_Unstable_bytes', 'Memory information field NFS_Unstable_bytes.', ZERO),
    gauge(
      'node_memory_PageTables_bytes',
      'Memory information field PageTables_bytes.',
      times(wobble(2_000, 9_000), PAGE),
    ),
    gauge('node_memory_Percpu_bytes', 'Memory information field Percpu_bytes.', constant(3_801_088)),
    gauge('node_memory_SReclaimable_bytes', 'Memory information field SReclaimable_bytes.', slabReclaimable),
    gauge('node_memory_SUnreclaim_bytes', 'Memory information field SUnreclaim_bytes.', slabKept),
    gauge('node_memory_ShmemHugePages_bytes', 'Memory information field ShmemHugePages_bytes.', ZERO),
    gauge('node_memory_ShmemPmdMapped_bytes', 'Memory information field ShmemPmdMapped_bytes.', ZERO),
    gauge('node_memory_Shmem_bytes', 'Memory information field Shmem_bytes.', shmem),
    gauge('node_memory_Slab_bytes', 'Memory information field Slab_bytes.', sum(slabKept, slabReclaimable)),
    gauge('node_memory_SwapCached_bytes', 'Memory information field SwapCached_bytes.', ZERO),
    gauge('node_memory_SwapFree_bytes', 'Memory information field SwapFree_bytes.', ZERO),
    gauge('node_memory_SwapTotal_bytes', 'Memory information field SwapTotal_bytes.', ZERO),
    gauge('node_memory_Unevictable_bytes', 'Memory information field Unevictable_bytes.', constant(16_760_832)),
    gauge('node_memory_VmallocChunk_bytes', 'Memory information field VmallocChunk_bytes.', ZERO),
    gauge(
      'node_memory_VmallocTotal_bytes',
      'Memory information field VmallocTotal_bytes.',
      constant(35_184_372_087_808),
    ),
    gauge('node_memory_VmallocUsed_bytes', 'Memory information field VmallocUsed_bytes.', constant(15_331_328)),
    gauge('node_memory_WritebackTmp_bytes', 'Memory information field WritebackTmp_bytes.', ZERO),
    gauge('node_memory_Writeback_bytes', 'Memory information field Writeback_bytes.', times(noise(0, 12), PAGE)),
    unknown('node_netstat_Icmp6_InErrors', 'Statistic Icmp6InErrors.', ZERO),
    unknown('node_netstat_Icmp6_InMsgs', 'Statistic Icmp6InMsgs.', events(0.001, 0.01)),
    unknown('node_netstat_Icmp6_OutMsgs', 'Statistic Icmp6OutMsgs.', events(0.001, 0.02)),
    unknown('node_netstat_Icmp_InErrors', 'Statistic IcmpInErrors.', ZERO),
    unknown('node_netstat_Icmp_InMsgs', 'Statistic IcmpInMsgs.', events(0.001, 0.05)),
    unknown('node_netstat_Icmp_OutMsgs', 'Statistic IcmpOutMsgs.', events(0.001, 0.05)),
    unknown('node_netstat_Ip6_InOctets', 'Statistic Ip6InOctets.', times(events(0.001, 0.01), 128)),
    unknown('node_netstat_Ip6_OutOctets', 'Statistic Ip6OutOctets.', times(events(0.001, 0.01), 89)),
    unknown('node_netstat_IpExt_InOctets', 'Statistic IpExtInOctets.', sum(bytesIn, bytesLocal)),
    unknown('node_netstat_IpExt_OutOctets', 'Statistic IpExtOutOctets.', sum(bytesOut, bytesLocal)),
    unknown('node_netstat_Ip_Forwarding', 'Statistic IpForwarding.', ONE),
    unknown('node_netstat_TcpExt_ListenDrops', 'Statistic TcpExtListenDrops.', ZERO),
    unknown('node_netstat_TcpExt_ListenOverflows', 'Statistic TcpExtListenOverflows.', ZERO),
    unknown('node_netstat_TcpExt_SyncookiesFailed', 'Statistic TcpExtSyncookiesFailed.', ZERO),
    unknown('node_netstat_TcpExt_SyncookiesRecv', 'Statistic TcpExtSyncookiesRecv.', ZERO),
    unknown('node_netstat_TcpExt_SyncookiesSent', 'Statistic TcpExtSyncookiesSent.', ZERO),
    unknown('node_netstat_TcpExt_TCPSynRetrans', 'Statistic TcpExtTCPSynRetrans.', oneIn(packetsOut, 90_000)),
    unknown('node_netstat_TcpExt_TCPTimeouts', 'Statistic TcpExtTCPTimeouts.', oneIn(packetsOut, 70_000)),
    unknown('node_netstat_Tcp_ActiveOpens', 'Statistic TcpActiveOpens.', events(2, 40)),
    unknown('node_netstat_Tcp_CurrEstab', 'Statistic TcpCurrEstab.', established),
    unknown('node_netstat_Tcp_InErrs', 'Statistic TcpInErrs.', ZERO),
    unknown('node_netstat_Tcp_InSegs', 'Statistic TcpInSegs.', sum(packetsIn, packetsLocal)),
    unknown('node_netstat_Tcp_OutRsts', 'Statistic TcpOutRsts.', events(0.5, 12)),
    unknown('node_netstat_Tcp_OutSegs', 'Statistic TcpOutSegs.', sum(packetsOut, packetsLocal)),
    unknown('node_netstat_Tcp_PassiveOpens', 'Statistic TcpPassiveOpens.', events(2, 60)),
    unknown('node_netstat_Tcp_RetransSegs', 'Statistic TcpRetransSegs.', oneIn(packetsOut, 4_000)),
    unknown('node_netstat_Udp6_InDatagrams', 'Statistic Udp6InDatagrams.', ZERO),
    unknown('node_netstat_Udp6_InErrors', 'Statistic Udp6InErrors.', ZERO),
    unknown('node_netstat_Udp6_NoPorts', 'Statistic Udp6NoPorts.', ZERO),
    unknown('node_netstat_Udp6_OutDatagrams', 'Statistic Udp6OutDatagrams.', ZERO),
    unknown('node_netstat_Udp6_RcvbufErrors', 'Statistic Udp6RcvbufErrors.', ZERO),
    unknown('node_netstat_Udp6_SndbufErrors', 'Statistic Udp6SndbufErrors.', ZERO),
    unknown('node_netstat_UdpLite6_InErrors', 'Statistic UdpLite6InErrors.', ZERO),
    unknown('node_netstat_UdpLite_InErrors', 'Statistic UdpLiteInErrors.', ZERO),
    unknown('node_netstat_Udp_InDatagrams', 'Statistic UdpInDatagrams.', datagrams),
    unknown('node_netstat_Udp_InErrors', 'Statistic UdpInErrors.', ZERO),
    unknown('node_netstat_Udp_NoPorts', 'Statistic UdpNoPorts.', ZERO),
    unknown('node_netstat_Udp_OutDatagrams', 'Statistic UdpOutDatagrams.', sum(datagrams, events(0.001, 0.01))),
    unknown('node_netstat_Udp_RcvbufErrors', 'Statistic UdpRcvbufErrors.', ZERO),
    unknown('node_netstat_Udp_SndbufErrors', 'Statistic UdpSndbufErrors.', ZERO),
    gauge(
      'node_network_address_assign_type',
      'Network device property: address_assign_type',
      each('device', { eth0: constant(3), lo: ZERO }),
    ),
    gauge('node_network_carrier', 'Network device property: carrier', each('device', { eth0: ONE, lo: ONE })),
    counter(
      'node_network_carrier_changes_total',
      'Network device property: carrier_changes_total',
      each('device', { eth0: constant(2), lo: ZERO }),
    ),
    counter(
      'node_network_carrier_down_changes_total',
      'Network device property: carrier_down_changes_total',
      each('device', { eth0: ONE, lo: ZERO }),
    ),
    counter(
      'node_network_carrier_up_changes_total',
      'Network device property: carrier_up_changes_total',
      each('device', { eth0: ONE, lo: ZERO }),
    ),
    gauge('node_network_device_id', 'Network device property: device_id', each('device', { eth0: ZERO, lo: ZERO })),
    gauge('node_network_dormant', 'Network device property: dormant', each('device', { eth0: ZERO, lo: ZERO })),
    gauge(
      'node_network_flags',
      'Network device property: flags',
      each('device', { eth0: constant(4_099), lo: constant(9) }),
    ),
    gauge('node_network_iface_id', 'Network device property: iface_id', each('device', { eth0: constant(2), lo: ONE })),
    gauge(
      'node_network_iface_link',
      'Network device property: iface_link',
      each('device', { eth0: constant(2), lo: ONE }),
    ),
    gauge(
      'node_network_iface_link_mode',
      'Network device property: iface_link_mode',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    gauge('node_network_info', 'Non-numeric data from /sys/class/net/<iface>, value is always 1.', [
      labelled(
        {
          address: '00:00:00:00:00:00',
          broadcast: '00:00:00:00:00:00',
          device: 'lo',
          duplex: '',
          ifalias: '',
          operstate: 'unknown',
        },
        ONE,
      ),
      labelled(
        {
          address: '$mac',
          broadcast: 'ff:ff:ff:ff:ff:ff',
          device: 'eth0',
          duplex: 'unknown',
          ifalias: '',
          operstate: 'up',
        },
        ONE,
      ),
    ]),
    gauge(
      'node_network_mtu_bytes',
      'Network device property: mtu_bytes',
      each('device', { eth0: constant(1_500), lo: constant(65_536) }),
    ),
    gauge(
      'node_network_name_assign_type',
      'Network device property: name_assign_type',
      each('device', { eth0: constant(4), lo: constant(2) }),
    ),
    gauge(
      'node_network_net_dev_group',
      'Network device property: net_dev_group',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    gauge(
      'node_network_protocol_type',
      'Network device property: protocol_type',
      each('device', { eth0: ONE, lo: constant(772) }),
    ),
    counter(
      'node_network_receive_bytes_total',
      'Network device statistic receive_bytes.',
      each('device', { eth0: bytesIn, lo: bytesLocal }),
    ),
    counter(
      'node_network_receive_compressed_total',
      'Network device statistic receive_compressed.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_receive_drop_total',
      'Network device statistic receive_drop.',
      each('device', { eth0: oneIn(packetsIn, 90_000), lo: ZERO }),
    ),
    counter(
      'node_network_receive_errs_total',
      'Network device statistic receive_errs.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_receive_fifo_total',
      'Network device statistic receive_fifo.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_receive_frame_total',
      'Network device statistic receive_frame.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_receive_multicast_total',
      'Network device statistic receive_multicast.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_receive_nohandler_total',
      'Network device statistic receive_nohandler.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_receive_packets_total',
      'Network device statistic receive_packets.',
      each('device', { eth0: packetsIn, lo: packetsLocal }),
    ),
    gauge('node_network_speed_bytes', 'Network device property: speed_bytes', each('device', { eth0: NEGATIVE_SPEED })),
    counter(
      'node_network_transmit_bytes_total',
      'Network device statistic transmit_bytes.',
      each('device', { eth0: bytesOut, lo: bytesLocal }),
    ),
    counter(
      'node_network_transmit_carrier_total',
      'Network device statistic transmit_carrier.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_transmit_colls_total',
      'Network device statistic transmit_colls.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_transmit_compressed_total',
      'Network device statistic transmit_compressed.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_transmit_drop_total',
      'Network device statistic transmit_drop.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_transmit_errs_total',
      'Network device statistic transmit_errs.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_transmit_fifo_total',
      'Network device statistic transmit_fifo.',
      each('device', { eth0: ZERO, lo: ZERO }),
    ),
    counter(
      'node_network_transmit_packets_total',
      'Network device statistic transmit_packets.',
      each('device', { eth0: packetsOut, lo: packetsLocal }),
    ),
    gauge(
      'node_network_transmit_queue_length',
      'Network device property: transmit_queue_length',
      each('device', { eth0: constant(1_000), lo: constant(1_000) }),
    ),
    gauge('node_network_up', "Value is 1 if operstate is 'up', 0 otherwise.", each('device', { eth0: ONE, lo: ZERO })),
    gauge(
      'node_nf_conntrack_entries',
      'Number of currently allocated flow entries for connection tracking.',
      conntrack,
    ),
    gauge('node_nf_conntrack_entries_limit', 'Maximum size of connection tracking table.', constant(262_144)),
    gauge('node_nf_conntrack_stat_drop', 'Number of packets dropped due to conntrack failure.', ZERO),
    gauge(
      'node_nf_conntrack_stat_early_drop',
      'Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.',
      ZERO,
    ),
    gauge('node_nf_conntrack_stat_found', 'Number of searched entries which were successful.', ZERO),
    gauge(
      'node_nf_conntrack_stat_ignore',
      'Number of packets seen which are already connected to a conntrack entry.',
      ZERO,
    ),
    gauge('node_nf_conntrack_stat_insert', 'Number of entries inserted into the list.', ZERO),
    gauge(
      'node_nf_conntrack_stat_insert_failed',
      'Number of entries for which list insertion was attempted but failed.',
      ZERO,
    ),
    gauge('node_nf_conntrack_stat_invalid', 'Number of packets seen which can not be tracked.', ZERO),
    gauge(
      'node_nf_conntrack_stat_search_restart',
      'Number of conntrack table lookups which had to be restarted due to hashtable resizes.',
      ZERO,
    ),
    gauge(
      'node_os_info',
      "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, name, pretty_name, variant, variant_id, version, version_codename, version_id.",
      [
        labelled(
          {
            build_id: '',
            id: 'debian',
            id_like: '',
            image_id: '',
            image_version: '',
            name: 'Debian GNU/Linux',
            pretty_name: 'Debian GNU/Linux 12 (bookworm)',
            variant: '',
            variant_id: '',
            version: '12 (bookworm)',
            version_codename: 'bookworm',
            version_id: '12',
          },
          ONE,
        ),
      ],
    ),
    gauge('node_os_version', 'Metric containing the major.minor part of the OS version.', [
      labelled({ id: 'debian', id_like: '', name: 'Debian GNU/Linux' }, constant(12)),
    ]),
    counter(
      'node_pressure_cpu_waiting_seconds_total',
      'Total time in seconds that processes have waited for CPU time',
      times(events(0.5, 20), 21_317),
      6,
    ),
    counter(
      'node_pressure_io_stalled_seconds_total',
      'Total time in seconds no process could make progress due to IO congestion',
      ioStalled,
      6,
    ),
    counter(
      'node_pressure_io_waiting_seconds_total',
      'Total time in seconds that processes have waited due to IO congestion',
      sum(ioStalled, times(events(0.5, 8), 2_113)),
      6,
    ),
    counter(
      'node_pressure_memory_stalled_seconds_total',
      'Total time in seconds no process could make progress due to memory congestion',
      ZERO,
    ),
    counter(
      'node_pressure_memory_waiting_seconds_total',
      'Total time in seconds that processes have waited for memory',
      ZERO,
    ),
    gauge('node_procs_blocked', 'Number of processes blocked waiting for I/O to complete.', noise(0, 1)),
    gauge('node_procs_running', 'Number of processes in runnable state.', sum(ONE, noise(0, 5))),
    gauge(
      'node_scrape_collector_duration_seconds',
      'node_exporter: Duration of a collector scrape.',
      by('collector', COLLECTORS, () => noise(12_000, 400_000)),
      9,
    ),
    gauge(
      'node_scrape_collector_success',
      'node_exporter: Whether a collector succeeded.',
      by('collector', COLLECTORS, collector => (NOT_HERE.has(collector) ? ZERO : ONE)),
    ),
    gauge('node_selinux_enabled', 'SELinux is enabled, 1 is true, 0 is false', ZERO),
    gauge('node_sockstat_FRAG6_inuse', 'Number of FRAG6 sockets in state inuse.', ZERO),
    gauge('node_sockstat_FRAG6_memory', 'Number of FRAG6 sockets in state memory.', ZERO),
    gauge('node_sockstat_FRAG_inuse', 'Number of FRAG sockets in state inuse.', ZERO),
    gauge('node_sockstat_FRAG_memory', 'Number of FRAG sockets in state memory.', ZERO),
    gauge('node_sockstat_RAW6_inuse', 'Number of RAW6 sockets in state inuse.', ZERO),
    gauge('node_sockstat_RAW_inuse', 'Number of RAW sockets in state inuse.', ZERO),
    gauge('node_sockstat_TCP6_inuse', 'Number of TCP6 sockets in state inuse.', constant(6)),
    gauge('node_sockstat_TCP_alloc', 'Number of TCP sockets in state alloc.', sum(established, constant(14))),
    gauge('node_sockstat_TCP_inuse', 'Number of TCP sockets in state inuse.', sum(established, constant(9))),
    gauge('node_sockstat_TCP_mem', 'Number of TCP sockets in state mem.', tcpPages),
    gauge('node_sockstat_TCP_mem_bytes', 'Number of TCP sockets in state mem_bytes.', times(tcpPages, PAGE)),
    gauge('node_sockstat_TCP_orphan', 'Number of TCP sockets in state orphan.', ZERO),
    gauge('node_sockstat_TCP_tw', 'Number of TCP sockets in state tw.', wobble(0, 80)),
    gauge('node_sockstat_UDP6_inuse', 'Number of UDP6 sockets in state inuse.', ZERO),
    gauge('node_sockstat_UDPLITE6_inuse', 'Number of UDPLITE6 sockets in state inuse.', ZERO),
    gauge('node_sockstat_UDPLITE_inuse', 'Number of UDPLITE sockets in state inuse.', ZERO),
    gauge('node_sockstat_UDP_inuse', 'Number of UDP sockets in state inuse.', constant(4)),
    gauge('node_sockstat_UDP_mem', 'Number of UDP sockets in state mem.', constant(3)),
    gauge('node_sockstat_UDP_mem_bytes', 'Number of UDP sockets in state mem_bytes.', constant(3 * PAGE)),
    gauge('node_sockstat_sockets_used', 'Number of IPv4 sockets in use.', sum(established, constant(170))),
    counter(
      'node_softnet_dropped_total',
      'Number of dropped packets',
      by('cpu', CPUS, () => ZERO),
    ),
    counter(
      'node_softnet_processed_total',
      'Number of processed packets',
      by('cpu', CPUS, () => events(40, 400)),
    ),
    counter(
      'node_softnet_times_squeezed_total',
      'Number of times processing packets ran out of quota',
      by('cpu', CPUS, () => events(0.001, 0.01)),
    ),
    gauge('node_textfile_scrape_error', '1 if there was an error opening or reading a file, 0 otherwise', ZERO),
    gauge(
      'node_time_clocksource_available_info',
      "Available clocksources read from '/sys/devices/system/clocksource'.",
      [labelled({ clocksource: 'kvm-clock', device: '0' }, ONE), labelled({ clocksource: 'tsc', device: '0' }, ONE)],
    ),
    gauge('node_time_clocksource_current_info', "Current clocksource read from '/sys/devices/system/clocksource'.", [
      labelled({ clocksource: 'kvm-clock', device: '0' }, ONE),
    ]),
    gauge('node_time_seconds', 'System time in seconds since epoch (1970).', CLOCK, 3),
    gauge('node_time_zone_offset_seconds', 'System time zone offset in seconds.', [
      labelled({ time_zone: 'UTC' }, ZERO),
    ]),
    gauge('node_timex_estimated_error_seconds', 'Estimated error in seconds.', noise(0, 40), 6),
    gauge(
      'node_timex_frequency_adjustment_ratio',
      'Local clock frequency adjustment.',
      wobble(999_990_000, 1_000_010_000),
      9,
    ),
    gauge('node_timex_loop_time_constant', 'Phase-locked loop time constant.', constant(7)),
    gauge('node_timex_maxerror_seconds', 'Maximum error in seconds.', wobble(500, 64_000), 6),
    gauge(
      'node_timex_offset_seconds',
      'Time offset in between local system and reference clock.',
      wobble(-90_000, 90_000),
      9,
    ),
    counter('node_timex_pps_calibration_total', 'Pulse per second count of calibration intervals.', ZERO),
    counter('node_timex_pps_error_total', 'Pulse per second count of calibration errors.', ZERO),
    gauge('node_timex_pps_frequency_hertz', 'Pulse per second frequency.', ZERO),
    gauge('node_timex_pps_jitter_seconds', 'Pulse per second jitter.', ZERO),
    counter('node_timex_pps_jitter_total', 'Pulse per second count of jitter limit exceeded events.', ZERO),
    gauge('node_timex_pps_shift_seconds', 'Pulse per second interval duration.', ZERO),
    counter(
      'node_timex_pps_stability_exceeded_total',
      'Pulse per second count of stability limit exceeded events.',
      ZERO,
    ),
    gauge('node_timex_pps_stability_hertz', 'Pulse per second stability, average of recent frequency changes.', ZERO),
    gauge('node_timex_status', 'Value of the status array bits.', constant(8_193)),
    gauge('node_timex_sync_status', 'Is clock synchronized to a reliable server (1 = yes, 0 = no).', ONE),
    gauge('node_timex_tai_offset_seconds', 'International Atomic Time (TAI) offset.', ZERO),
    gauge('node_timex_tick_seconds', 'Seconds between clock ticks.', constant(10), 3),
    gauge(
      'node_udp_queues',
      'Number of allocated memory in the kernel for UDP datagrams in bytes.',
      ['v4', 'v6'].flatMap(ip => ['rx', 'tx'].map(queue => labelled({ ip, queue }, ZERO))),
    ),
    gauge('node_uname_info', 'Labeled system information as provided by the uname system call.', [
      labelled(
        {
          domainname: '(none)',
          machine: 'x86_64',
          nodename: '$node',
          release: '6.1.0-31-amd64',
          sysname: 'Linux',
          version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.128-1 (2025-02-07)',
        },
        ONE,
      ),
    ]),
    unknown('node_vmstat_oom_kill', '/proc/vmstat information field oom_kill.', ZERO),
    unknown('node_vmstat_pgfault', '/proc/vmstat information field pgfault.', times(events(40, 400), 37)),
    unknown('node_vmstat_pgmajfault', '/proc/vmstat information field pgmajfault.', oneIn(reads, 38)),
    unknown('node_vmstat_pgpgin', '/proc/vmstat information field pgpgin.', oneIn(readBytes, 1024)),
    unknown('node_vmstat_pgpgout', '/proc/vmstat information field pgpgout.', oneIn(writtenBytes, 1024)),
    unknown('node_vmstat_pswpin', '/proc/vmstat information field pswpin.', ZERO),
    unknown('node_vmstat_pswpout', '/proc/vmstat information field pswpout.', ZERO),
  ]
}
