// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/shirou/gopsutil/v4/process"
	clientv3 "go.etcd.io/etcd/client/v3"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/glassplane/glassplane/internal/substrate"
)

var _ = Describe("a running control plane", Ordered, func() {
	var (
		local *substrate.Local
		admin *kubernetes.Clientset
		dir   string
	)

	BeforeAll(func(ctx SpecContext) {
		dir = filepath.Join(GinkgoT().TempDir(), "data")
		var err error
		local, err = substrate.Start(ctx, substrate.Options{Assets: assets, Dir: dir, Log: GinkgoLogr})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(local.Stop()).To(Succeed()) })
		admin = clientFor(userConfig(local))
	})

	It("lets only clients with a certificate into etcd", func(ctx SpecContext) {
		config, err := local.EtcdClientConfig("test")
		Expect(err).NotTo(HaveOccurred())
		client, err := clientv3.New(config)
		Expect(err).NotTo(HaveOccurred())
		defer client.Close()
		response, err := client.Get(ctx, "/registry/namespaces/kube-system")
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Count).To(BeEquivalentTo(1))

		anonymous := &tls.Config{RootCAs: config.TLS.RootCAs, MinVersion: tls.VersionTLS13}
		conn, err := tls.Dial("tcp", strings.TrimPrefix(config.Endpoints[0], "https://"), anonymous)
		Expect(err).NotTo(HaveOccurred(), "with TLS 1.3 the server refuses after the handshake")
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1))
		Expect(err).To(MatchError(ContainSubstring("certificate required")))
	}, NodeTimeout(30*time.Second))

	It("decides by RBAC", func(ctx SpecContext) {
		config, err := local.UserConfig("nobody", nil)
		Expect(err).NotTo(HaveOccurred())
		_, err = clientFor(config).CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "got %v", err)

		review, err := admin.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(review.Status.UserInfo.Username).To(Equal(substrate.AdminUser))
		Expect(review.Status.UserInfo.Groups).To(ConsistOf(substrate.AdminGroup, "system:authenticated"))
		_, err = admin.CoreV1().Secrets("").List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
	}, NodeTimeout(30*time.Second))

	It("binds roles to service accounts' certificates and tokens alike", func(ctx SpecContext) {
		config, err := local.ServiceAccountConfig("default", "reader")
		Expect(err).NotTo(HaveOccurred())
		Expect(config.QPS).To(BeEquivalentTo(-1))
		list := func(config *rest.Config) error {
			_, err := clientFor(config).CoreV1().ConfigMaps("default").List(ctx, metav1.ListOptions{})
			return err
		}
		Expect(apierrors.IsForbidden(list(config))).To(BeTrue())

		bindReader(ctx, admin)
		Eventually(list).WithArguments(config).WithContext(ctx).Should(Succeed())

		boot := kubernetes.NewForConfigOrDie(local.AdminConfig())
		token, err := boot.CoreV1().ServiceAccounts("default").CreateToken(ctx, "reader", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		bearer := rest.AnonymousClientConfig(config)
		bearer.BearerToken = token.Status.Token
		Expect(list(bearer)).To(Succeed())
	}, NodeTimeout(30*time.Second))

	It("writes who did what to the audit log, with the revision that was stored", func(ctx SpecContext) {
		const id = "5cc3f0f4-3c3b-4c88-9f1a-0123456789ab"
		config := userConfig(local)
		config.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				r.Header.Set("Audit-ID", id)
				return next.RoundTrip(r)
			})
		})
		created, err := clientFor(config).CoreV1().Pods("default").Create(ctx, pod("audited"), metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())

		var events []auditv1.Event
		Eventually(func(g Gomega) {
			events = auditEvents(g, local.AuditLogPath(), id)
			g.Expect(events).To(HaveLen(2))
		}).WithContext(ctx).Should(Succeed())
		Expect(events[0].Stage).To(Equal(auditv1.StageRequestReceived))
		Expect(events[1].Stage).To(Equal(auditv1.StageResponseComplete))
		Expect(events[1].User.Username).To(Equal(substrate.AdminUser))
		Expect(events[1].Annotations).To(HaveKeyWithValue("authorization.k8s.io/decision", "allow"))
		var stored corev1.Pod
		Expect(json.Unmarshal(events[1].ResponseObject.Raw, &stored)).To(Succeed())
		Expect(stored.ResourceVersion).To(Equal(created.ResourceVersion))
	}, NodeTimeout(30*time.Second))

	It("collects what an owner leaves behind", func(ctx SpecContext) {
		maps := admin.CoreV1().ConfigMaps("default")
		owner, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		_, err = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
			Name:            "owned",
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID}},
		}}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(maps.Delete(ctx, owner.Name, metav1.DeleteOptions{})).To(Succeed())
		Eventually(func() bool {
			_, err := maps.Get(ctx, "owned", metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		}).WithContext(ctx).Should(BeTrue())
	}, NodeTimeout(60*time.Second))

	It("deletes namespaces", func(ctx SpecContext) {
		spaces := admin.CoreV1().Namespaces()
		_, err := spaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "short-lived"}}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(spaces.Delete(ctx, "short-lived", metav1.DeleteOptions{})).To(Succeed())
		Eventually(func() bool {
			_, err := spaces.Get(ctx, "short-lived", metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		}).WithContext(ctx).Should(BeTrue())
	}, NodeTimeout(60*time.Second))

	It("keeps keys to the user", func() {
		var private int
		Expect(filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
			if err == nil && info.IsDir() {
				Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o700)), path)
			}
			if strings.HasPrefix(path, filepath.Join(dir, "pki")) && err == nil && !info.IsDir() {
				Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o600)), path)
				private++
			}
			return err
		})).To(Succeed())
		Expect(private).To(BeNumerically(">", 5))
		info, err := os.Stat(local.KubeconfigPath())
		Expect(err).NotTo(HaveOccurred())
		Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o600)))
	})

	It("is found by its data folder, and refuses a second instance there", func(ctx SpecContext) {
		Expect(substrate.WriteInstance(dir, substrate.Instance{ObserverURL: "http://127.0.0.1:1"})).To(Succeed())
		instance, err := substrate.ReadInstance(dir)
		Expect(err).NotTo(HaveOccurred())
		Expect(instance.PID).To(Equal(os.Getpid()))
		Expect(instance.ObserverURL).To(Equal("http://127.0.0.1:1"))

		_, err = substrate.Start(ctx, substrate.Options{Assets: assets, Dir: dir})
		Expect(err).To(MatchError(substrate.ErrInUse))
		Expect(err).To(MatchError(ContainSubstring("pid " + strconv.Itoa(os.Getpid()))))
		Expect(clientFor(userConfig(local)).RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()).To(Succeed())
	}, NodeTimeout(30*time.Second))

	It("names the port in use and the flag", func(ctx SpecContext) {
		_, text, err := net.SplitHostPort(strings.TrimPrefix(strings.TrimSuffix(local.AdminConfig().Host, "/"), "https://"))
		Expect(err).NotTo(HaveOccurred())
		port, err := strconv.Atoi(text)
		Expect(err).NotTo(HaveOccurred())
		free := filepath.Join(GinkgoT().TempDir(), "busy")
		_, err = substrate.Start(ctx, substrate.Options{Assets: assets, Dir: free, APIServerPort: port})
		Expect(err).To(MatchError(And(ContainSubstring("port "+text), ContainSubstring("--apiserver-port"))))
		Expect(free).NotTo(BeAnExistingFile())
	}, NodeTimeout(30*time.Second))

	It("restarts one process with the same identities and data", func(ctx SpecContext) {
		before := pidOf(local, substrate.APIServer)
		server, err := local.Unit(substrate.APIServer)
		Expect(err).NotTo(HaveOccurred())
		Expect(server.Stop()).To(Succeed())
		Expect(pidOf(local, substrate.APIServer)).To(BeZero())
		Expect(server.Start(ctx)).To(Succeed())
		Expect(pidOf(local, substrate.APIServer)).NotTo(BeElementOf(0, before))
		_, err = admin.CoreV1().Pods("default").Get(ctx, "audited", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(local.Done()).NotTo(BeClosed())
	}, NodeTimeout(90*time.Second))

	It("tells when a process dies, and leaves nothing when it is stopped", func(ctx SpecContext) {
		Eventually(local.Processes).WithContext(ctx).Should(HaveEach(HaveField("State", substrate.StateRunning)))
		Expect(local.Missing()).To(BeEmpty())
		processes := local.Processes()
		Expect(processes).To(HaveLen(3))
		Expect(syscall.Kill(pidOf(local, substrate.ControllerManager), syscall.SIGKILL)).To(Succeed())
		Eventually(local.Done()).WithContext(ctx).Should(BeClosed())
		Expect(local.Err()).To(MatchError(ContainSubstring(substrate.ControllerManager + " ended unexpectedly")))

		Expect(local.Stop()).To(Succeed())
		Expect(local.Stop()).To(Succeed(), "a second Stop does nothing")
		Expect(childrenFor(dir)).To(BeEmpty())
		for _, p := range processes {
			Expect(syscall.Kill(p.PID, 0)).To(MatchError(syscall.ESRCH), p.Name)
		}
		Expect(dir).NotTo(BeAnExistingFile())
		_, err := net.Dial("tcp", strings.TrimPrefix(strings.TrimSuffix(local.AdminConfig().Host, "/"), "https://"))
		Expect(err).To(MatchError(syscall.ECONNREFUSED))
		_, err = substrate.ReadInstance(dir)
		Expect(err).To(MatchError(substrate.ErrNoInstance))
	}, NodeTimeout(90*time.Second))
})

