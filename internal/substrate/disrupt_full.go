// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// disruptor is the name under which disruptions talk to etcd.
	disruptor = "glassplane-disruption"
	// fullKey is what is written to reach the quota; it is never stored.
	fullKey = "/glassplane/full"
	// effectTimeout is how long a disruption may take to show.
	effectTimeout = 30 * time.Second
	// effectPoll is how often it is looked for.
	effectPoll = 100 * time.Millisecond
)

// fullDisk is an etcd with a quota that it has used up.
type fullDisk struct {
	l    *Local
	etcd *component
}

// injectFull starts etcd again with the size of its database as its quota, and
// writes until etcd says that it is full. So the alarm is etcd's own.
func (l *Local) injectFull(ctx context.Context, c *component, _ Disruption) (breakage, error) {
	full := fullDisk{l, c}
	var size int64
	err := l.withEtcd(func(client *clientv3.Client) error {
		status, err := client.Status(ctx, client.Endpoints()[0])
		if err == nil {
			size = status.DbSize
		}
		return err
	})
	if err != nil {
		return full, fmt.Errorf("ask etcd for the size of its database: %w", err)
	}
	if err := l.restartEtcd(ctx, c, flagQuota, strconv.FormatInt(size, 10)); err != nil {
		return full, err
	}
	return full, l.withEtcd(func(client *clientv3.Client) error { return useUp(ctx, client) })
}

// useUp returns when etcd refuses writes.
func useUp(ctx context.Context, client *clientv3.Client) error {
	err := wait.PollUntilContextTimeout(ctx, effectPoll, effectTimeout, true, func(ctx context.Context) (bool, error) {
		_, err := client.Put(ctx, fullKey, "")
		if errors.Is(err, rpctypes.ErrNoSpace) {
			return true, nil
		}
		if err == nil { // There was room for this one.
			_, err = client.Delete(ctx, fullKey)
		}
		return false, err
	})
	if err != nil {
		return fmt.Errorf("reach etcd's quota: %w", err)
	}
	return nil
}

// heal gives the quota back and disarms the alarm. History is not compacted:
// evidence is read from it.
func (f fullDisk) heal(ctx context.Context) error {
	if err := f.l.restartEtcd(ctx, f.etcd, flagQuota, etcdQuota); err != nil {
		return err
	}
	return f.l.withEtcd(func(client *clientv3.Client) error { return disarm(ctx, client) })
}

func (f fullDisk) release() {}

// disarm ends the alarm NOSPACE of each member.
func disarm(ctx context.Context, client *clientv3.Client) error {
	alarms, err := client.AlarmList(ctx)
	if err != nil {
		return fmt.Errorf("list etcd's alarms: %w", err)
	}
	for _, alarm := range alarms.Alarms {
		if alarm.Alarm != etcdserverpb.AlarmType_NOSPACE {
			continue
		}
		if _, err := client.AlarmDisarm(ctx, &clientv3.AlarmMember{MemberID: alarm.MemberID, Alarm: alarm.Alarm}); err != nil {
			return fmt.Errorf("disarm etcd's alarm %s: %w", alarm.Alarm, err)
		}
	}
	return nil
}

// restartEtcd starts etcd again with another value of a flag.
func (l *Local) restartEtcd(ctx context.Context, c *component, flag, value string) error {
	if err := c.Stop(); err != nil {
		return err
	}
	l.plane.Etcd.Configure().Set(flag, value)
	return c.Start(ctx)
}

// withEtcd calls do with a client of etcd.
func (l *Local) withEtcd(do func(*clientv3.Client) error) error {
	config, err := l.EtcdClientConfig(disruptor)
	if err != nil {
		return err
	}
	config.Logger = zap.NewNop() // What fails is returned, or expected.
	client, err := clientv3.New(config)
	if err != nil {
		return fmt.Errorf("connect to etcd: %w", err)
	}
	return errors.Join(do(client), client.Close())
}
