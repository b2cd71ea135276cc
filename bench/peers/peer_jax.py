"""JAX on the tutorial model: one jitted scan over each epoch, Adam written out."""
import os
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
import jax
import jax.numpy as jnp
from reviews import BATCH, EPOCHS, LENGTH, NUM_IDS, NUM_TRAIN, SEED, cached_ids
from result import report

try:
    jax.devices()
except (AssertionError, RuntimeError):  # without its CUDA half JAX only asserts
    sys.exit(f"this JAX finds no device of JAX_PLATFORMS={os.environ.get('JAX_PLATFORMS')}")
x, y = cached_ids()
train_x, train_y = jnp.array(x[:NUM_TRAIN]), jnp.array(y[:NUM_TRAIN])
steps = NUM_TRAIN // BATCH
key = jax.random.key(SEED)
key, a, b = jax.random.split(key, 3)
limit = (6 / 17) ** 0.5
params = {
    "embedding": jax.random.uniform(a, (NUM_IDS, 16), minval=-0.05, maxval=0.05),
    "weight": jax.random.uniform(b, (16,), minval=-limit, maxval=limit),
    "bias": jnp.zeros(()),
}


def dropped(key, values):
    return jnp.where(jax.random.bernoulli(key, 0.8, values.shape), values / 0.8, 0)


def logits_of(params, ids, key=None):
    rows = params["embedding"][ids]
    if key is None:
        return rows.mean(1) @ params["weight"] + params["bias"]
    first, second = jax.random.split(key)
    return dropped(second, dropped(first, rows).mean(1)) @ params["weight"] + params["bias"]


def loss_of(logits, y):
    return (jnp.maximum(logits, 0) - logits * y + jnp.log1p(jnp.exp(-jnp.abs(logits)))).mean()


def step(state, batch):
    params, m, v, t, key = state
    key, draw = jax.random.split(key)
    g = jax.grad(lambda p: loss_of(logits_of(p, train_x[batch], draw), train_y[batch]))(params)
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    lr, root = 1e-3 / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)
    params = jax.tree.map(lambda p, m, v: p - lr * m / (jnp.sqrt(v) * root + 1e-7), params, m, v)
    return (params, m, v, t, key), None


@jax.jit
def epoch(state):
    *rest, key = state
    key, draw = jax.random.split(key)
    order = jax.random.permutation(draw, NUM_TRAIN)[: steps * BATCH].reshape(steps, BATCH)
    return jax.lax.scan(step, (*rest, key), order)[0]


zeros = jax.tree.map(jnp.zeros_like, params)
state = (params, zeros, zeros, jnp.zeros(()), key)
epoch_seconds = []
for _ in range(EPOCHS):
    begin = time.perf_counter()
    state = jax.block_until_ready(epoch(state))
    epoch_seconds.append(time.perf_counter() - begin)
logits = logits_of(state[0], jnp.array(x[NUM_TRAIN:]))
report(epoch_seconds, steps, float(((logits > 0) == (y[NUM_TRAIN:] > 0)).mean()), float(loss_of(logits, y[NUM_TRAIN:])))
