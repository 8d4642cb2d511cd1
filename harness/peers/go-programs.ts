import { CONTROL_PLANE_PROGRAMS } from './control-plane-programs.ts'

/** A program that is built from Go modules, of versions that were tried together. */
export interface GoProgram {
  /** Its name in the cache folder. */
  readonly name: string
  readonly version: string
  /** What `go get` is given. */
  readonly modules: readonly string[]
  /** `replace` lines of the module of our own that it is built in. */
  readonly replaces?: readonly string[]
  /** The package that is built; absent: `source`, in a module of our own. */
  readonly command?: string
  readonly source?: string
  readonly tags: string
  /** Variable that is set to `version`, so that the program can tell it; `%` stands for the version. Absent: it knows. */
  readonly versionVariable?: string
}

const VICTORIA = 'github.com/VictoriaMetrics/VictoriaMetrics'
const VICTORIA_RELEASE = '1.131.0'

const COLLECTOR = 'go.opentelemetry.io/collector'
const CONTRIB = 'github.com/open-telemetry/opentelemetry-collector-contrib'
/** Of everything that is still 0.x in the collector and of all of contrib; what is 1.x there counts separately. */
const COLLECTOR_RELEASE = '0.164.0'
const COLLECTOR_STABLE_RELEASE = '1.70.0'

const KUBE_STATE_METRICS_RELEASE = '2.15.0'

const K6_RELEASE = '1.8.1'

/** Of Kubernetes; its modules count the same release as 0.x. */
const KUBECTL_RELEASE = '1.37.2'
const kubectlModule = (name: string): string => `k8s.io/${name}@v0${KUBECTL_RELEASE.slice(1)}`

/**
 * A collector of the parts that the subject needs: Prometheus receiver, remote-write exporter, health check, pprof.
 *
 * The file scheme reads its configuration; the env scheme makes `$` mean what it means in every other collector.
 */
const COLLECTOR_SOURCE = `package main

import (
	"fmt"
	"os"

	"${CONTRIB}/exporter/prometheusremotewriteexporter"
	"${CONTRIB}/extension/healthcheckextension"
	"${CONTRIB}/extension/pprofextension"
	"${CONTRIB}/receiver/prometheusreceiver"
	"${COLLECTOR}/component"
	"${COLLECTOR}/confmap"
	"${COLLECTOR}/confmap/provider/envprovider"
	"${COLLECTOR}/confmap/provider/fileprovider"
	"${COLLECTOR}/exporter"
	"${COLLECTOR}/extension"
	"${COLLECTOR}/otelcol"
	"${COLLECTOR}/processor"
	"${COLLECTOR}/processor/batchprocessor"
	"${COLLECTOR}/receiver"
	"${COLLECTOR}/service/telemetry/otelconftelemetry"
)

var version = "unknown"

func factories() (otelcol.Factories, error) {
	all := otelcol.Factories{Telemetry: otelconftelemetry.NewFactory()}
	var err error
	if all.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](prometheusreceiver.NewFactory()); err != nil {
		return all, err
	}
	if all.Processors, err = otelcol.MakeFactoryMap[processor.Factory](batchprocessor.NewFactory()); err != nil {
		return all, err
	}
	if all.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](prometheusremotewriteexporter.NewFactory()); err != nil {
		return all, err
	}
	all.Extensions, err = otelcol.MakeFactoryMap[extension.Factory](healthcheckextension.NewFactory(), pprofextension.NewFactory())
	return all, err
}

func main() {
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "otelcol", Description: "OpenTelemetry Collector for churnbench", Version: version},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory(), envprovider.NewFactory()},
				DefaultScheme:     "env",
			},
		},
	})
	if err := command.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`

/** kubectl's own command is in a module that cannot be required; all that it does is in one that can. */
const KUBECTL_SOURCE = `package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
`

const AVALANCHE = 'github.com/prometheus-community/avalanche'
const AVALANCHE_RELEASE = '0.7.0'

/**
 * Avalanche's own collector behind the handler that its own program has. That program listens on every address of the
 * machine; this one on 127.0.0.1, on a free port, which is the first line that it prints.
 */
