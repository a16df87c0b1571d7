// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var testVersions = versions{kubernetes: "v1.37.2", etcd: "v3.7.3"}

// script is an executable that reports the version.
func script(version string) []byte {
	return []byte("#!/bin/sh\necho version: " + version + "\n")
}

// publisher is a server that publishes all binaries for linux/amd64, and counts
// what it is asked for.
type publisher struct {
	*httptest.Server
	mux *http.ServeMux

	mu    sync.Mutex
	asked []string
}

const (
	etcdFolder       = "/etcd/v3.7.3/"
	etcdArchive      = "etcd-v3.7.3-linux-amd64.tar.gz"
	etcdMember       = "etcd-v3.7.3-linux-amd64/etcd"
	kubernetesFolder = "/kubernetes/v1.37.2/bin/linux/amd64/"
)

// newPublisher publishes, but for what instead has its own handlers for.
func newPublisher(t *testing.T, instead map[string]http.HandlerFunc) *publisher {
	p := &publisher{mux: http.NewServeMux()}
	archive := tarGz(t, map[string][]byte{"etcd-v3.7.3-linux-amd64/README.md": []byte("read"), etcdMember: script("3.7.3")})
	files := map[string][]byte{
		etcdFolder + etcdArchive:  archive,
		etcdFolder + "SHA256SUMS": sumLine(archive, etcdArchive),
	}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager"} {
		files[kubernetesFolder+name] = script("v1.37.2")
		files[kubernetesFolder+name+".sha256"] = fmt.Appendf(nil, "%x", sha256.Sum256(script("v1.37.2")))
	}
	for path, content := range files {
		if instead[path] == nil {
			p.mux.HandleFunc(path, serve(content))
		}
	}
	for path, handler := range instead {
		p.mux.HandleFunc(path, handler)
	}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.URL.Path)
		p.mu.Unlock()
		p.mux.ServeHTTP(w, r)
	}))
	// What it would complain about is what the tests provoke.
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.StartTLS()
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) wasAsked(path string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.asked, path)
}

// releases are those that the publisher has.
func (p *publisher) releases() releases {
	return releases{
		kubernetes: p.URL + "/kubernetes", etcd: p.URL + "/etcd", goos: "linux", goarch: "amd64",
		client: clientFor(p.Certificate()), sumTimeout: time.Minute, pace: pace{window: time.Minute, least: 1},
	}
}

func clientFor(certificate *x509.Certificate) *http.Client {
	client := newClient()
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return client
}

func serve(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }
}

// cutOff promises more than it sends.
func cutOff(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// stall sends a part of the content and then nothing, until the client goes.
func stall(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func sumLine(content []byte, name string) []byte {
	return fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(content), name)
}

func tarGz(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	entries := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		header := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}
		if content == nil {
			header.Typeflag, header.Linkname = tar.TypeSymlink, "/bin/sh"
		}
		if err := entries.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := entries.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(entries.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// etcdAs publishes another archive of etcd, with its checksum.
func etcdAs(archive []byte) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		etcdFolder + etcdArchive:  serve(archive),
		etcdFolder + "SHA256SUMS": serve(sumLine(archive, etcdArchive)),
	}
}

// apiServerAs publishes another kube-apiserver, with its checksum.
func apiServerAs(content []byte) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		kubernetesFolder + "kube-apiserver":        serve(content),
		kubernetesFolder + "kube-apiserver.sha256": serve(fmt.Appendf(nil, "%x", sha256.Sum256(content))),
	}
}

// builder stands for the go command, which takes minutes.
type builder struct{ built []string }

func (b *builder) build(_ context.Context, temp string, v versions, names []string, _ io.Writer) error {
	b.built = append(b.built, names...)
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(temp, name), script(v.of(name)), 0o755); err != nil {
			return err
		}
	}
	return nil
}

