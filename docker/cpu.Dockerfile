# Three stages: what a build needs, build and test, and a small runtime. Every step is a verb of ./dev, so that what runs
# here runs on a bare machine too. From the root of the project: docker build -f docker/cpu.Dockerfile -t bernoulli .
ARG BASE=debian:12-slim

FROM ${BASE} AS dependencies
ENV BERNOULLI_CACHE=/opt/cache
WORKDIR /src
COPY dev ./
COPY scripts ./scripts
RUN ./dev setup

FROM dependencies AS build
COPY . .
RUN ./dev build
RUN ./dev test
RUN ./dev stage /opt/bernoulli

FROM ${BASE} AS runtime
COPY --from=build /opt/bernoulli /opt/bernoulli
RUN useradd --create-home bernoulli
USER bernoulli
WORKDIR /home/bernoulli
ENTRYPOINT ["/opt/bernoulli/bin/bernoulli"]
CMD ["--help"]
