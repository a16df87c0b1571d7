// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/web"
)

// pagePort is where the observer serves the page, on its pod's loopback.
const pagePort = 8080

// pageInfo is what the page is told of its observer.
type pageInfo struct {
	AllowWrites bool   `json:"allowWrites"`
	CSRF        string `json:"csrf"`
}

var _ = Describe("The page", SpecPriority(priorityPage), func() {
	It("is served to who may forward a port, and only reads", func(ctx SpecContext) {
		ensureDeployed(ctx, kubeadmConfig)
		at := "http://" + portForward(ctx, "deployment/"+manager.ObserverName, pagePort)
		answer := ask(ctx, http.MethodGet, at+"/", nil)
		Expect(answer.code).To(Equal(http.StatusOK))
		Expect(answer.header.Get("Content-Security-Policy")).To(ContainSubstring("default-src 'none'"))
		Expect(answer.body).To(ContainSubstring("<title>Glassplane</title>"))
		answer = ask(ctx, http.MethodGet, at+"/app.js", nil)
		Expect(answer.code).To(Equal(http.StatusOK))

		ns := makeNamespace(ctx)
		kubectlInput(ctx, fmt.Sprintf(simPodManifest, "shown"), "create", "-n", ns, "-f", "-") // there may be no node for it
		Eventually(ctx, func() string {
			return ask(ctx, http.MethodGet, at+"/observer/v1/traces", nil).body
		}).Should(ContainSubstring(ns))
		answer = ask(ctx, http.MethodGet, at+"/observer/v1/runs/simpods/"+ns+"/shown", nil)
		Expect(answer.code).To(Equal(http.StatusOK), answer.body)

		Expect(infoOf(ctx, at).AllowWrites).To(BeFalse())
		answer = ask(ctx, http.MethodPost, at+"/observer/v1/send", map[string]string{"manifest": fmt.Sprintf(simPodManifest, "refused")})
		Expect(answer.code).To(BeNumerically(">=", http.StatusBadRequest))
	})

	It("sends requests as its own ServiceAccount, where config/page-writes lets it", func(ctx SpecContext) {
		deploy(ctx, overlayWithPageWrites(), image)
		DeferCleanup(func(ctx SpecContext) {
			kubectl(ctx, "delete", "-f", filepath.Join(root, "config/page-writes/rbac.yaml"))
		})
		at := "http://" + portForward(ctx, "deployment/"+manager.ObserverName, pagePort)
		info := infoOf(ctx, at)
		Expect(info.AllowWrites).To(BeTrue())

		manifest := map[string]string{"manifest": fmt.Sprintf(simPodManifest, "from-the-page")}
		answer := ask(ctx, http.MethodPost, at+"/observer/v1/send", manifest)
		Expect(answer.code).To(Equal(http.StatusForbidden), "without the token of the page")
		Eventually(ctx, func(g Gomega) {
			answer = ask(ctx, http.MethodPost, at+"/observer/v1/send", manifest, web.CSRFHeader, info.CSRF)
			g.Expect(answer.code).To(Equal(http.StatusOK), answer.body)
		}).Should(Succeed())
		DeferCleanup(func(ctx SpecContext) { kubectl(ctx, "delete", "simpod/from-the-page", "--ignore-not-found") })
		var sent struct {
			AuditID string `json:"auditID"`
			Code    int    `json:"code"`
		}
		Expect(json.Unmarshal([]byte(answer.body), &sent)).To(Succeed())
		Expect(sent.Code).To(Equal(http.StatusCreated), answer.body)
		kubectl(ctx, "get", "simpod/from-the-page")
		Eventually(ctx, func() auditv1.Event { return auditEvents()[sent.AuditID] }).
			Should(HaveField("User.Username", "system:serviceaccount:"+namespace+":glassplane-page"))
	})
})

// overlayWithPageWrites makes an overlay beside the others that are built, and
// returns where it is.
func overlayWithPageWrites() string {
	GinkgoHelper()
	const overlay = "dist/page-writes"
	folder := filepath.Join(root, overlay)
	Expect(os.MkdirAll(folder, 0o755)).To(Succeed())
	DeferCleanup(os.RemoveAll, folder)
	Expect(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(strings.Join([]string{
		"resources: [../../" + kubeadmConfig + "]", "components: [../../config/page-writes]", "",
	}, "\n")), 0o600)).To(Succeed())
	return overlay
}

func infoOf(ctx context.Context, at string) (info pageInfo) {
	GinkgoHelper()
	answer := ask(ctx, http.MethodGet, at+"/observer/v1/info", nil)
	Expect(answer.code).To(Equal(http.StatusOK), answer.body)
	Expect(json.Unmarshal([]byte(answer.body), &info)).To(Succeed())
	return info
}

// reply is what a server said.
type reply struct {
	code   int
	header http.Header
	body   string
}

// ask sends a request with a JSON body, if it has one, and pairs of headers.
func ask(ctx context.Context, method, location string, body any, headers ...string) reply {
	GinkgoHelper()
	var encoded bytes.Buffer
	if body != nil {
		Expect(json.NewEncoder(&encoded).Encode(body)).To(Succeed())
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, location, &encoded)
	Expect(err).NotTo(HaveOccurred())
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	Expect(err).NotTo(HaveOccurred())
	return reply{code: response.StatusCode, header: response.Header, body: string(data)}
}