var _ = Describe("a start that ends early", func() {
	DescribeTable("leaves nothing when it is cancelled", func(ctx SpecContext, stage string) {
		dir := filepath.Join(GinkgoT().TempDir(), "data")
		cancelled, cancel := context.WithCancel(ctx)
		defer cancel()
		done := make(chan error, 1)
		go func() {
			_, err := substrate.Start(cancelled, substrate.Options{Assets: assets, Dir: dir, Log: GinkgoLogr})
			done <- err
		}()
		Eventually(func() []string { return childrenFor(dir) }).WithContext(ctx).WithPolling(5 * time.Millisecond).
			Should(ContainElement(HaveSuffix(stage)))
		cancel()
		Eventually(done).WithContext(ctx).WithTimeout(5 * time.Second).Should(Receive(MatchError(context.Canceled)))
		Expect(childrenFor(dir)).To(BeEmpty())
		Expect(dir).NotTo(BeAnExistingFile())
	},
		Entry("while etcd starts", "/etcd", NodeTimeout(30*time.Second)),
		Entry("while kube-apiserver starts", "/kube-apiserver", NodeTimeout(30*time.Second)),
	)

	DescribeTable("shows what is wrong with a binary", func(ctx SpecContext, content string, want ...string) {
		bin, dir := GinkgoT().TempDir(), filepath.Join(GinkgoT().TempDir(), "data")
		broken := assets
		broken.Etcd = filepath.Join(bin, "etcd")
		Expect(os.WriteFile(broken.Etcd, []byte(content), 0o755)).To(Succeed())
		_, err := substrate.Start(ctx, substrate.Options{Assets: broken, Dir: dir})
		for _, text := range want {
			Expect(err).To(MatchError(ContainSubstring(text)))
		}
		Expect(dir).NotTo(BeAnExistingFile())
	},
		Entry("it is no program", "not a program", "start etcd", "broken or built for another platform", NodeTimeout(30*time.Second)),
		Entry("it ends at once", "#!/bin/sh\necho no such flag >&2\nexit 3\n", "start etcd", "no such flag", NodeTimeout(30*time.Second)),
	)
})

