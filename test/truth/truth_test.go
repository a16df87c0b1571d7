// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
)

var _ = Describe("what is told of the lives of pods", Ordered, ContinueOnFailure, func() {
	var (
		found  *truth
		ledger = newLedger()
	)

	BeforeAll(func(ctx context.Context) {
		started := time.Now()
		Expect(world.makeLives(ctx, wantedLives())).To(Succeed())
		found = readTruth(ctx)
		AddReportEntry("lives", fmt.Sprintf("%d lives, %d requests, made in %s", len(found.lives), len(found.log), time.Since(started).Round(time.Millisecond)))
	}, NodeTimeout(10*time.Minute))

	It("agrees with etcd's history and the audit log", func(ctx context.Context) {
		started := time.Now()
		var group errgroup.Group
		group.SetLimit(4)
		for _, l := range found.lives {
			group.Go(func() error {
				w, err := said.ofObject(ctx, l.of, l.uid)
				if err == nil {
					found.compareLife(ledger, l, w)
				}
				return err
			})
		}
		Expect(group.Wait()).To(Succeed())
		AddReportEntry("totals", fmt.Sprintf("%s in %s", ledger.totals(), time.Since(started).Round(time.Millisecond)))
		ledger.expectTrue()
	}, NodeTimeout(10*time.Minute))

	It("agrees with them also where one request is asked for, of each form", func(ctx context.Context) {
		Expect(askedInLives(ctx)).To(Succeed())
		found := readTruth(ctx)
		ledger := newLedger()
		for _, r := range found.examples() {
			w, err := said.ofRequest(ctx, r.AuditID)
			if err != nil {
				ledger.compare(fact{about: aboutSubject, of: r.String(), said: err.Error(), is: "recorded", source: auditFile})
				continue
			}
			found.compareRequest(ledger, r, w)
		}
		AddReportEntry("totals", ledger.totals())
		ledger.expectTrue()
	}, NodeTimeout(2*patience))
})