func TestEnsure(t *testing.T) {
	plain := httptest.NewServer(serve(script("v1.37.2")))
	t.Cleanup(plain.Close)
	other := newPublisher(t, nil)
	all := []string{"etcd", "kube-apiserver"}
	tests := []struct {
		name    string
		origin  origin
		instead map[string]http.HandlerFunc
		// change makes the publisher or what is known of it worse.
		change func(p *publisher, r *releases)
		// wantBuilt are built, of etcd and kube-apiserver.
		wantBuilt []string
		// wantReason is in the one line that says why, or in the error.
		wantReason string
		wantErr    bool
	}{
		{name: "all is released"},
		{name: "building is forced", origin: built, wantBuilt: all},
		{name: "downloading is forced", origin: released},
		{
			name:       "a wrong checksum",
			instead:    map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver": serve(script("v1.37.3"))},
			wantBuilt:  all[1:],
			wantReason: "kube-apiserver (kube-apiserver has the checksum",
		},
		{
			name:       "a wrong checksum of an archive",
			instead:    map[string]http.HandlerFunc{etcdFolder + "SHA256SUMS": serve(sumLine(nil, etcdArchive))},
			wantBuilt:  all[:1],
			wantReason: "etcd (" + etcdArchive + " has the checksum",
		},
		{
			name:       "no checksum",
			instead:    map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver.sha256": serve([]byte("<html>"))},
			wantBuilt:  all[1:],
			wantReason: "is no SHA-256 checksum",
		},
		{
			name:       "cut off",
			instead:    map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver": cutOff(script("v1.37.2"))},
			wantBuilt:  all[1:],
			wantReason: "kube-apiserver was cut off after",
		},
		{
			name:       "slow",
			instead:    map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver": stall(script("v1.37.2"))},
			change:     func(_ *publisher, r *releases) { r.pace = pace{window: 50 * time.Millisecond, least: 1 << 20} },
			wantBuilt:  all[1:],
			wantReason: ": too slow: 0 KiB in 50ms",
		},
		{
			name: "no answer",
			instead: map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver.sha256": func(_ http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
			}},
			change:     func(_ *publisher, r *releases) { r.sumTimeout = 500 * time.Millisecond },
			wantBuilt:  all[1:],
			wantReason: ": no answer within 500ms",
		},
		{name: "unreachable", change: func(p *publisher, _ *releases) { p.Close() }, wantBuilt: all, wantReason: "connection refused"},
		{
			name: "another server's certificate", change: func(_ *publisher, r *releases) { r.client = newClient() },
			wantBuilt: all, wantReason: "certificate",
		},
		{
			name: "downloading is forced and not possible", origin: released, change: func(p *publisher, _ *releases) { p.Close() },
			wantErr: true, wantReason: "connection refused",
		},
		{
			name: "a platform without a release", change: func(_ *publisher, r *releases) { r.goarch = "riscv64" },
			wantBuilt: all, wantReason: "etcd, kube-apiserver (there is no release for linux/riscv64)",
		},
		{
			name: "a server that is broken", instead: map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver.sha256": status(http.StatusBadGateway)},
			wantBuilt: all[1:], wantReason: ": answers 502 Bad Gateway",
		},
		{
			name: "redirected to another server",
			instead: map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver": func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+r.URL.Path, http.StatusFound)
			}},
		},
		{
			name: "redirected to plain HTTP",
			instead: map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver": func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, plain.URL+r.URL.Path, http.StatusFound)
			}},
			wantBuilt: all[1:], wantReason: "which is not HTTPS",
		},
		{
			name:      "an archive with a path that leads out of it",
			instead:   etcdAs(tarGz(t, map[string][]byte{etcdMember: script("3.7.3"), "../../escaped": []byte("x")})),
			wantBuilt: all[:1], wantReason: `a path that leads out of it: "../../escaped"`,
		},
		{
			name: "an archive with a link in place of the binary", instead: etcdAs(tarGz(t, map[string][]byte{etcdMember: nil})),
			wantBuilt: all[:1], wantReason: "the archive has no such file: " + etcdMember,
		},
		{
			name: "an archive without the binary", instead: etcdAs(tarGz(t, map[string][]byte{"etcd": script("3.7.3")})),
			wantBuilt: all[:1], wantReason: "the archive has no such file: " + etcdMember,
		},
		{name: "no archive", instead: etcdAs([]byte("<html>")), wantBuilt: all[:1], wantReason: "is no gzip archive"},
		{
			name: "another version", instead: apiServerAs(script("v1.37.1")),
			wantBuilt: all[1:], wantReason: "the released kube-apiserver reports another version than v1.37.2",
		},
		{
			name: "it does not run", instead: apiServerAs([]byte("#!/bin/sh\necho no loader; exit 1\n")),
			wantBuilt: all[1:], wantReason: "the released kube-apiserver does not run: exit status 1 no loader",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPublisher(t, tt.instead)
			r := p.releases()
			if tt.change != nil {
				tt.change(p, &r)
			}
			top := t.TempDir()
			var out bytes.Buffer
			var b builder
			c := &cache{dir: filepath.Join(top, "a", "b"), versions: testVersions, origin: tt.origin, releases: r, build: b.build, stderr: &out}
			err := c.ensure(t.Context(), all)
			if (err != nil) != tt.wantErr {
				t.Fatalf("ensure = %v, want an error: %t", err, tt.wantErr)
			}
			if !slices.Equal(b.built, tt.wantBuilt) {
				t.Errorf("built %v, want %v", b.built, tt.wantBuilt)
			}
			reasons := linesWith(out.String(), "cannot be downloaded")
			if tt.wantErr {
				reasons = []string{err.Error()}
			}
			if tt.wantReason == "" && len(reasons) > 0 || tt.wantReason != "" && (len(reasons) != 1 || !strings.Contains(reasons[0], tt.wantReason)) {
				t.Errorf("it said %q, want one line with %q", out.String(), tt.wantReason)
			}
			if tt.origin == built && len(p.asked) > 0 {
				t.Errorf("asked for %v, want nothing", p.asked)
			}
			checkFolder(t, top, c.dir, all, tt.wantErr)
		})
	}
}

