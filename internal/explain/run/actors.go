// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/explain/story"
)

// IDs of actors that are there once.
const (
	actorClient    = "client"
	actorAPIServer = "api-server"
	actorEtcd      = "etcd"
)

// parts are the components that send requests, in the order of the map.
var parts = []Actor{
	{ID: "scheduler", Kind: KindScheduler, Name: component.Scheduler},
	{ID: "controller-manager", Kind: KindControllerManager, Name: component.Manager},
	{ID: "kube-controller-manager", Kind: KindControllerManager, Name: component.KubeManager},
	{ID: "kubelet", Kind: KindKubelet, Name: component.Kubelet},
}

// cast is who takes part in a run.
type cast struct {
	actors map[string]Actor
	// clients are the IDs of those that are no component, by user and program.
	clients map[string]string
}

// newCast knows the client that sent the request before all others, so that it is
// the first one.
func newCast(tale *story.Story) *cast {
	c := &cast{actors: map[string]Actor{}, clients: map[string]string{}}
	c.add(Actor{ID: actorAPIServer, Kind: KindAPIServer, Name: component.APIServer})
	if tale.Asked == nil {
		c.add(Actor{ID: actorClient, Kind: KindClient, Name: component.Client})
		return c
	}
	c.of(tale.Asked)
	return c
}

func (c *cast) add(a Actor) string {
	if known, ok := c.actors[a.ID]; !ok || known.Detail == "" {
		c.actors[a.ID] = a
	}
	return a.ID
}

// of is the actor that sent a request.
func (c *cast) of(r *assemble.Request) string {
	if id := c.component(r.Component(), clientText(r)); id != "" {
		return id
	}
	key := r.User + "\n" + r.UserAgent
	id, known := c.clients[key]
	if !known {
		id = actorClient
		if n := len(c.clients); n > 0 {
			id += "-" + strconv.Itoa(n+1)
		}
		c.clients[key] = id
		name := component.Client
		if id != actorClient {
			name = cmp.Or(r.Component(), r.User, "another client")
		}
		c.add(Actor{ID: id, Kind: KindClient, Name: name, Detail: clientText(r)})
	}
	return id
}

// component is the actor of a component; empty where it is none on the map.
func (c *cast) component(name, detail string) string {
	i := slices.IndexFunc(parts, func(a Actor) bool { return a.Name == name })
	if i < 0 {
		return ""
	}
	a := parts[i]
	a.Detail = detail
	return c.add(a)
}

// clientText says who sent a request, and with which program.
func clientText(r *assemble.Request) string {
	program, _, _ := strings.Cut(r.UserAgent, " ")
	return strings.Trim(cmp.Or(r.User, "(no user)")+" · "+program, "· ")
}

// name of an actor.
func (c *cast) name(id string) string { return c.actors[id].Name }

func (c *cast) etcd() string {
	return c.add(Actor{ID: actorEtcd, Kind: KindEtcd, Name: component.Etcd})
}

// list is the cast in the order of the map, as far as it plays a part. The API
// server always does.
func (c *cast) list(plays map[string]bool) []Actor {
	order := []string{actorClient, actorAPIServer, actorEtcd}
	for _, a := range parts {
		order = append(order, a.ID)
	}
	var list []Actor
	for _, id := range order {
		if a, ok := c.actors[id]; ok && (plays[id] || id == actorAPIServer) {
			list = append(list, a)
		}
	}
	for n := 2; ; n++ {
		a, ok := c.actors[actorClient+"-"+strconv.Itoa(n)]
		if !ok {
			return list
		}
		if plays[a.ID] {
			list = append(list, a)
		}
	}
}
