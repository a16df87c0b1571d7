// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/web"
)

// served is what each component serves, and who may read it beside an admin.
var served = []struct{ component, path, reader string }{
	{manager.SchedulerName, "/metrics", scraper},
	{manager.SchedulerName, manager.DecisionsPath, manager.ObserverName},
	{manager.SchedulerName, manager.QueuePath, manager.ObserverName},
	{manager.ControllerManagerName, "/metrics", scraper},
	{manager.ControllerManagerName, manager.TransitionsPath, manager.ObserverName},
	{manager.ObserverName, "/metrics", scraper},
	{manager.ObserverName, web.Prefix + "traces", observerReader},
	{manager.ObserverName, web.Prefix + "cluster", observerReader},
	{manager.ObserverName, "/", observerReader},
	{manager.ObserverName, "/css/base.css", observerReader},
}

// ServiceAccounts that call the endpoints. The first three are bound to a role
// of the manifests.
const (
	scraper        = "scraper"
	observerReader = "observer-reader"
	endpointAdmin  = "endpoint-admin"
	nobody         = "nobody"
)

// tokens of one caller, by what they are for.
type tokens struct{ apiServer, evidence string }

// of returns the token to send to a path.
func (t tokens) of(path string) string {
	if path == "/metrics" {
		return t.apiServer
	}
	return t.evidence
}

// callers are the tokens of those who call.
type callers struct {
	known map[string]tokens
	// unknown are those that are refused, by why.
	unknown map[string]tokens
}

func tokensOf(ctx context.Context, account string) tokens {
	GinkgoHelper()
	return tokens{apiServer: tokenOf(ctx, account), evidence: tokenOf(ctx, account, manager.EvidenceAudience)}
}

// newCallers makes the ServiceAccounts and what they may do.
func newCallers(ctx context.Context) *callers {
	GinkgoHelper()
	c := &callers{known: map[string]tokens{}}
	for account, role := range map[string]string{
		scraper: "glassplane-metrics-reader", observerReader: "glassplane-observer-reader", endpointAdmin: "cluster-admin", nobody: "", "deleted": "",
	} {
		create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: account}})
		if role != "" {
			bindRole(ctx, "", rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
				rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: system, Name: account})
		}
		c.known[account] = tokensOf(ctx, account)
	}
	c.known[manager.ObserverName] = tokensOf(ctx, manager.ObserverName)
	known := c.known[endpointAdmin]
	another := tokenOf(ctx, endpointAdmin, "https://another.example")
	c.unknown = map[string]tokens{
		"no token":                             {},
		"no JSON web token":                    {"anything", "anything"},
		"a signature that is not the issuer's": {forged(known.apiServer), forged(known.evidence)},
		"an audience of somebody else":         {another, another},
		"the audience of other paths":          {known.evidence, known.apiServer},
		"a ServiceAccount that was deleted":    c.known["deleted"],
	}
	delete(c.known, "deleted")
	Expect(admin.CoreV1().ServiceAccounts(system).Delete(ctx, "deleted", metav1.DeleteOptions{})).To(Succeed())
	return c
}

// forged has the claims of a token, and the signature of nobody.
func forged(token string) string {
	parts := strings.Split(token, ".")
	signature := []byte(parts[2])
	slices.Reverse(signature)
	return parts[0] + "." + parts[1] + "." + string(signature)
}

// itGuardsEndpoints adds the specs about who may call.
func itGuardsEndpoints() {
	var c *callers
	BeforeAll(func(ctx context.Context) { c = newCallers(ctx) })

	for _, s := range served {
		It("answer "+s.component+s.path+" only to who may read it", func(ctx context.Context) {
			for caller, token := range c.known {
				want := http.StatusForbidden
				if caller == s.reader || caller == endpointAdmin {
					want = http.StatusOK
				}
				// The authorizer's cache learns of a new role after a moment.
				Eventually(func() int { return call(ctx, s.component, http.MethodGet, s.path, token.of(s.path)) }).
					WithContext(ctx).WithTimeout(patience/6).Should(Equal(want), "%s", caller)
			}
			for why, token := range c.unknown {
				Expect(call(ctx, s.component, http.MethodGet, s.path, token.of(s.path))).To(Equal(http.StatusUnauthorized), "%s", why)
			}
		}, SpecTimeout(patience))
	}

	It("answer no other path to their readers", func(ctx context.Context) {
		for _, s := range served {
			for _, path := range []string{"/", "/debug/pprof/", s.path + "/../debug", "//metrics", "/observer"} {
				if path == "/" && s.component == manager.ObserverName { // the page
					continue
				}
				Expect(call(ctx, s.component, http.MethodGet, path, c.known[s.reader].of(path))).
					To(BeElementOf(http.StatusForbidden, http.StatusNotFound, http.StatusTemporaryRedirect, http.StatusMovedPermanently), "%s%s", s.component, path)
			}
		}
	}, SpecTimeout(patience))

	It("let nobody write", func(ctx context.Context) {
		path := web.Prefix + "traces"
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			Expect(call(ctx, manager.ObserverName, method, path, c.known[observerReader].evidence)).To(Equal(http.StatusForbidden), method)
			Expect(call(ctx, manager.ObserverName, method, path, c.known[endpointAdmin].evidence)).To(Equal(http.StatusMethodNotAllowed), method)
		}
	}, SpecTimeout(patience))

	It("are known by the certificate that they publish, and by no other", func(ctx context.Context) {
		for _, component := range accounts {
			for _, other := range accounts {
				address, _ := published(ctx, component)
				_, authority := published(ctx, other)
				_, err := send(ctx, authority, http.MethodGet, "https://"+address+"/metrics", "")
				if component == other {
					Expect(err).NotTo(HaveOccurred())
				} else {
					Expect(err).To(MatchError(ContainSubstring("x509")), "%s with the certificate of %s", component, other)
				}
			}
		}
	}, SpecTimeout(patience))

	It("speak no plain HTTP", func(ctx context.Context) {
		for _, component := range accounts {
			address, authority := published(ctx, component)
			answer, err := send(ctx, authority, http.MethodGet, "http://"+address+"/metrics", c.known[endpointAdmin].apiServer)
			if err == nil { // else the connection was closed before the answer was read
				Expect(answer.code).To(Equal(http.StatusBadRequest))
			}
		}
	}, SpecTimeout(patience))
}