func linesWith(text, part string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			out = append(out, line)
		}
	}
	return out
}

// checkFolder checks that the cache has all that was wanted, or nothing, and
// that nothing else is left in or beside it.
func checkFolder(t *testing.T, top, dir string, names []string, empty bool) {
	t.Helper()
	want := []string{".lock"}
	if !empty {
		want = append(want, names...)
	}
	var got []string
	err := filepath.WalkDir(top, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() || strings.Contains(path, tempPrefix) {
			got = append(got, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the cache has %v (%v), want %v", got, err, want)
	}
	for _, name := range names {
		if out, err := exec.Command(filepath.Join(dir, name)).Output(); !empty && (err != nil || !containsWord(string(out), testVersions.of(name))) {
			t.Errorf("%s reports %q (%v), want %s", name, out, err, testVersions.of(name))
		}
	}
}

// What the cache has is asked for nowhere.
func TestEnsureWithAFullCache(t *testing.T) {
	p := newPublisher(t, nil)
	c := &cache{dir: t.TempDir(), versions: testVersions, origin: released, releases: p.releases(), stderr: io.Discard}
	for range 2 {
		if err := c.ensure(t.Context(), []string{"kube-apiserver"}); err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		asked := len(p.asked)
		p.mu.Unlock()
		if asked != 2 {
			t.Errorf("%d requests, want one for the checksum and one for the file", asked)
		}
	}
}

// Each file of a server that stalls would cost a window.
func TestAServerThatStallsIsNotAskedAgain(t *testing.T) {
	p := newPublisher(t, map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver": stall(script("v1.37.2"))})
	r := p.releases()
	r.pace = pace{window: 50 * time.Millisecond, least: 1 << 20}
	var b builder
	c := &cache{dir: t.TempDir(), versions: testVersions, releases: r, build: b.build, stderr: io.Discard}
	names := []string{"kube-apiserver", "kube-controller-manager"}
	if err := c.ensure(t.Context(), names); err != nil || !slices.Equal(b.built, names) {
		t.Errorf("ensure = %v, built %v, want %v", err, b.built, names)
	}
	if p.wasAsked(kubernetesFolder + "kube-controller-manager") {
		t.Error("kube-controller-manager was asked for, too")
	}
}

// Ctrl-C during a download ends the command; it does not begin to build.
func TestEnsureIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := newPublisher(t, map[string]http.HandlerFunc{kubernetesFolder + "kube-apiserver": func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}})
	var b builder
	c := &cache{dir: t.TempDir(), versions: testVersions, releases: p.releases(), build: b.build, stderr: io.Discard}
	if err := c.ensure(ctx, []string{"kube-apiserver"}); !errors.Is(err, context.Canceled) || len(b.built) > 0 {
		t.Errorf("ensure = %v, built %v, want that it is cancelled", err, b.built)
	}
	checkFolder(t, c.dir, c.dir, nil, true)
}

func TestExtractZip(t *testing.T) {
	tests := []struct{ name, entry, wantErr string }{
		{name: "good", entry: "etcd-v3.7.3-darwin-arm64/etcd"},
		{name: "without the binary", entry: "etcd", wantErr: errMember.Error()},
		{name: "a path that leads out of it", entry: "../etcd", wantErr: "leads out of it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file, err := os.Create(filepath.Join(dir, "etcd.zip"))
			if err != nil {
				t.Fatal(err)
			}
			entries := zip.NewWriter(file)
			out, err := entries.Create(tt.entry)
			if err != nil {
				t.Fatal(err)
			}
			_, err = out.Write(script("3.7.3"))
			if err := errors.Join(err, entries.Close(), file.Close()); err != nil {
				t.Fatal(err)
			}
			target := filepath.Join(dir, "etcd")
			err = extract(file.Name(), "etcd-v3.7.3-darwin-arm64/etcd", target)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("extract = %v, want one with %q", err, tt.wantErr)
				}
				if _, err := os.Stat(target); !os.IsNotExist(err) {
					t.Errorf("a file was written: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, script("3.7.3")) {
				t.Errorf("extracted %q, %v", got, err)
			}
		})
	}
}

