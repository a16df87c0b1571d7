// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// connectTimeout bounds the lookup of a server's name with the connection
	// to it, and again the TLS handshake.
	connectTimeout = 5 * time.Second
	// sumTimeout bounds the download of a checksum.
	sumTimeout = 10 * time.Second
	// maxSums and maxAsset bound what is read of a list of checksums and of a
	// file, in bytes. kube-apiserver, the largest, has about 100 MB.
	maxSums  = 1 << 20
	maxAsset = 1 << 30
)

// pace is the least that must arrive, in bytes, within each window.
type pace struct {
	window time.Duration
	least  int64
}

var (
	// asFastAsBuilding is about the pace at which building takes as long.
	asFastAsBuilding = pace{window: 15 * time.Second, least: 4 << 20}
	// anyProgress is for those who want a download, however long it takes.
	anyProgress = pace{window: 30 * time.Second, least: 1}
)

// releases are the servers from which released binaries are downloaded.
type releases struct {
	// kubernetes and etcd are the addresses of the projects' releases.
	kubernetes, etcd string
	goos, goarch     string
	client           *http.Client
	sumTimeout       time.Duration
	pace             pace
}

func newReleases(pace pace) releases {
	return releases{
		kubernetes: kubernetesReleases, etcd: etcdReleases, goos: runtime.GOOS, goarch: runtime.GOARCH,
		client: newClient(), sumTimeout: sumTimeout, pace: pace,
	}
}

// newClient makes a client that gives up quickly where nobody answers, uses the
// proxies that the environment names, and never leaves HTTPS.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: connectTimeout}).DialContext
	transport.TLSHandshakeTimeout = connectTimeout
	// The length that the server tells must be that of the file.
	transport.DisableCompression = true
	return &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if next.URL.Scheme != "https" {
			return fmt.Errorf("redirected to %s, which is not HTTPS", next.URL.Redacted())
		}
		if len(via) >= 10 {
			return errors.New("redirected 10 times")
		}
		return nil
	}}
}

func (r releases) asset(name string, v versions) asset {
	if name == "etcd" {
		return etcdAsset(r.etcd, v.etcd, r.goos, r.goarch)
	}
	return kubernetesAsset(r.kubernetes, v.kubernetes, name, r.goos, r.goarch)
}

// download puts the named binaries into the folder temp, each only if it has
// the published checksum, and hands each to install. It returns those that it
// could not get. All checksums are asked for first, so that a machine without a
// way out notices at once. A server that is given up is not asked again.
func (r releases) download(ctx context.Context, temp string, v versions, names []string, stderr io.Writer, install func(name string) error) failures {
	sums := make([][]byte, len(names))
	errs := make([]error, len(names))
	var asking sync.WaitGroup
	for i, name := range names {
		asking.Go(func() { sums[i], errs[i] = r.sum(ctx, r.asset(name, v)) })
	}
	asking.Wait()

	var failed failures
	givenUp := map[string]error{}
	for i, name := range names {
		a, err := r.asset(name, v), errs[i]
		server := host(a.url)
		if err == nil {
			err = givenUp[server]
		}
		if err == nil {
			err = r.fetch(ctx, a, sums[i], filepath.Join(temp, name+exeSuffix(r.goos)), name, stderr)
			if errors.As(err, new(*serverError)) {
				givenUp[server] = err
			}
		}
		if err == nil {
			err = install(name)
		}
		if err != nil {
			failed = append(failed, failure{name: name, err: err})
		}
	}
	return failed
}

// sum asks for the published checksum of the asset.
func (r releases) sum(ctx context.Context, a asset) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.sumTimeout, fmt.Errorf("no answer within %s", r.sumTimeout))
	defer cancel()
	var text bytes.Buffer
	err := r.get(ctx, a.sums, maxSums, &text, func(int64) {})
	var sum []byte
	if err == nil {
		sum, err = parseSum(text.String(), path.Base(a.url))
	}
	if errors.Is(err, errNotReleased) {
		return nil, fmt.Errorf("%w for %s/%s", err, r.goos, r.goarch)
	}
	return sum, err
}

