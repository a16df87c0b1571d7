// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/glassplane/glassplane/test/env"
)

// cluster is an API server and etcd, with everything installed but the components.
var cluster *env.Environment

// TestMain lets the test's own executable be the one that kubectl calls: under
// a name of the plugin it is glassplane.
func TestMain(m *testing.M) {
	if name := programName(os.Args[0]); name == completionProgram || name == "kubectl-glassplane" {
		os.Exit(Main(context.Background(), os.Args[0], os.Args[1:], IO{
			IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
			Clock:     clock.RealClock{}, Env: os.Getenv,
		}))
	}
	os.Exit(m.Run())
}

func TestOnCluster(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "CLI")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(30 * time.Second)
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	ctrl.SetLogger(GinkgoLogr)
	var err error
	cluster, err = env.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(cluster.Stop)
})

// writeKubeconfig writes a configuration as a file and returns its path.
func writeKubeconfig(config *rest.Config) string {
	GinkgoHelper()
	const name = "test"
	path := GinkgoT().TempDir() + "/kubeconfig"
	Expect(clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{name: {
			Server: config.Host, CertificateAuthorityData: config.CAData, InsecureSkipTLSVerify: config.Insecure,
		}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name: {ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name, Namespace: "default"}},
		CurrentContext: name,
	}, path)).To(Succeed())
	return path
}

// glassplane runs a command line and returns what it printed.
func glassplane(ctx context.Context, args ...string) (code int, out, errOut string) {
	GinkgoHelper()
	home := GinkgoT().TempDir()
	streams, _, stdout, stderr := genericiooptions.NewTestIOStreams()
	code = Main(ctx, "glassplane", args, IO{IOStreams: streams, Clock: clock.RealClock{}, Env: func(name string) string {
		if name == "GLASSPLANE_HOME" {
			return home
		}
		return ""
	}})
	return code, stdout.String(), stderr.String()
}
