// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interference

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/fault"
)

// Toucher writes objects under an identity of its own, so that whoever writes them
// next on the ground of what it has read before is refused by the API server.
type Toucher struct {
	client *http.Client
}

// touchTimeout bounds how long a write waits for the one that is to come before it.
const touchTimeout = 5 * time.Second

// NewToucher returns one that writes with the identity of a configuration.
func NewToucher(config *rest.Config) (*Toucher, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("creating a client that touches objects: %w", err)
	}
	return &Toucher{client: client}, nil
}

// conflict lets a drawn write meet a newer version: the object is touched before.
// Only a write that names the version that it is based on can be refused for it. A
// touch that fails leaves the write alone.
func (t *transport) conflict(request *http.Request) error {
	conflicts := t.conflicts.Load()
	if conflicts == nil || len(*conflicts) == 0 || t.Touch == nil || !ours(request.URL.Path) {
		return nil
	}
	// Each write has a number; with the same seed the same ones are drawn.
	number := strconv.FormatUint(t.writes.Add(1), 10)
	if !drawn(*conflicts, number) {
		return nil
	}
	based, err := versionOf(request)
	if err != nil || based == "" {
		return err
	}
	_ = t.Touch.touch(request)
	return nil
}

func drawn(conflicts []fault.Conflict, number string) bool {
	for _, c := range conflicts {
		if fault.Drawn(c.Seed, c.Percent, number) {
			return true
		}
	}
	return false
}

// ours says whether a path is that of an object of the sim API: Leases and
// ConfigMaps are how components work, not what they work on.
func ours(path string) bool { return strings.Contains(path, "/apis/"+v1alpha1.GroupName+"/") }

// versionOf returns the resourceVersion that a write is based on; empty where it
// names none. The body of the request can be read again.
func versionOf(request *http.Request) (string, error) {
	if request.Body == nil {
		return "", nil
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return "", err
	}
	_ = request.Body.Close()
	request.Body = io.NopCloser(bytes.NewReader(body))
	var object struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	}
	if json.Unmarshal(body, &object) != nil {
		return "", nil // another encoding: it is left alone
	}
	return object.Metadata.ResourceVersion, nil
}

// touch changes an annotation of the object that a request is about.
func (t *Toucher) touch(request *http.Request) error {
	ctx, cancel := context.WithTimeout(request.Context(), touchTimeout)
	defer cancel()
	target := *request.URL
	target.RawQuery = "fieldManager=" + v1alpha1.FaultAccount
	target.Path, target.RawPath = strings.TrimSuffix(target.Path, "/status"), ""
	// Another value each time: a patch that changes nothing makes no version.
	now := time.Now().UTC().Format(time.RFC3339Nano)
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.AnnotationTouched, now)
	touching, err := http.NewRequestWithContext(ctx, http.MethodPatch, target.String(), strings.NewReader(patch))
	if err != nil {
		return err
	}
	touching.Header.Set("Content-Type", string(types.MergePatchType))
	touching.Header.Set("Accept", "application/json")
	response, err := t.client.Do(touching)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
