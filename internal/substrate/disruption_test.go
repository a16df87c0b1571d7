// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"strings"
	"testing"
	"time"
)

func TestDisruptionValidate(t *testing.T) {
	tests := []struct {
		name    string
		give    Disruption
		wantErr string
	}{
		{name: "fits", give: Disruption{Target: Etcd, Kind: Full}},
		{name: "with a delay", give: Disruption{Target: Etcd, Kind: Slow, Delay: time.Second}},
		{name: "no target", give: Disruption{Kind: Pause}, wantErr: `unknown target "": must be etcd, kube-apiserver or kube-controller-manager`},
		{name: "unknown target", give: Disruption{Target: "etdc", Kind: Pause}, wantErr: `unknown target "etdc": must be etcd,`},
		{name: "no kind", give: Disruption{Target: Etcd}, wantErr: `unknown kind of disruption "": must be Pause, Stop, Kill, Full, Slow, Overload or RefuseWrites`},
		{name: "unknown kind", give: Disruption{Target: Etcd, Kind: "Burn"}, wantErr: `unknown kind of disruption "Burn"`},
		{name: "a kind of others", give: Disruption{Target: APIServer, Kind: Full}, wantErr: "Full does not fit kube-apiserver: it must be Pause, Stop, Kill, Overload or RefuseWrites"},
		{name: "a delay of others", give: Disruption{Target: Etcd, Kind: Stop, Delay: 1}, wantErr: "delay 1ns: only Slow has one"},
		{name: "too slow", give: Disruption{Target: Etcd, Kind: Slow, Delay: time.Minute}, wantErr: "delay 1m0s: must be more than 0 and at most 10s"},
		{name: "faster", give: Disruption{Target: Etcd, Kind: Slow, Delay: -1}, wantErr: "must be more than 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.give.Validate()
			if (tt.wantErr == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("Validate = %v, want %q", err, tt.wantErr)
			}
		})
	}
}

func TestParseDisruptionKind(t *testing.T) {
	for given, want := range map[string]DisruptionKind{"refuse-writes": RefuseWrites, "RefuseWrites": RefuseWrites, "PAUSE": Pause} {
		if got, err := ParseDisruptionKind(given); got != want || err != nil {
			t.Errorf("ParseDisruptionKind(%q) = %q, %v, want %q", given, got, err, want)
		}
	}
}

func TestEachKindFitsATarget(t *testing.T) {
	for _, kind := range allKinds() {
		if _, ok := injections[kind]; !ok {
			t.Errorf("%s can be asked for, and nothing does it", kind)
		}
	}
	if got, want := len(allKinds()), len(injections); got != want {
		t.Errorf("%d kinds fit a target, %d can be done", got, want)
	}
}
