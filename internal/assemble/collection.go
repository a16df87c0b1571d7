// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
)

// deleteCollection is the verb of a request that ends all objects of a namespace,
// or those that are selected.
const deleteCollection = "deletecollection"

// EndsCollection reports whether the request can have ended objects of a
// collection, or begun to. It ends them one after the other: one that was refused
// on the way, such as by a policy, has ended those before.
func (r *Request) EndsCollection() bool {
	return r.Verb == deleteCollection && r.Subresource == "" && r.MayHaveWritten()
}

// annotationDecision of an audit event is what authorization decided
// (k8s.io/apiserver/pkg/endpoints/filters/authorization.go).
const annotationDecision = "authorization.k8s.io/decision"

// MayHaveWritten reports whether the request can have changed what is stored: a
// write that was carried out, or a deletecollection that authorization has let
// pass.
func (r *Request) MayHaveWritten() bool {
	began := r.Verb == deleteCollection && r.Refused() && r.Annotations[annotationDecision] == "allow"
	return r.Writes() && (r.Succeeded() || began)
}

// Selected returns the objects that a deletecollection was about: it is answered
// with them, as it has found them
// (k8s.io/apiserver/pkg/registry/generic/registry.Store.DeleteCollection). known
// is false where the audit log does not keep the answer.
func (r *Request) Selected() (objects []evidence.Object, known bool) {
	var list struct {
		Items []struct {
			Metadata struct {
				Name string    `json:"name"`
				UID  types.UID `json:"uid"`
			} `json:"metadata"`
		} `json:"items"`
	}
	if r.Verb != deleteCollection || len(r.ResponseObject) == 0 {
		return nil, false
	}
	if err := json.Unmarshal(r.ResponseObject, &list); err != nil || list.Items == nil {
		return nil, false
	}
	for _, item := range list.Items {
		object := r.Object
		object.Name, object.UID = item.Metadata.Name, item.Metadata.UID
		objects = append(objects, object)
	}
	return objects, true
}

// MayEnd reports whether an entry tells of a state that a request which ends its
// object can have made: a mark for deletion, or the removal.
func MayEnd(entry *evidence.Entry) bool {
	return IsDeletion(entry) || entry.Etcd != nil && marked(entry.Etcd.Value) || entry.Watch != nil && marked(entry.Watch.Object)
}

// withoutOthers takes the answer off a deletecollection: it tells of all other
// objects, too, and is no part of the life of one.
func withoutOthers(entries []evidence.Entry) []evidence.Entry {
	kept := make([]evidence.Entry, len(entries))
	for i, e := range entries {
		audit := *e.Audit
		audit.ResponseObject = nil
		e.Audit = &audit
		kept[i] = e
	}
	return kept
}
