# The binary is static and built on the host (make docker-build), so that no
# image has to be pulled. TARGETARCH is set by BuildKit for each platform.
FROM scratch
ARG TARGETARCH
ARG VERSION=devel
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Glassplane" \
      org.opencontainers.image.description="Scheduler, controller manager and observer of Glassplane" \
      org.opencontainers.image.source="https://github.com/glassplane/glassplane" \
      org.opencontainers.image.documentation="https://github.com/glassplane/glassplane/tree/main/docs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY bin/linux_${TARGETARCH}/manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
