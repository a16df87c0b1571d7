// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"github.com/glassplane/glassplane/internal/substrate"
)

// Client asks a running local control plane for something.
type Client struct {
	dir  string
	http *http.Client
}

// NewClient returns a client of the control plane that runs on the data folder.
func NewClient(dir string) *Client {
	var dialer net.Dialer
	return &Client{dir: dir, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket(dir))
		},
		DisableKeepAlives: true,
	}}}
}

// List returns what can be disrupted, and what is.
func (c *Client) List(ctx context.Context) (State, error) {
	var state State
	return state, c.call(ctx, http.MethodGet, path, nil, &state)
}

// Disrupt returns once the control plane is disrupted.
func (c *Client) Disrupt(ctx context.Context, request Request) error {
	return c.call(ctx, http.MethodPost, path, request, nil)
}

// DisruptWhile returns once the control plane is disrupted. It is until somebody heals
// it, end is called or this process ends.
func (c *Client) DisruptWhile(ctx context.Context, d substrate.Disruption) (end func(), err error) {
	data, err := json.Marshal(Request{Disruption: d, While: true})
	if err != nil {
		return nil, err
	}
	asking, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	response, err := c.send(asking, http.MethodPost, path, bytes.NewReader(data)) //nolint:bodyclose // It is closed by end, and above where there is none.
	if !stop() && err == nil {
		err = errors.Join(context.Cause(ctx), response.Body.Close())
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return func() {
		cancel()
		_ = response.Body.Close() // Nothing more is read.
	}, nil
}

// Heal returns once the target works again; an empty one means all that are
// disrupted.
func (c *Client) Heal(ctx context.Context, target string) error {
	if target == "" {
		return c.call(ctx, http.MethodDelete, path, nil, nil)
	}
	return c.call(ctx, http.MethodDelete, path+"/"+url.PathEscape(target), nil, nil)
}

// Snapshot returns what etcd's snapshot API sends. The caller closes it.
func (c *Client) Snapshot(ctx context.Context) (io.ReadCloser, error) {
	response, err := c.send(ctx, http.MethodGet, snapshotPath, nil)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// EtcdAccess returns what a client of etcd needs, with a certificate under the name.
func (c *Client) EtcdAccess(ctx context.Context, name string) (substrate.EtcdAccess, error) {
	var access substrate.EtcdAccess
	return access, c.call(ctx, http.MethodGet, etcdPath+"/"+url.PathEscape(name), nil, &access)
}

// call sends what is not nil and reads the answer into what is not nil.
func (c *Client) call(ctx context.Context, method, path string, send, receive any) error {
	var body io.Reader
	if send != nil {
		data, err := json.Marshal(send)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	response, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if receive == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(receive); err != nil {
		return fmt.Errorf("read the control plane's answer: %w", err)
	}
	return nil
}

// send returns the answer to a request; one that is an error is returned as such.
func (c *Client) send(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://socket"+path, body)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.connectError(err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		defer response.Body.Close()
		return nil, answerError(response.Status, json.NewDecoder(io.LimitReader(response.Body, maxBody)))
	}
	return response, nil
}

// connectError says what it means that nobody answers.
func (c *Client) connectError(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w that takes commands, on data folder %s: %w", substrate.ErrNoInstance, c.dir, err)
	}
	return fmt.Errorf("ask the control plane on data folder %s: %w", c.dir, err)
}

// answerError is the error that the control plane has answered with.
func answerError(status string, content *json.Decoder) error {
	var said problem
	if err := content.Decode(&said); err != nil || said.Error == "" {
		return fmt.Errorf("the control plane answered %s", status)
	}
	return errors.New(said.Error)
}
