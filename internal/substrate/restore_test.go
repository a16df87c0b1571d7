// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/substrate/snapshot"
)

var _ = Describe("a control plane that is restored", Ordered, func() {
	var (
		source *substrate.Local
		state  []byte
		// early is an object at the revision before it was changed, and before
		// other was created; late is how it is at last.
		early, late, other *corev1.ConfigMap
	)

	BeforeAll(func(ctx SpecContext) {
		var err error
		source, err = substrate.Start(ctx, substrate.Options{Assets: withoutControllers(), Dir: filepath.Join(GinkgoT().TempDir(), "source"), Log: GinkgoLogr})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(source.Stop()).To(Succeed()) })
		maps := clientFor(userConfig(source)).CoreV1().ConfigMaps("default")
		early, err = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kept"}, Data: map[string]string{"is": "early"}}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		changed := early.DeepCopy()
		changed.Data["is"] = "late"
		late, err = maps.Update(ctx, changed, metav1.UpdateOptions{})
		Expect(err).NotTo(HaveOccurred())
		other, err = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "other"}}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())

		By("saving it while it is disrupted within its state")
		_, err = source.Disrupt(ctx, substrate.Disruption{Target: substrate.APIServer, Kind: substrate.RefuseWrites})
		Expect(err).NotTo(HaveOccurred())
		before := processes(source)
		stream, err := source.Snapshot(ctx)
		Expect(err).NotTo(HaveOccurred())
		state, err = io.ReadAll(stream)
		Expect(errors.Join(err, stream.Close())).To(Succeed())
		Expect(processes(source)).To(Equal(before))
	}, NodeTimeout(2*time.Minute))

	restored := func(ctx context.Context, revision int64) (*substrate.Local, *kubernetes.Clientset) {
		GinkgoHelper()
		local, err := substrate.Start(ctx, substrate.Options{
			Assets: withoutControllers(), Dir: filepath.Join(GinkgoT().TempDir(), "restored"), Log: GinkgoLogr,
			Restore: &substrate.Restore{Snapshot: bytes.NewReader(state), Revision: revision},
		})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(local.Stop()).To(Succeed()) })
		return local, clientFor(userConfig(local))
	}

	It("has the objects with their UIDs and revisions, and keys of its own", func(ctx SpecContext) {
		local, client := restored(ctx, 0)
		maps := client.CoreV1().ConfigMaps("default")
		found, err := maps.Get(ctx, late.Name, metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(And(HaveField("UID", late.UID), HaveField("ResourceVersion", late.ResourceVersion), HaveField("Data", late.Data)))

		By("writing, although the one that it comes from refuses to")
		written, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "new"}}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(revisionOf(written)).To(BeNumerically(">", local.Restored()))
		_, err = clientFor(userConfig(source)).CoreV1().ConfigMaps("default").Get(ctx, "new", metav1.GetOptions{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "the source is not changed: %v", err)

		By("issuing tokens that it accepts")
		boot := kubernetes.NewForConfigOrDie(local.AdminConfig())
		_, err = boot.CoreV1().ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "reader"}}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		token, err := boot.CoreV1().ServiceAccounts("default").CreateToken(ctx, "reader", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		bearer := rest.AnonymousClientConfig(local.AdminConfig())
		bearer.BearerToken = token.Status.Token
		review, err := clientFor(bearer).AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(review.Status.UserInfo.Username).To(Equal("system:serviceaccount:default:reader"))
	}, NodeTimeout(2*time.Minute))

	It("has what there was at an earlier revision, and nothing from later", func(ctx SpecContext) {
		local, client := restored(ctx, revisionOf(early))
		Expect(local.Restored()).To(Equal(revisionOf(early)))
		maps := client.CoreV1().ConfigMaps("default")
		found, err := maps.Get(ctx, early.Name, metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(And(HaveField("UID", early.UID), HaveField("ResourceVersion", early.ResourceVersion), HaveField("Data", early.Data)))
		_, err = maps.Get(ctx, other.Name, metav1.GetOptions{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "got %v", err)
	}, NodeTimeout(2*time.Minute))

	DescribeTable("is refused, and leaves nothing", func(ctx SpecContext, given func() []byte, revision int64, want error) {
		dir := filepath.Join(GinkgoT().TempDir(), "refused")
		_, err := substrate.Start(ctx, substrate.Options{
			Assets: assets, Dir: dir, Restore: &substrate.Restore{Snapshot: bytes.NewReader(given()), Revision: revision},
		})
		Expect(err).To(MatchError(want))
		Expect(dir).NotTo(BeAnExistingFile())
		Expect(childrenFor(dir)).To(BeEmpty())
	},
		Entry("with a snapshot that is cut", func() []byte { return state[:len(state)-4096] }, int64(0), snapshot.ErrNotSnapshot, NodeTimeout(30*time.Second)),
		Entry("with a revision that is not there yet", func() []byte { return state }, int64(1_000_000), snapshot.ErrNoRevision, NodeTimeout(30*time.Second)),
	)

	It("says so where the revision was compacted", func(ctx SpecContext) {
		client := etcdClient(source)
		defer client.Close()
		_, err := client.Compact(ctx, revisionOf(late))
		Expect(err).NotTo(HaveOccurred())
		stream, err := source.Snapshot(ctx)
		Expect(err).NotTo(HaveOccurred())
		path := filepath.Join(GinkgoT().TempDir(), "compacted.db")
		info, err := snapshot.Save(path, stream)
		Expect(errors.Join(err, stream.Close())).To(Succeed())
		Expect(info.Compacted).To(Equal(revisionOf(late)))
		Expect(info.Has(revisionOf(early))).To(And(MatchError(snapshot.ErrNoRevision), MatchError(ContainSubstring("was compacted: etcd has those from"))))
		Expect(info.Has(revisionOf(late))).To(Succeed())
		mode, err := os.Stat(path)
		Expect(err).NotTo(HaveOccurred())
		Expect(mode.Mode().Perm()).To(Equal(os.FileMode(0o600)))
	}, NodeTimeout(time.Minute))
})

func withoutControllers() substrate.Assets {
	without := assets
	without.ControllerManager = ""
	return without
}

func processes(local *substrate.Local) []int {
	var pids []int
	for _, p := range local.Processes() {
		pids = append(pids, p.PID)
	}
	return pids
}

func revisionOf(object metav1.Object) int64 {
	GinkgoHelper()
	revision, err := strconv.ParseInt(object.GetResourceVersion(), 10, 64)
	Expect(err).NotTo(HaveOccurred())
	return revision
}
