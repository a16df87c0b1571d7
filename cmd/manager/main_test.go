// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"defaults":          {nil, ""},
		"one component":     {[]string{"--components=scheduler", "--metrics-bind-address=:8443"}, ""},
		"unknown component": {[]string{"--components=kubelet"}, `invalid --components "kubelet"`},
		"shared endpoint":   {[]string{"--metrics-bind-address=:8443"}, "need --components to name a single one"},
		"argument":          {[]string{"scheduler"}, `unexpected argument "scheduler"`},
		"no limit":          {[]string{"--terminated-pod-gc-threshold=0"}, ""},
		"limit of what":     {[]string{"--terminated-pod-gc-threshold=many"}, `invalid value "many" for flag -terminated-pod-gc-threshold`},
		"unknown flag":      {[]string{"--nope"}, "not defined"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(test.args)
			if test.want == "" && err != nil {
				t.Fatalf("parse: %v", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("parse: error %v; want one that says %q", err, test.want)
			}
		})
	}
}

func TestEtcdConfigNeedsAllFiles(t *testing.T) {
	flags := etcdFlags{endpoints: "https://127.0.0.1:2379", caFile: "ca.crt"}
	if _, err := flags.config(); err == nil {
		t.Error("a certificate authority without a client certificate was accepted")
	}
}
