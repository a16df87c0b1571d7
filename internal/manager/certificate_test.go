// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func TestMadeCertificate(t *testing.T) {
	made, err := makeCertificate(SchedulerName, net.ParseIP("10.1.2.3"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(made.pem) {
		t.Fatal("what is published is not PEM")
	}
	for name, want := range map[string]bool{
		"glassplane-scheduler":                       true,
		"glassplane-scheduler.glassplane-system.svc": true,
		"localhost": true,
		"10.1.2.3":  true,
		"10.1.2.4":  false,
		"glassplane-observer.glassplane-system.svc":    false,
		"glassplane-scheduler.another-namespace.svc":   false,
		"a.glassplane-scheduler.glassplane-system.svc": false,
	} {
		if _, err := made.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); (err == nil) != want {
			t.Errorf("valid for %s: %v; want %v", name, err, want)
		}
	}
	end := made.Leaf.NotAfter
	if year := time.Until(end); year < 364*24*time.Hour || year > 366*24*time.Hour {
		t.Errorf("valid for %v, want a year", year)
	}
	for before, want := range map[time.Duration]bool{25 * time.Hour: true, 23 * time.Hour: false, -time.Hour: false} {
		if err := made.checkAt(end.Add(-before)); (err == nil) != want {
			t.Errorf("%v before its end: %v; want healthy: %v", before, err, want)
		}
	}
}

func TestAuthorityOfAFolder(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"signed by another": {map[string]string{"tls.crt": "serving", "ca.crt": "authority"}, "authority"},
		"signed by itself":  {map[string]string{"tls.crt": "serving"}, "serving"},
		"authority unknown": {map[string]string{"tls.crt": "serving", "ca.crt": ""}, "serving"},
		"nothing":           {nil, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range tc.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := authorityIn(dir)()
			if string(got) != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestReachableIP(t *testing.T) {
	tests := map[string]struct {
		listened, advertised string
		want, wantErr        string
	}{
		"one address":            {"10.1.2.3:8443", "", "10.1.2.3", ""},
		"all, one advertised":    {":8443", "10.1.2.3", "10.1.2.3", ""},
		"IPv6":                   {"[::]:8443", "fd00::1", "fd00::1", ""},
		"a name":                 {"localhost:8443", "", "<nil>", ""},
		"all":                    {":8443", "", "", "--advertise-address"},
		"all IPv4":               {"0.0.0.0:8443", "", "", "--advertise-address"},
		"all IPv6":               {"[::]:8443", "", "", "--advertise-address"},
		"advertised name":        {":8443", "pod.example", "", `"pod.example" must be an IP`},
		"advertised is no place": {":8443", "0.0.0.0", "", `"0.0.0.0" must be an IP`},
		"no port":                {"10.1.2.3", "", "", "host:port"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := reachableIP(tc.listened, tc.advertised)
			switch {
			case tc.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tc.wantErr)):
				t.Errorf("got %v, %v; want an error that says %q", got, err, tc.wantErr)
			case tc.wantErr == "" && (err != nil || got.String() != tc.want):
				t.Errorf("got %v, %v; want %s", got, err, tc.want)
			}
		})
	}
}

// listening is a server of controller-runtime that listens at an address.
type listening struct {
	metricsserver.Server
	address string
}

func (l listening) GetBindAddr() string { return l.address }

func TestAdvertisedAddress(t *testing.T) {
	tests := map[string]struct{ bound, advertised, want string }{
		"what is listened on": {"127.0.0.1:8443", "", "127.0.0.1:8443"},
		"the pod's IP":        {"[::]:8443", "10.1.2.3", "10.1.2.3:8443"},
		"IPv6":                {"[::]:8443", "fd00::1", "[fd00::1]:8443"},
		"not listening yet":   {"", "10.1.2.3", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e := &endpoint{server: listening{address: tc.bound}, advertised: tc.advertised}
			if got := e.address(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
