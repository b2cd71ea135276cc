# As cpu.Dockerfile, with the CUDA library: built with the toolkit's nvcc, run on a base without the toolkit. The driver
# comes from the host: docker run --gpus all. From the root of the project: docker build -f docker/cuda.Dockerfile -t bernoulli:cuda .
ARG TOOLKIT=nvidia/cuda:13.0.0-devel-ubuntu24.04
ARG BASE=ubuntu:24.04

FROM ${TOOLKIT} AS dependencies
ENV BERNOULLI_CACHE=/opt/cache
WORKDIR /src
COPY dev ./
COPY scripts ./scripts
RUN ./dev setup --cuda

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