var _ = Describe("a killed instance", func() {
	DescribeTable("is cleaned up by the next one", func(ctx SpecContext, temporary bool, controllerManager func() string, reason string) {
		GinkgoT().Setenv("TMPDIR", GinkgoT().TempDir())
		dir, victimDir := filepath.Join(GinkgoT().TempDir(), "data"), ""
		if victimDir = dir; temporary {
			dir, victimDir = "", victimTemporary
		}
		victim := exec.CommandContext(ctx, os.Args[0])
		victim.Env = append(os.Environ(), victimDirEnv+"="+victimDir)
		out, err := victim.StdoutPipe()
		Expect(err).NotTo(HaveOccurred())
		Expect(victim.Start()).To(Succeed())
		line, err := bufio.NewReader(out).ReadString('\n')
		Expect(err).NotTo(HaveOccurred())
		leftDir := strings.TrimSpace(line)
		Expect(leftDir).To(BeADirectory())
		Expect(victim.Process.Kill()).To(Succeed())
		Expect(victim.Wait()).NotTo(Succeed())

		left := readRecords(leftDir)
		Expect(left).To(HaveLen(2))
		_, err = substrate.ReadInstance(leftDir)
		Expect(err).To(MatchError(substrate.ErrNoInstance))

		var said strings.Builder
		log := funcr.New(func(_, args string) { said.WriteString(args + "\n") }, funcr.Options{})
		withoutController := assets
		withoutController.ControllerManager = controllerManager()
		local, err := substrate.Start(ctx, substrate.Options{Assets: withoutController, Dir: dir, Log: log})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() {
			Expect(local.Stop()).To(Succeed())
			Expect(filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "glassplane-*"))).To(BeEmpty())
		})
		for _, record := range left {
			Expect(syscall.Kill(record.PID, 0)).To(MatchError(syscall.ESRCH), record.Name)
		}
		Expect(said.String()).To(ContainSubstring("left by an earlier run"))
		Expect(said.String()).To(MatchRegexp(`undoing what an earlier run had disrupted.*kube-apiserver.*Pause`))
		Eventually(local.Missing).WithContext(ctx).Should(ConsistOf(And(
			HaveField("Reason", ContainSubstring(reason)),
			HaveField("Cost", ContainSubstring("no owner-reference garbage collection")),
		)))
		Expect(local.Done()).NotTo(BeClosed())
	},
		Entry("on its data folder, without kube-controller-manager", false,
			func() string { return "" }, "no kube-controller-manager in", NodeTimeout(120*time.Second)),
		Entry("on a temporary folder, with a broken kube-controller-manager", true,
			func() string { return script("echo unknown controller >&2; exit 2") }, "unknown controller", NodeTimeout(120*time.Second)),
	)
})

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func clientFor(config *rest.Config) *kubernetes.Clientset {
	GinkgoHelper()
	client, err := kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	return client
}

