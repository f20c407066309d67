# Container image of PicHub. See docs/operations.md.
#   docker build -t pichub .
#   docker build --build-arg LOCK=otel -t pichub .   # with OpenTelemetry

FROM python:3.11.14-slim-trixie AS build
ARG LOCK=serve
WORKDIR /src
COPY . .
# Builds the web pages with the Node.js of the lock file; every package is verified against its hash. compileall may fail:
# some packages contain files for other Python versions.
RUN scripts/bootstrap serve \
    && .venv/bin/python -m hatchling build -t wheel \
    && python -m venv /opt/pichub \
    && /opt/pichub/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r scripts/locks/$LOCK.txt \
    && /opt/pichub/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps dist/*.whl \
    && /opt/pichub/bin/pip uninstall --yes --disable-pip-version-check pip \
    && { python -m compileall -q -j 0 /opt/pichub/lib >/dev/null || true; }
RUN test -f /opt/pichub/lib/python3.11/site-packages/app/web/dist/dashboard/index.html && /opt/pichub/bin/pichub --version

FROM python:3.11.14-slim-trixie
RUN groupadd --gid 10001 pichub \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin pichub \
    && install -d -o 10001 -g 10001 -m 700 /data
COPY --from=build /opt/pichub /opt/pichub
ENV PATH=/opt/pichub/bin:$PATH PICHUB_DATA_DIR=/data PICHUB_HOST=0.0.0.0 PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s CMD ["pichub", "health"]
ENTRYPOINT ["pichub"]
CMD ["serve"]
