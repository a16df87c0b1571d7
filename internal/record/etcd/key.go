// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/glassplane/glassplane/internal/evidence"
)

// DefaultPrefix is the default of kube-apiserver's --etcd-prefix.
const DefaultPrefix = "/registry"

// keys translates between objects and the keys that the API server stores them
// under: <prefix>/<group>/<resource>/<namespace>/<name>, where objects without a
// namespace lack it and those of the core group lack the group. That holds for
// custom resources and for pods; some other built-in kinds have keys of their own.
type keys struct {
	prefix string
}

func (k keys) resource(resource schema.GroupResource) string {
	if resource.Group == "" {
		return k.prefix + "/" + resource.Resource + "/"
	}
	return k.prefix + "/" + resource.Group + "/" + resource.Resource + "/"
}

func (k keys) object(object evidence.Object) string {
	key := k.resource(schema.GroupResource{Group: object.Group, Resource: object.Resource})
	if object.Namespace != "" {
		key += object.Namespace + "/"
	}
	return key + object.Name
}

// parse returns the object that is stored under a key of the resource.
func (k keys) parse(resource schema.GroupResource, key string) evidence.Object {
	object := evidence.Object{Group: resource.Group, Resource: resource.Resource}
	name := strings.TrimPrefix(key, k.resource(resource))
	if namespace, rest, found := strings.Cut(name, "/"); found {
		object.Namespace, name = namespace, rest
	}
	object.Name = name
	return object
}
