// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/test/wrappers"
)

var _ = Describe("Completion", func() {
	var kubeconfig string
	BeforeEach(func(ctx SpecContext) {
		kubeconfig = writeKubeconfig(cluster.Config)
		for _, object := range []client.Object{
			wrappers.MakeSimPod().Namespace("default").Name("web-1").Obj(),
			wrappers.MakeSimPod().Namespace("default").Name("web-2").Obj(),
			wrappers.MakeSimPod().Namespace("default").Name("batch").Obj(),
			wrappers.MakeSimNode().Name("rack-1").Obj(),
		} {
			Expect(cluster.Client.Create(ctx, object)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { Expect(cluster.Client.Delete(ctx, object)).To(Succeed()) })
		}
	})

	DescribeTable("completes", func(ctx SpecContext, want []string, args ...string) {
		args = append([]string{"__complete", "--kubeconfig", kubeconfig}, args...)
		code, out, errOut := glassplane(ctx, args...)
		Expect(code).To(BeZero(), errOut)
		Expect(words(out)).To(Equal(want))
	},
		Entry("types", []string{"simpod/", "pod/", "simreplicaset/", "simdeployment/", "simstatefulset/", "simdaemonset/", "simjob/", "request/"}, "walk", ""),
		Entry("a type", []string{"simpod/", "simreplicaset/", "simdeployment/", "simstatefulset/", "simdaemonset/", "simjob/"}, "walk", "s"),
		Entry("TYPE/NAME", []string{"simpod/web-1", "simpod/web-2"}, "walk", "simpod/web"),
		Entry("the name of a short type", []string{"sp/batch", "sp/web-1", "sp/web-2"}, "explain", "sp/"),
		Entry("TYPE NAME", []string{"web-1", "web-2"}, "explain", "simpod", "web"),
		Entry("no third word", nil, "walk", "simpod", "web-1", ""),
		Entry("no name of an unknown type", nil, "walk", "secret/"),
		Entry("a real pod to explain", []string{"pod/"}, "explain", "p"),
		Entry("in a namespace", nil, "walk", "-n", "kube-system", "simpod/"),
		Entry("nodes", []string{"rack-1"}, "explain", "--node", ""),
		Entry("namespaces", []string{"glassplane-system"}, "walk", "-n", "glass"),
		Entry("contexts", []string{"test"}, "walk", "--context", ""),
		Entry("formats", []string{"text", "wide", "json", "yaml"}, "explain", "-o", ""),
		Entry("nothing after uninstall", nil, "uninstall", ""),
	)

	It("is quiet where there is no cluster", func(ctx SpecContext) {
		code, out, errOut := glassplane(ctx, "__complete", "--kubeconfig=/nowhere", "walk", "simpod/")
		Expect(code).To(BeZero(), errOut)
		Expect(words(out)).To(BeEmpty())
		Expect(errOut).NotTo(ContainSubstring("nowhere"))
	})

	DescribeTable("has a script for", func(ctx SpecContext, shell string) {
		code, out, errOut := glassplane(ctx, "completion", shell)
		Expect(code).To(BeZero(), errOut)
		Expect(out).To(ContainSubstring("__complete"))
	}, Entry(nil, "bash"), Entry(nil, "zsh"), Entry(nil, "fish"), Entry(nil, "powershell"))

	It("works through kubectl, which takes glassplane for its plugin", func(ctx SpecContext) {
		kubectl := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
		if _, err := os.Stat(kubectl); err != nil {
			Skip("there is no kubectl beside the control plane: make controlplane BINARIES=kubectl")
		}
		self, err := os.Executable()
		Expect(err).NotTo(HaveOccurred())
		dir := GinkgoT().TempDir()
		for _, name := range []string{"kubectl-glassplane", completionProgram} {
			Expect(os.Symlink(self, filepath.Join(dir, name))).To(Succeed())
		}
		run := func(args ...string) string {
			command := exec.CommandContext(ctx, kubectl, args...)
			command.Env = append(os.Environ(), "PATH="+dir, "KUBECONFIG="+kubeconfig, "GLASSPLANE_HOME="+dir)
			var stderr bytes.Buffer
			command.Stderr = &stderr
			out, err := command.Output()
			Expect(err).NotTo(HaveOccurred(), stderr.String())
			return string(out)
		}
		Expect(words(run("__complete", "glassplane", "walk", "simpod/web"))).To(Equal([]string{"simpod/web-1", "simpod/web-2"}))
		Expect(words(run("__complete", "glassplane", "w"))).To(HaveExactElements("walk", "watch", "what-if"))
		Expect(run("glassplane", "--help")).To(ContainSubstring("Usage:\n  kubectl glassplane [flags]\n  kubectl glassplane [command]"))
		Expect(run("glassplane", "walk", "--help")).To(ContainSubstring("Usage:\n  kubectl glassplane walk (TYPE/NAME"))
	})
})

// words are the completions, without their descriptions and the directive.
func words(out string) []string {
	var words []string
	for line := range strings.Lines(out) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if word != "" && !strings.HasPrefix(word, ":") {
			words = append(words, word)
		}
	}
	return words
}