// userConfig is what kubectl would use.
func userConfig(local *substrate.Local) *rest.Config {
	GinkgoHelper()
	config, err := clientcmd.BuildConfigFromFlags("", local.KubeconfigPath())
	Expect(err).NotTo(HaveOccurred())
	return config
}

func bindReader(ctx context.Context, client kubernetes.Interface) {
	GinkgoHelper()
	meta := metav1.ObjectMeta{Name: "reader", Namespace: "default"}
	_, err := client.CoreV1().ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	_, err = client.RbacV1().RoleBindings("default").Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "reader", Namespace: "default"}},
	}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
}

func pod(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "nginx"}}},
	}
}

// auditEvents returns the log's complete lines about one audit ID.
func auditEvents(g Gomega, path, id string) []auditv1.Event {
	data, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	var events []auditv1.Event
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) || !bytes.Contains(line, []byte(id)) {
			continue
		}
		var event auditv1.Event
		g.Expect(json.Unmarshal(line, &event)).To(Succeed())
		events = append(events, event)
	}
	return events
}

func pidOf(local *substrate.Local, name string) int {
	for _, p := range local.Processes() {
		if p.Name == name {
			return p.PID
		}
	}
	return 0
}

// childrenFor returns the binaries of this process' children that work in dir.
func childrenFor(dir string) []string {
	self, err := process.NewProcess(int32(os.Getpid()))
	Expect(err).NotTo(HaveOccurred())
	children, err := self.Children()
	Expect(err).NotTo(HaveOccurred())
	var out []string
	for _, child := range children {
		argv, err := child.CmdlineSlice()
		if err == nil && len(argv) > 0 && strings.Contains(strings.Join(argv[1:], " "), dir) {
			out = append(out, argv[0])
		}
	}
	return out
}

// script writes an executable shell script and returns its path.
func script(commands string) string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "script")
	Expect(os.WriteFile(path, []byte("#!/bin/sh\n"+commands+"\n"), 0o755)).To(Succeed())
	return path
}

type record struct {
	Name string
	PID  int
}

func readRecords(dir string) []record {
	GinkgoHelper()
	data, err := os.ReadFile(filepath.Join(dir, "processes.json"))
	Expect(err).NotTo(HaveOccurred())
	var records []record
	Expect(json.Unmarshal(data, &records)).To(Succeed())
	return records
}
