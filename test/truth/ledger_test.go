// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	. "github.com/onsi/ginkgo/v2"
)

// fact is a statement of a walkthrough that does not agree with its source.
type fact struct {
	// about is the kind of statement, in the words of the table.
	about string
	// of is the object or the request, revision the one that it is about; 0 for none.
	of       string
	revision int64
	said, is string
	// source is where the truth is from: etcd, the audit log, or kubectl.
	source string
}

// Sources of the truth.
const (
	etcdHistory = "etcd"
	auditFile   = "audit log"
	kubectlSaid = "kubectl"
	schemaSays  = "schema"
)

// ledger counts what was compared.
type ledger struct {
	mu        sync.Mutex
	compared  map[string]int
	undecided map[string]int
	// unsure are examples of what the reader could not decide.
	unsure []string
	wrong  []fact
}

func newLedger() *ledger {
	return &ledger{compared: map[string]int{}, undecided: map[string]int{}}
}

// compare files a statement.
func (l *ledger) compare(f fact) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.compared[f.about]++
	if f.said != f.is {
		l.wrong = append(l.wrong, f)
	}
}

// unknown files a statement of which this reader does not know the truth.
func (l *ledger) unknown(about, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.undecided[about]++
	l.unsure = append(l.unsure, about+": "+why)
}

// add takes over what another ledger has.
func (l *ledger) add(other *ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for about, n := range other.compared {
		l.compared[about] += n
	}
	for about, n := range other.undecided {
		l.undecided[about] += n
	}
	l.unsure = append(l.unsure, other.unsure...)
	l.wrong = append(l.wrong, other.wrong...)
}

// subject binds the statements of one walkthrough to what it is about.
func (l *ledger) subject(of string) *statements { return &statements{ledger: l, of: of} }

// statements are those of one walkthrough.
type statements struct {
	ledger *ledger
	of     string
}

func (s *statements) compare(about string, revision int64, said, is any, source string) {
	s.ledger.compare(fact{about: about, of: s.of, revision: revision, said: fmt.Sprint(said), is: fmt.Sprint(is), source: source})
}

func (s *statements) unknown(about string, revision int64, why string) {
	s.ledger.unknown(about, fmt.Sprintf("%s at revision %d: %s", s.of, revision, why))
}

// totals in one line.
func (l *ledger) totals() string {
	compared, undecided := 0, 0
	for _, n := range l.compared {
		compared += n
	}
	for _, n := range l.undecided {
		undecided += n
	}
	return fmt.Sprintf("facts compared %d, wrong %d, undecided %d", compared, len(l.wrong), undecided)
}

// expectTrue fails the spec with the table where anything is wrong, or where the
// reader could not decide more than a few statements.
func (l *ledger) expectTrue() {
	GinkgoHelper()
	// Two equal requests at the same time cannot be told apart: one in fifty
	// lives has some.
	compared, undecided := 0, 0
	for _, n := range l.compared {
		compared += n
	}
	for _, n := range l.undecided {
		undecided += n
	}
	if len(l.wrong) > 0 || undecided > max(8, compared/200) {
		Fail(l.table())
	}
}

// maxRows bounds how many wrong facts of a kind the table shows.
const maxRows = 8

// table shows what is wrong, grouped by kind of statement.
func (l *ledger) table() string {
	var b strings.Builder
	fmt.Fprintln(&b, l.totals())
	for _, about := range slices.Sorted(maps.Keys(l.compared)) {
		fmt.Fprintf(&b, "  %6d %s\n", l.compared[about], about)
	}
	for _, line := range l.unsure[:min(len(l.unsure), maxRows)] {
		fmt.Fprintf(&b, "undecided: %s\n", line)
	}
	byAbout := map[string][]fact{}
	for _, f := range l.wrong {
		byAbout[f.about] = append(byAbout[f.about], f)
	}
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, about := range slices.Sorted(maps.Keys(byAbout)) {
		facts := byAbout[about]
		slices.SortFunc(facts, func(a, b fact) int {
			return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.revision, b.revision))
		})
		fmt.Fprintf(w, "\nWRONG %s: %d of %d\n", about, len(facts), l.compared[about])
		fmt.Fprintln(w, "OBJECT\tREVISION\tSAID\tIS\tSOURCE")
		for _, f := range facts[:min(len(facts), maxRows)] {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", f.of, f.revision, oneLine(f.said), oneLine(f.is), f.source)
		}
	}
	_ = w.Flush()
	return b.String()
}

// oneLine keeps a row readable.
func oneLine(s string) string {
	const limit = 160
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return s
}
