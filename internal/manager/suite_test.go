// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/test/env"
)

// patience is how long a condition may take on a busy machine.
const patience = 60 * time.Second

var testEnv *env.Environment

func TestManager(t *testing.T) {
	if testing.Short() {
		t.Skip("needs an API server")
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "Manager")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	var err error
	testEnv, err = env.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(testEnv.Stop)
})

// optionsOf returns the options of a component that acts with its own identity.
func optionsOf(component string) Options {
	GinkgoHelper()
	config, err := testEnv.ServiceAccount(component)
	Expect(err).NotTo(HaveOccurred())
	return Options{Config: config, LeaderElection: true, EndpointAddress: "127.0.0.1:0", Log: GinkgoLogr}
}

// readerAs returns a client of a component's identity.
func readerAs(component string) client.Reader {
	GinkgoHelper()
	config, err := testEnv.ServiceAccount(component)
	Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{Scheme: testEnv.Scheme})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// start starts a component, waits until it leads and has published where it
// serves, and returns how to stop it. It is stopped at the end of the spec, too.
func start(ctx context.Context, component *Component) (stop func()) {
	GinkgoHelper()
	running, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- component.Start(running) }()
	done := false
	stop = func() {
		GinkgoHelper()
		cancel()
		if !done {
			done = true
			Eventually(stopped).Should(Receive(Not(HaveOccurred())))
		}
	}
	DeferCleanup(stop)
	Expect(component.WaitForReady(ctx)).To(Succeed())
	return stop
}

// tokenOf returns a token of a ServiceAccount, for the API server where no
// audience is named.
func tokenOf(ctx context.Context, namespace, name string, audiences ...string) string {
	GinkgoHelper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences}}
	account := &corev1.ServiceAccount{}
	account.Namespace, account.Name = namespace, name
	Expect(testEnv.Client.SubResource("token").Create(ctx, account, request)).To(Succeed())
	return request.Status.Token
}

func writeToken(token string) (file string) {
	GinkgoHelper()
	file = filepath.Join(GinkgoT().TempDir(), "token")
	Expect(os.WriteFile(file, []byte(token), 0o600)).To(Succeed())
	return file
}
