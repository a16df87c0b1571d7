// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"encoding/json"
	"net/url"

	"github.com/glassplane/glassplane/internal/assemble"
)

// Kind is what a request asks for. It is the verb of the request, but where a
// verb has several meanings.
type Kind string

const (
	// Create stores a new object: the story is that of the object's life. A
	// server-side apply that made the object is one too.
	Create Kind = "create"
	// Apply is a server-side apply to an object that was there.
	Apply Kind = "apply"
	// Update replaces an object.
	Update Kind = "update"
	// Patch changes fields of an object.
	Patch Kind = "patch"
	// Delete ends an object.
	Delete Kind = "delete"
	// DeleteCollection ends all objects of a namespace, or those that are selected.
	DeleteCollection Kind = "deletecollection"
	// Get reads an object.
	Get Kind = "get"
	// List reads all objects of a namespace or of the cluster.
	List Kind = "list"
	// Watch reads changes as they happen.
	Watch Kind = "watch"
	// Bind assigns a Pod to a node through its subresource binding.
	Bind Kind = "bind"
	// Evict asks for the end of a Pod through its subresource eviction.
	Evict Kind = "evict"
	// Scale writes the subresource scale.
	Scale Kind = "scale"
	// Status writes the subresource status.
	Status Kind = "status"
	// Subresource writes any other subresource.
	Subresource Kind = "subresource"
)

// KindOf is what a request asks for; without one it is the creation of the
// object, of which no source has the request.
func KindOf(r *assemble.Request) Kind {
	switch {
	case r == nil:
		return Create
	case r.Reads():
		return Kind(r.Verb)
	case r.AsksToCreate():
		return Create
	case r.Subresource != "":
		return subresourceKind(r)
	case r.Verb == "patch" && applies(r):
		return Apply
	}
	return Kind(r.Verb)
}

func subresourceKind(r *assemble.Request) Kind {
	switch r.Subresource {
	case "binding":
		return Bind
	case "eviction":
		return Evict
	case "scale":
		return Scale
	case "status":
		return Status
	}
	return Subresource
}

// applies reports whether a patch is a server-side apply. The audit log does not
// keep the type of a patch: an apply is told by the parameter force, or by a body
// that is a whole manifest and a manager of fields, which an apply must name.
func applies(r *assemble.Request) bool {
	uri, err := url.Parse(r.URI)
	if err != nil {
		return false
	}
	if uri.Query().Has("force") {
		return true
	}
	var body struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	return uri.Query().Has("fieldManager") && json.Unmarshal(r.RequestObject, &body) == nil && body.APIVersion != "" && body.Kind != ""
}

// Ends reports whether the request was to end the object.
func (k Kind) Ends() bool { return k == Delete || k == DeleteCollection || k == Evict }

// Reads reports whether the request only reads.
func (k Kind) Reads() bool { return k == Get || k == List || k == Watch }
