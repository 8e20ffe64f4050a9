# hie on a CPU. No image of it was built or published by the project: its machines run no Docker engine. A test runs
# these very steps (the RUN lines) in a fresh environment (tests/test_dockerfile.py).
#
#     docker build -t hie .
#     docker run --rm -v "$PWD:/work" hie run crowd.mp4 -o out
FROM python:3.11-slim

WORKDIR /src
COPY . .
# torch's CPU build alone; the locked versions of all else, each file checked by its hash.
ARG TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"
RUN python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
RUN python -m pip install --no-cache-dir ${TORCH}
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation .

RUN useradd --create-home hie && mkdir /work && chown hie /work
USER hie
WORKDIR /work
ENTRYPOINT ["hie"]
CMD ["--help"]
