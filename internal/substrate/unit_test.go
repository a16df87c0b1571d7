// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/yaml"
)

// hack/controlplane gets what this package looks for.
func TestVersionsAreThosePinned(t *testing.T) {
	data, err := os.ReadFile("../../hack/controlplane/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for module, want := range map[string]string{"k8s.io/kubernetes": KubernetesVersion, "go.etcd.io/etcd/server/v3": EtcdVersion} {
		match := regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(module) + ` (v\S+)`).FindSubmatch(data)
		if match == nil || string(match[1]) != want {
			t.Errorf("%s is pinned at %q, the constant is %s", module, match, want)
		}
	}
}

func writeBinaries(t *testing.T, dir string, mode os.FileMode, names ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name+exeSuffix()), []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFindAssets(t *testing.T) {
	cacheName := "controlplane/" + KubernetesVersion + "-etcd-" + EtcdVersion + "-" + runtime.GOOS + "-" + runtime.GOARCH
	tests := []struct {
		name   string
		layout func(t *testing.T, root string)
		env    map[string]string // values are below root
		// wantDir is below root.
		wantDir        string
		wantController bool
		wantErr        []string
	}{
		{
			name: "cache",
			layout: func(t *testing.T, root string) {
				writeBinaries(t, filepath.Join(root, cacheName), 0o755, Etcd, APIServer, ControllerManager)
			},
			env:            map[string]string{CacheEnv: ""},
			wantDir:        cacheName,
			wantController: true,
		},
		{
			name: "KUBEBUILDER_ASSETS wins, and may lack kube-controller-manager",
			layout: func(t *testing.T, root string) {
				writeBinaries(t, filepath.Join(root, cacheName), 0o755, Etcd, APIServer, ControllerManager)
				writeBinaries(t, filepath.Join(root, "own"), 0o755, Etcd, APIServer)
			},
			env:     map[string]string{CacheEnv: "", AssetsEnv: "own"},
			wantDir: "own",
		},
		{
			name:    "nothing built",
			layout:  func(*testing.T, string) {},
			env:     map[string]string{CacheEnv: ""},
			wantErr: []string{"etcd: missing", "kube-apiserver: missing", cacheName, "get them with: " + GetCommand},
		},
		{
			name: "not executable",
			layout: func(t *testing.T, root string) {
				writeBinaries(t, filepath.Join(root, "own"), 0o755, Etcd, APIServer)
				writeBinaries(t, filepath.Join(root, "own"), 0o644, ControllerManager)
			},
			env:     map[string]string{AssetsEnv: "own"},
			wantErr: []string{"kube-controller-manager:", "is not executable", "unset KUBEBUILDER_ASSETS"},
		},
		{
			name: "a folder in place of a binary",
			layout: func(t *testing.T, root string) {
				writeBinaries(t, filepath.Join(root, "own", Etcd+exeSuffix()), 0o755, "x")
				writeBinaries(t, filepath.Join(root, "own"), 0o755, APIServer)
			},
			env:     map[string]string{AssetsEnv: "own"},
			wantErr: []string{"etcd:", "is not a file"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			tt.layout(t, root)
			got, err := FindAssets(func(name string) string {
				value, ok := tt.env[name]
				if !ok {
					return ""
				}
				return filepath.Join(root, value)
			})
			if len(tt.wantErr) > 0 {
				if !errors.Is(err, ErrNoAssets) {
					t.Fatalf("error = %v, want ErrNoAssets", err)
				}
				for _, want := range tt.wantErr {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("error lacks %q: %v", want, err)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(root, tt.wantDir); got.Dir != want || filepath.Dir(got.Etcd) != want || filepath.Dir(got.APIServer) != want {
				t.Errorf("assets = %+v, want them in %s", got, want)
			}
			if (got.ControllerManager != "") != tt.wantController {
				t.Errorf("ControllerManager = %q, want one: %t", got.ControllerManager, tt.wantController)
			}
		})
	}
}

func TestOptionsComplete(t *testing.T) {
	assets := Assets{Etcd: "etcd", APIServer: "kube-apiserver"}
	tests := []struct {
		name    string
		opts    Options
		wantErr string
	}{
		{name: "defaults", opts: Options{Assets: assets}},
		{name: "no binaries", wantErr: "no path to etcd or kube-apiserver"},
		{name: "port too high", opts: Options{Assets: assets, EtcdPort: 70000}, wantErr: "--etcd-port=70000"},
		{name: "same port twice", opts: Options{Assets: assets, EtcdPort: 6443, APIServerPort: 6443}, wantErr: "both 6443"},
		{name: "unknown audit level", opts: Options{Assets: assets, AuditLevel: "Everything"}, wantErr: `audit level "Everything"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.opts.complete()
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("error = %v, want one with %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || tt.opts.AuditLevel != auditv1.LevelRequestResponse || tt.opts.StartTimeout != DefaultStartTimeout {
				t.Errorf("complete = %v, left %+v", err, tt.opts)
			}
		})
	}
}

// match is the audit policy's own rule: the first that matches decides
// (k8s.io/apiserver/pkg/audit/policy.ruleMatches), for the fields used here.
func match(policy auditv1.Policy, verb, group, resource string) auditv1.PolicyRule {
	has := func(list []string, s string) bool {
		for _, item := range list {
			if item == s {
				return true
			}
		}
		return len(list) == 0
	}
	for _, rule := range policy.Rules {
		if !has(rule.Verbs, verb) {
			continue
		}
		found := len(rule.Resources) == 0
		for _, r := range rule.Resources {
			found = found || r.Group == group && has(r.Resources, resource)
		}
		if found {
			return rule
		}
	}
	return auditv1.PolicyRule{Level: auditv1.LevelNone}
}

func TestAuditPolicy(t *testing.T) {
	data, err := auditPolicyFile(auditv1.LevelRequestResponse)
	if err != nil {
		t.Fatal(err)
	}
	var policy auditv1.Policy
	if err := yaml.UnmarshalStrict(data, &policy); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		verb, group, resource string
		want                  auditv1.Level
		wantReceived          bool
	}{
		{verb: "create", group: simGroup, resource: "simpods", want: auditv1.LevelRequestResponse, wantReceived: true},
		{verb: "patch", group: simGroup, resource: "simpods/status", want: auditv1.LevelRequestResponse, wantReceived: true},
		{verb: "get", group: simGroup, resource: "simpods", want: auditv1.LevelRequestResponse, wantReceived: true},
		{verb: "watch", group: simGroup, resource: "simpods", want: auditv1.LevelMetadata, wantReceived: true},
		{verb: "create", resource: "pods/binding", want: auditv1.LevelRequestResponse, wantReceived: true},
		{verb: "create", resource: "secrets", want: auditv1.LevelMetadata},
		{verb: "update", group: "coordination.k8s.io", resource: "leases", want: auditv1.LevelMetadata},
		{verb: "get", group: "coordination.k8s.io", resource: "leases", want: auditv1.LevelNone},
		{verb: "list", resource: "secrets", want: auditv1.LevelNone},
		{verb: "get", resource: "/healthz", want: auditv1.LevelNone},
	}
	for _, tt := range tests {
		t.Run(tt.verb+" "+tt.resource, func(t *testing.T) {
			rule := match(policy, tt.verb, tt.group, tt.resource)
			if rule.Level != tt.want {
				t.Errorf("level = %s, want %s", rule.Level, tt.want)
			}
			if received := len(rule.OmitStages) == 0; tt.want != auditv1.LevelNone && received != tt.wantReceived {
				t.Errorf("RequestReceived logged = %t, want %t", received, tt.wantReceived)
			}
		})
	}
}

func TestFindPorts(t *testing.T) {
	p, err := findPorts(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range []int{p.apiServer, p.etcd, p.etcdPeer, p.etcdMetrics, p.controllerManager} {
		if port == 0 || seen[port] {
			t.Errorf("findPorts = %+v, want five different ports", p)
		}
		seen[port] = true
	}

	busy, err := net.Listen("tcp", hostPort(0))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	port := busy.Addr().(*net.TCPAddr).Port
	_, err = findPorts(0, port)
	if err == nil || !strings.Contains(err.Error(), "port "+strconv.Itoa(port)) || !strings.Contains(err.Error(), "--etcd-port") {
		t.Errorf("findPorts with a busy port = %v, want one that names port and flag", err)
	}
}

func TestAuthorityIssues(t *testing.T) {
	ca, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.issue("someone")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(pair.cert)
	got, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
		if _, err := got.Verify(x509.VerifyOptions{Roots: roots, DNSName: loopback, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
			t.Errorf("verify usage %v: %v", usage, err)
		}
	}
	if got.Subject.CommonName != "someone" {
		t.Errorf("common name = %q, want someone", got.Subject.CommonName)
	}
}

func TestClaimDirRefuses(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "file")
	foreign := filepath.Join(root, "foreign")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(foreign, logsDir), 0o700); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, path, want string }{
		{name: "a file", path: file, want: "is not a folder"},
		{name: "below a file", path: filepath.Join(file, "data"), want: "cannot be used"},
		{name: "someone else's folder", path: foreign, want: "is not empty and no control plane's"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := claimDir(tt.path)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "--data-dir") {
				t.Errorf("claimDir = %v, want one with %q and the flag", err, tt.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(foreign, logsDir)); err != nil {
		t.Errorf("a folder that was refused was changed: %v", err)
	}
}

func TestClaimDirIsExclusiveAndLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	first, err := claimDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := claimDir(path); !errors.Is(err, ErrInUse) {
		t.Errorf("second claim = %v, want ErrInUse", err)
	}
	if err := first.release(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}

	// A folder that was there before stays.
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	again, err := claimDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.release(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(path)
	if err != nil || len(left) > 0 {
		t.Errorf("after release: %v, %v, want an empty folder", left, err)
	}
}

func TestDefaultDir(t *testing.T) {
	got, err := DefaultDir(func(name string) string { return map[string]string{HomeEnv: "/here"}[name] })
	if err != nil || got != "/here" {
		t.Errorf("DefaultDir = %q, %v, want /here", got, err)
	}
}

func TestIsOurs(t *testing.T) {
	tests := []struct {
		name string
		argv []string
		want bool
	}{
		{name: "ours", argv: []string{"/bin/etcd", "--data-dir=/data/a/etcd"}, want: true},
		{name: "another instance's", argv: []string{"/bin/etcd", "--data-dir=/data/ab/etcd"}},
		{name: "another binary", argv: []string{"/bin/vi", "/data/a/etcd"}},
		{name: "asked for its flags", argv: []string{"/bin/etcd", "--help"}},
		{name: "not readable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := isOurs(tt.argv, "/bin/etcd", "/data/a"); got != tt.want {
				t.Errorf("isOurs = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestRecords(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if got, err := readList[processRecord](root, processesFile); got != nil || err != nil {
		t.Errorf("readList of an empty folder = %v, %v", got, err)
	}
	want := []processRecord{{Name: Etcd, PID: os.Getpid(), Path: "/bin/etcd", Created: 12345}}
	if err := writeList(dir, processesFile, want); err != nil {
		t.Fatal(err)
	}
	got, err := readList[processRecord](root, processesFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records differ (-want +got):\n%s", diff)
	}
	if _, alive := got[0].orphan(dir); alive {
		t.Error("a pid that another process has by now is taken for ours")
	}
}

func TestReadInstance(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadInstance(dir); !errors.Is(err, ErrNoInstance) {
		t.Errorf("without a file: %v, want ErrNoInstance", err)
	}
	if err := WriteInstance(dir, Instance{Kubeconfig: "/k", Extra: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	got, err := ReadInstance(dir)
	if err != nil || got.Kubeconfig != "/k" || got.Extra["a"] != "b" || got.PID != os.Getpid() {
		t.Errorf("ReadInstance = %+v, %v", got, err)
	}
	if err := writeFile(filepath.Join(dir, instanceFile), []byte(`{"pid": 1, "created": 1}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadInstance(dir); !errors.Is(err, ErrNoInstance) {
		t.Errorf("of a dead process: %v, want ErrNoInstance", err)
	}
	if err := errors.Join(RemoveInstance(dir), RemoveInstance(dir)); err != nil {
		t.Errorf("RemoveInstance twice: %v", err)
	}
}

func TestLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etcd.log")
	log, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if got := log.tail(); got != "" {
		t.Errorf("tail of an empty log = %q", got)
	}
	line := append(bytes.Repeat([]byte("x"), 1<<20-1), '\n')
	for range maxLogSize>>20 + 1 {
		if _, err := log.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{path, path + ".1"} {
		if info, err := os.Stat(file); err != nil || info.Size() == 0 || info.Size() > maxLogSize {
			t.Errorf("%s after rotation: %v, %v", file, info, err)
		}
	}
	if _, err := log.Write([]byte("the last words\n")); err != nil {
		t.Fatal(err)
	}
	if got := log.tail(); !strings.HasSuffix(got, "\n  the last words") || len(got) > logTailBytes+100 {
		t.Errorf("tail has %d bytes and ends with %q", len(got), got[max(0, len(got)-30):])
	}
}