// getEnv makes this test binary get a URL and print what it got, so that a test
// can set the proxy, which a process reads from its environment only once.
const getEnv, certEnv = "GLASSPLANE_TEST_GET", "GLASSPLANE_TEST_CERT"

func TestMain(m *testing.M) {
	if address := os.Getenv(getEnv); address != "" {
		os.Exit(getForTest(address))
	}
	os.Exit(m.Run())
}

func getForTest(address string) int {
	block, _ := pem.Decode([]byte(os.Getenv(certEnv)))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err == nil {
		err = releases{client: clientFor(certificate)}.get(context.Background(), address, maxSums, os.Stdout, func(int64) {})
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func TestProxyIsUsed(t *testing.T) {
	// The certificates of httptest are for example.com, too.
	server := httptest.NewTLSServer(serve([]byte("through the proxy")))
	t.Cleanup(server.Close)
	asked := make(chan string, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		if err := tunnel(w, server.Listener.Addr().String()); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(proxy.Close)

	get := exec.CommandContext(t.Context(), os.Args[0])
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	get.Env = append(os.Environ(), getEnv+"=https://example.com/file", certEnv+"="+string(certificate), "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
	out, err := get.CombinedOutput()
	if err != nil || string(out) != "through the proxy" {
		t.Fatalf("got %q, %v", out, err)
	}
	if got, want := <-asked, "CONNECT example.com:443"; got != want {
		t.Errorf("the proxy was asked for %q, want %q", got, want)
	}
}

// tunnel connects the client with the server until either ends.
func tunnel(w http.ResponseWriter, address string) error {
	server, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer server.Close()
	w.WriteHeader(http.StatusOK)
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	defer client.Close()
	go func() {
		_, _ = io.Copy(server, buffered)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	return nil
}
