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

// Client asks a running local control plane to be disrupted.
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

// Heal returns once the target works again; an empty one means all that are
// disrupted.
func (c *Client) Heal(ctx context.Context, target string) error {
	if target == "" {
		return c.call(ctx, http.MethodDelete, path, nil, nil)
	}
	return c.call(ctx, http.MethodDelete, path+"/"+url.PathEscape(target), nil, nil)
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
	request, err := http.NewRequestWithContext(ctx, method, "http://socket"+path, body)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.connectError(err)
	}
	defer response.Body.Close()
	content := json.NewDecoder(io.LimitReader(response.Body, maxBody))
	if response.StatusCode >= http.StatusBadRequest {
		return answerError(response.Status, content)
	}
	if receive == nil {
		return nil
	}
	if err := content.Decode(receive); err != nil {
		return fmt.Errorf("read the control plane's answer: %w", err)
	}
	return nil
}

// connectError says what it means that nobody answers.
func (c *Client) connectError(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w that can be disrupted, on data folder %s: %w", substrate.ErrNoInstance, c.dir, err)
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
