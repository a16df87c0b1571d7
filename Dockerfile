# The binary is static and built on the host (make docker-build), so that no
# image has to be pulled. TARGETARCH is set by BuildKit for each platform.
FROM scratch
ARG TARGETARCH
COPY bin/linux_${TARGETARCH}/manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