// fetch downloads the asset, checks it and puts the binary where target says.
func (r releases) fetch(ctx context.Context, a asset, sum []byte, target, name string, stderr io.Writer) error {
	file := target
	if a.member != "" {
		file = filepath.Join(filepath.Dir(target), path.Base(a.url))
	}
	if err := r.save(ctx, a.url, sum, file, name, stderr); err != nil {
		return err
	}
	if a.member == "" {
		return nil
	}
	if err := extract(file, a.member, target); err != nil {
		return fmt.Errorf("%s: %w", path.Base(file), err)
	}
	return nil
}

// save downloads a file and fails if it has not the checksum.
func (r releases) save(ctx context.Context, address string, sum []byte, file, name string, stderr io.Writer) error {
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	defer out.Close()
	p := &downloading{what: name}
	show := newDisplay(stderr, p)
	defer show.close()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	received := &counter{}
	go r.pace.keep(ctx, cancel, received)
	hash := sha256.New()
	to := io.MultiWriter(out, hash, received, writerFunc(func(n int64) { show.update(func() { p.done += n }) }))
	if err := r.get(ctx, address, maxAsset, to, func(size int64) { show.update(func() { p.total = size }) }); err != nil {
		return err
	}
	if got := hash.Sum(nil); !bytes.Equal(got, sum) {
		return fmt.Errorf("%s has the checksum %x, published is %x", path.Base(address), got, sum)
	}
	return out.Close()
}

// keep cancels the download with its reason once a window passes in which less
// than the least has arrived. It returns when ctx ends.
func (p pace) keep(ctx context.Context, cancel context.CancelCauseFunc, received *counter) {
	tick := time.NewTicker(p.window)
	defer tick.Stop()
	for before := int64(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := received.Load()
			if now-before < p.least {
				cancel(fmt.Errorf("too slow: %d KiB in %s", (now-before)>>10, p.window))
				return
			}
			before = now
		}
	}
}

// serverError is a request that a server did not answer as it should, too
// slowly or not at all, so that it need not be asked for other files either.
type serverError struct {
	host string
	err  error
}

func (e *serverError) Error() string { return e.host + ": " + e.err.Error() }
func (e *serverError) Unwrap() error { return e.err }

// get writes what is at the address to out, at most limit bytes. It calls size
// with the length that the server tells, if it does. Where ctx ends, the error
// is its cause.
func (r releases) get(ctx context.Context, address string, limit int64, out io.Writer, size func(int64)) error {
	fail := func(err error) error {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		// The address would make the reason differ for each file.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.Name == host(address) {
			err = errors.New(lookup.Err)
		}
		return &serverError{host: host(address), err: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fail(err)
	}
	answer, err := r.client.Do(request)
	if err != nil {
		return fail(err)
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusNotFound:
		return errNotReleased
	case answer.StatusCode != http.StatusOK:
		return fail(fmt.Errorf("answers %s", answer.Status))
	case answer.ContentLength > limit:
		return fail(fmt.Errorf("%s has %d bytes, more than the %d that are expected", path.Base(address), answer.ContentLength, limit))
	}
	if answer.ContentLength > 0 {
		size(answer.ContentLength)
	}
	read, err := io.Copy(out, io.LimitReader(answer.Body, limit+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s was cut off after %d bytes", path.Base(address), read)
	case errors.As(err, new(*fs.PathError)): // of the file that is written
		return err
	case err != nil:
		return fail(err)
	case read > limit:
		return fail(fmt.Errorf("%s has more than the %d bytes that are expected", path.Base(address), limit))
	}
	return nil
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// counter counts what is written to it.
type counter struct{ atomic.Int64 }

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	c.Add(int64(len(p)))
	return len(p), nil
}

// writerFunc is called with the number of bytes of each write.
type writerFunc func(n int64)

// Write implements io.Writer.
func (f writerFunc) Write(p []byte) (int, error) {
	f(int64(len(p)))
	return len(p), nil
}