const AVALANCHE_SOURCE = `package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"${AVALANCHE}/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var version = "unknown"

func main() {
	config := metrics.Config{MetricLength: 5, LabelLength: 5, MaxSeriesCount: 1 << 30, SeriesOperationMode: "disabled"}
	flag.IntVar(&config.CounterMetricCount, "counter-metric-count", 0, "")
	flag.IntVar(&config.GaugeMetricCount, "gauge-metric-count", 500, "")
	flag.IntVar(&config.SeriesCount, "series-count", 100, "")
	flag.IntVar(&config.LabelCount, "label-count", 10, "")
	flag.IntVar(&config.ValueInterval, "value-interval", 30, "seconds")
	tells := flag.Bool("version", false, "")
	flag.Parse()
	if *tells {
		fmt.Println("avalanche, version " + version)
		return
	}
	if err := config.Validate(); err != nil {
		log.Fatal(err)
	}
	collector := metrics.NewCollector(config)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector)
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	go func() { log.Fatal(http.Serve(listener, nil)) }()
	log.Fatal(collector.Run())
}
`

/** By the name of the peer. Prometheus, of which the newest that can be built is taken, has a file of its own. */
export const GO_PROGRAMS: Readonly<Record<string, GoProgram>> = {
  'vmagent-current': {
    name: 'vmagent',
    version: VICTORIA_RELEASE,
    modules: [`${VICTORIA}/app/vmagent@v${VICTORIA_RELEASE}`],
    command: `${VICTORIA}/app/vmagent`,
    tags: '',
    versionVariable: `${VICTORIA}/lib/buildinfo.Version=vmagent-tags-v%`,
  },
  // Of Prometheus' discoveries only Kubernetes', as in the Prometheus that is built here: the others bring hundreds of modules.
  otelcol: {
    name: 'otelcol',
    version: COLLECTOR_RELEASE,
    modules: [
      ...['exporter/prometheusremotewriteexporter', 'receiver/prometheusreceiver'].map(at => `${CONTRIB}/${at}`),
      ...['extension/healthcheckextension', 'extension/pprofextension'].map(at => `${CONTRIB}/${at}`),
      ...['otelcol', 'service', 'processor/batchprocessor'].map(at => `${COLLECTOR}/${at}`),
    ]
      .map(module => `${module}@v${COLLECTOR_RELEASE}`)
      .concat(
        ['envprovider', 'fileprovider'].map(at => `${COLLECTOR}/confmap/provider/${at}@v${COLLECTOR_STABLE_RELEASE}`),
      ),
    source: COLLECTOR_SOURCE,
    tags: 'remove_all_sd,enable_kubernetes_sd',
    versionVariable: 'main.version=%',
  },
  // Of k6 2 there is no module that the public proxies know; scripts are the same for both.
  k6: {
    name: 'k6',
    version: K6_RELEASE,
    modules: [`go.k6.io/k6@v${K6_RELEASE}`],
    command: 'go.k6.io/k6',
    tags: '',
  },
  avalanche: {
    name: 'avalanche',
    version: AVALANCHE_RELEASE,
    modules: [`${AVALANCHE}@v${AVALANCHE_RELEASE}`],
    source: AVALANCHE_SOURCE,
    tags: '',
    versionVariable: 'main.version=%',
  },
  'kubectl-current': {
    name: 'kubectl',
    version: KUBECTL_RELEASE,
    modules: ['kubectl', 'component-base', 'client-go', 'cli-runtime'].map(kubectlModule),
    source: KUBECTL_SOURCE,
    tags: '',
    versionVariable: 'k8s.io/component-base/version.gitVersion=v%',
  },
  // Of later releases there is no module that the public proxies know.
  'kube-state-metrics': {
    name: 'kube-state-metrics',
    version: KUBE_STATE_METRICS_RELEASE,
    modules: [`k8s.io/kube-state-metrics/v2@v${KUBE_STATE_METRICS_RELEASE}`],
    command: 'k8s.io/kube-state-metrics/v2',
    tags: '',
    versionVariable: 'github.com/prometheus/common/version.Version=v%',
  },
  ...CONTROL_PLANE_PROGRAMS,
}
