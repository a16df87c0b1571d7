// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/glassplane/glassplane/internal/substrate"
)

// victimDirEnv makes this test binary run a control plane on the folder, with a
// paused API server, until it is killed, so that a test can see what is left then.
const victimDirEnv = "GLASSPLANE_TEST_VICTIM_DIR"

// victimTemporary is the value of victimDirEnv for a temporary folder.
const victimTemporary = "temporary"

var assets substrate.Assets

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDirEnv); dir != "" {
		os.Exit(runVictim(dir))
	}
	os.Exit(m.Run())
}

func runVictim(dir string) int {
	found, err := substrate.FindAssets(os.Getenv)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	found.ControllerManager = ""
	if dir == victimTemporary {
		dir = ""
	}
	local, err := substrate.Start(context.Background(), substrate.Options{Assets: found, Dir: dir})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, err = local.Disrupt(context.Background(), substrate.Disruption{Target: substrate.APIServer, Kind: substrate.Pause})
	if err := errors.Join(err, substrate.WriteInstance(local.Dir(), substrate.Instance{})); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(local.Dir())
	<-local.Done()
	return 1
}

func TestSubstrate(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Local control plane")
}

var _ = BeforeSuite(func() {
	var err error
	assets, err = substrate.FindAssets(os.Getenv)
	if errors.Is(err, substrate.ErrNoAssets) && os.Getenv(substrate.AssetsEnv) == "" {
		Skip(err.Error())
	}
	Expect(err).NotTo(HaveOccurred())
})