// itGuardsLoopback adds the specs about the observer's API on loopback, where
// nobody is asked who they are.
func itGuardsLoopback(address func() string) {
	DescribeTable("answer on loopback",
		func(ctx context.Context, method, host string, want int) {
			request, err := http.NewRequestWithContext(ctx, method, "http://"+address()+web.Prefix+"traces", nil)
			Expect(err).NotTo(HaveOccurred())
			if host != "" {
				request.Host = host
			}
			response, err := http.DefaultClient.Do(request)
			Expect(err).NotTo(HaveOccurred())
			Expect(response.Body.Close()).To(Succeed())
			Expect(response.StatusCode).To(Equal(want))
			Expect(response.Header).NotTo(HaveKey("Access-Control-Allow-Origin"))
		},
		Entry("a reader on this machine", http.MethodGet, "", http.StatusOK),
		Entry("a port-forward", http.MethodGet, "localhost:18080", http.StatusOK),
		Entry("not a page whose name was made to point here", http.MethodGet, "rebound.example", http.StatusForbidden),
		Entry("nor with a port", http.MethodGet, "rebound.example:8080", http.StatusForbidden),
		Entry("nor one that only looks like it", http.MethodGet, "localhost.rebound.example", http.StatusForbidden),
		Entry("nor an address that is another machine's", http.MethodGet, "192.0.2.1:8080", http.StatusForbidden),
		Entry("no POST", http.MethodPost, "", http.StatusMethodNotAllowed),
		Entry("no PUT", http.MethodPut, "", http.StatusMethodNotAllowed),
		Entry("no PATCH", http.MethodPatch, "", http.StatusMethodNotAllowed),
		Entry("no DELETE", http.MethodDelete, "", http.StatusMethodNotAllowed),
	)
}

// published is where a component serves, and the certificates to trust there.
func published(ctx context.Context, component string) (address, authority string) {
	GinkgoHelper()
	configMap, err := admin.CoreV1().ConfigMaps(system).Get(ctx, endpointOf(component), metav1.GetOptions{})
	Expect(err).NotTo(HaveOccurred())
	return configMap.Data["address"], configMap.Data["ca.crt"]
}

// call returns the code that a component answers with.
func call(ctx context.Context, component, method, path, token string) int {
	GinkgoHelper()
	address, authority := published(ctx, component)
	answer, err := send(ctx, authority, method, "https://"+address+path, token)
	Expect(err).NotTo(HaveOccurred())
	return answer.code
}

// answer of an endpoint.
type answer struct {
	code int
	body string
}

func send(ctx context.Context, authority, method, url, token string) (answer, error) {
	GinkgoHelper()
	roots := x509.NewCertPool()
	Expect(roots.AppendCertsFromPEM([]byte(authority))).To(BeTrue())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	Expect(err).NotTo(HaveOccurred())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(body)}, err
}

// issued are all tokens that this suite asked for.
var issued struct {
	sync.Mutex
	tokens []string
}

// itKeepsSecrets adds the spec that looks for them in all that the components say.
func itKeepsSecrets() {
	It("tell no secret", func(ctx context.Context) {
		token := tokensOf(ctx, endpointAdmin)
		said := map[string]string{"the log": logs.String()}
		for _, s := range served {
			address, authority := published(ctx, s.component)
			answer, err := send(ctx, authority, http.MethodGet, "https://"+address+s.path, token.of(s.path))
			Expect(err).NotTo(HaveOccurred())
			Expect(answer.code).To(Equal(http.StatusOK))
			Expect(answer.body).NotTo(BeEmpty())
			said[s.component+s.path] = answer.body
			said["the ConfigMap of "+s.component] = address + authority
		}
		for _, subject := range []string{"simpods/" + elsewhere + "/walked", "simreplicasets/" + elsewhere + "/scaled"} {
			address, authority := published(ctx, manager.ObserverName)
			answer, err := send(ctx, authority, http.MethodGet, "https://"+address+web.Prefix+"records/"+subject, token.evidence)
			Expect(err).NotTo(HaveOccurred())
			Expect(answer.code).To(Equal(http.StatusOK))
			said["the record of "+subject] = answer.body
		}
		Expect(said["the log"]).To(ContainSubstring("Request Body"), "the log is as verbose as it can be")
		for where, text := range said {
			Expect(secretsIn(text)).To(BeEmpty(), "in %s", where)
		}
	}, SpecTimeout(patience))
}

// secretsIn returns the secrets in a text, each with what is around it.
func secretsIn(text string) []string {
	issued.Lock()
	defer issued.Unlock()
	var found []string
	// Each JSON web token begins with its header, {"alg":
	for _, secret := range append(issued.tokens, "eyJhbGciOi", "PRIVATE KEY", "Bearer ey") {
		if at := strings.Index(text, secret); at >= 0 {
			found = append(found, text[max(0, at-200):min(len(text), at+20)])
		}
	}
	return found
}
