// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	authenticationv1 "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorizationv1 "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// EvidenceAudience is the audience of the tokens that are good for what the
// components tell of their work: decisions, transitions, the observer's API. Who
// gets hold of such a token can do nothing with it at the API server, and a token
// that is meant for the API server is not to be sent here.
const EvidenceAudience = "evidence.sim.glassplane.dev"

// metricsPath is the exception: scrapers send a token of the API server's own
// audience, and what they may read tells of no object.
const metricsPath = "/metrics"

// How long an answer of the API server is believed, as in controller-runtime's
// WithAuthenticationAndAuthorization.
const (
	authenticationTTL = time.Minute
	allowTTL          = 5 * time.Minute
	denyTTL           = 30 * time.Second
	reviewTimeout     = 10 * time.Second
)

// reviewBackoff is DefaultAuthWebhookRetryBackoff of k8s.io/apiserver.
var reviewBackoff = wait.Backoff{Duration: 500 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 5}

// access lets those callers through whom the API server knows by their token
// (TokenReview, for the audience of the path), and allows the verb on the path (SubjectAccessReview). It does
// what controller-runtime's WithAuthenticationAndAuthorization does, but answers
// a token that is refused with 401, as kube-apiserver does, rather than with 500
// and an error in the log, which anyone could fill so.
type access struct {
	authenticator authenticator.Request
	authorizer    authorizer.Authorizer
}

// newAccess returns the filter of an endpoint.
func newAccess(config *rest.Config, client *http.Client) (metricsserver.Filter, error) {
	tokens, err := authenticationv1.NewForConfigAndClient(config, client)
	if err != nil {
		return nil, fmt.Errorf("building the client that reviews tokens: %w", err)
	}
	reviews, err := authorizationv1.NewForConfigAndClient(config, client)
	if err != nil {
		return nil, fmt.Errorf("building the client that reviews access: %w", err)
	}
	a := &access{}
	a.authenticator, _, err = authenticatorfactory.DelegatingAuthenticatorConfig{
		Anonymous:                &apiserver.AnonymousAuthConfig{Enabled: false},
		TokenAccessReviewClient:  tokens,
		TokenAccessReviewTimeout: reviewTimeout,
		WebhookRetryBackoff:      &reviewBackoff,
		CacheTTL:                 authenticationTTL,
	}.New()
	if err != nil {
		return nil, fmt.Errorf("building the authenticator: %w", err)
	}
	a.authorizer, err = authorizerfactory.DelegatingAuthorizerConfig{
		SubjectAccessReviewClient: reviews,
		WebhookRetryBackoff:       &reviewBackoff,
		AllowCacheTTL:             allowTTL,
		DenyCacheTTL:              denyTTL,
	}.New()
	if err != nil {
		return nil, fmt.Errorf("building the authorizer: %w", err)
	}
	return a.filter, nil
}

// filter implements metricsserver.Filter.
func (a *access) filter(log logr.Logger, next http.Handler) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		caller, known, err := a.authenticator.AuthenticateRequest(forAudience(request))
		if err != nil || !known {
			// Where the API server cannot be asked, the webhook that asks it logs that.
			log.V(1).Info("Refused a caller without a valid token", "path", request.URL.Path, "cause", err)
			http.Error(w, "Unauthorized: "+neededToken(request), http.StatusUnauthorized)
			return
		}
		user, verb, path := caller.User.GetName(), strings.ToLower(request.Method), request.URL.Path
		decision, reason, err := a.authorizer.Authorize(request.Context(), authorizer.AttributesRecord{
			User: caller.User, Verb: verb, Path: path,
		})
		switch {
		case err != nil:
			log.Error(err, "Cannot find out what a caller may do", "user", user, "path", path)
			http.Error(w, "The API server cannot be asked whether this is allowed: try again", http.StatusInternalServerError)
		case decision != authorizer.DecisionAllow:
			log.V(1).Info("Refused a caller", "user", user, "verb", verb, "path", path, "reason", reason)
			http.Error(w, fmt.Sprintf("Forbidden: user %q may not %s %s", user, verb, path), http.StatusForbidden)
		default:
			next.ServeHTTP(w, request)
		}
	}), nil
}

// forAudience returns the request with the audience that its token must be for;
// that of the API server where none is named.
func forAudience(request *http.Request) *http.Request {
	if request.URL.Path == metricsPath {
		return request
	}
	return request.WithContext(authenticator.WithAudiences(request.Context(), authenticator.Audiences{EvidenceAudience}))
}

func neededToken(request *http.Request) string {
	if request.URL.Path == metricsPath {
		return "a valid bearer token is needed"
	}
	return fmt.Sprintf("a valid bearer token for the audience %s is needed: take one from a projected volume, or from kubectl create token NAME --audience=%s",
		EvidenceAudience, EvidenceAudience)
}
