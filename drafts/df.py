"""Diffusion / flow experiments. usage: df.py name key=value"""
import sys, time, os
sys.path.insert(0, "/work/main")
os.environ.setdefault("TFDS_DATA_DIR", "/work/shared/tensorflow_datasets")
import genkeras as gk, keras, numpy as np, tensorflow as tf
from keras import layers, ops
P = dict(path="flow", target="velocity", widths=(32, 64), depth=2, batch=64, lr=2e-3, mom=0.995, steps=1200, seed=0, spe=10, evals=1, drop=0.1, cond=1, wd=0.0, tdist="ln", opt="adam", emb=128, nscore=3000, calls=(10,20), out="conv", groups=8, flip=0)
for a in sys.argv[2:]:
    k, v = a.split("=", 1); P[k] = v if k in ("path", "target", "tdist", "opt", "out") else eval(v)
class A: pass
p = A(); p.__dict__.update(P)
run = gk.setup(seed=p.seed)
d = gk.load_images()
X = (2 * d.x_train - 1).astype("float32"); Y = d.y_train.astype("int32")
vf, _ = gk.classify(d.x_valid[:3000])
def a_s(t):
    if p.path == "flow": return 1 - t, t
    return ops.cos(np.pi / 2 * t), ops.sin(np.pi / 2 * t)
class TimeEmb(layers.Layer):
    def call(self, t):
        f = ops.exp(ops.linspace(0.0, np.log(100.0), 16)) 
        x = t[:, None] * f[None] * 2
        return ops.concatenate([ops.sin(x), ops.cos(x)], axis=-1)
def block(x, c, n):
    skip = x if x.shape[-1] == n else layers.Conv2D(n, 1)(x)
    h = layers.GroupNormalization(p.groups)(x); h = layers.Activation("silu")(h); h = layers.Conv2D(n, 3, padding="same")(h)
    ss = layers.Reshape((1, 1, 2 * n))(layers.Dense(2 * n, kernel_initializer="zeros")(c))
    sc, sh = ss[..., :n], ss[..., n:]
    h = layers.GroupNormalization(p.groups)(h) * (1 + sc) + sh
    h = layers.Activation("silu")(h); h = layers.Conv2D(n, 3, padding="same", kernel_initializer="zeros")(h)
    return skip + h
def unet():
    x_in, t_in, y_in = keras.Input((28, 28, 1)), keras.Input(()), keras.Input((), dtype="int32")
    c = layers.Dense(p.emb, activation="silu")(TimeEmb()(t_in)) + layers.Embedding(11, p.emb)(y_in)
    c = layers.Activation("silu")(layers.Dense(p.emb)(c))
    a, b = p.widths
    x = layers.Conv2D(a, 2, strides=2)(x_in) if p.out == "conv" else layers.Conv2D(a, 4, strides=2, padding="same")(x_in)
    skips = [x]
    for _ in range(p.depth): x = block(x, c, a); skips.append(x)
    x = layers.AveragePooling2D(2)(x)
    for _ in range(2 * p.depth - 1): x = block(x, c, b)
    x = layers.UpSampling2D()(x)
    for _ in range(p.depth): x = block(layers.Concatenate()([x, skips.pop()]), c, a)
    x = layers.Activation("silu")(layers.GroupNormalization(p.groups)(x))
    k = 2 if p.out == "conv" else 4
    x = layers.Conv2DTranspose(1, k, strides=2, padding="same", kernel_initializer="zeros")(x)
    return keras.Model([x_in, t_in, y_in], x)
class Flow(keras.Model):
    def __init__(self):
        super().__init__()
        self.net, self.avg = unet(), unet(); self.avg.set_weights(self.net.get_weights())
        self.seed = keras.random.SeedGenerator(p.seed); self.m = keras.metrics.Mean(name="loss"); self.built = True
    def train_step(self, data):
        x, y = data; n = ops.shape(x)[0]
        u = keras.random.normal((n,), seed=self.seed)
        t = ops.sigmoid(u) if p.tdist == "ln" else keras.random.uniform((n,), seed=self.seed)
        e = keras.random.normal((n, 28, 28, 1), seed=self.seed)
        a, s = a_s(t[:, None, None, None]); xt = a * x + s * e
        if p.target == "noise": goal = e
        elif p.target == "image": goal = x
        else: goal = e - x if p.path == "flow" else a * e - s * x
        y = ops.where(keras.random.uniform((n,), seed=self.seed) < p.drop, 10, y) if p.cond else 10 + 0 * y
        def loss(): return ops.mean(ops.square(self.net([xt, t, y], training=True) - goal))
        v = gk.minimize(self.optimizer, loss, self.net.trainable_variables)
        step = ops.cast(self.optimizer.iterations, "float32"); mom = ops.minimum(p.mom, (1 + step) / (10 + step))
        for q, w in zip(self.avg.trainable_variables, self.net.trainable_variables): q.assign(mom * q + (1 - mom) * w)
        self.m.update_state(v); return {"loss": self.m.result()}
def velocity_field(net):
    @tf.function(jit_compile=False, reduce_retracing=True)
    def f(x, t, y): return net([x, t, y], training=False)
    return f
def parts(net_out, x, t):
    """(x0, eps) from the output"""
    a, s = [float(v) for v in a_s(t)]
    if p.target == "noise": return (x - s * net_out) / max(a, 1e-3), net_out
    if p.target == "image": return net_out, (x - a * net_out) / max(s, 1e-3)
    if p.path == "flow": return x - s * net_out, x + a * net_out
    return a * x - s * net_out, s * x + a * net_out
def sample(net, calls, n=3000, method="ddim", guid=None, seed=1):
    f = velocity_field(net); rng = np.random.default_rng(seed); out = []
    steps = calls if method == "ddim" else (calls + 1) // 2
    ts = np.linspace(1.0, 0.0, steps + 1)
    if p.path == "cos": ts = ts * 0.995 
    for i in range(0, n, 500):
        x = rng.standard_normal((500, 28, 28, 1)).astype("float32")
        y = np.arange(500).astype("int32") % 10 if p.cond else np.full(500, 10, "int32")
        for t, tn in zip(ts[:-1], ts[1:]):
            v = np.asarray(f(x, np.full(500, t, "float32"), y))
            x0, e = parts(v, x, t)
            if method == "ddim":
                a, s = [float(q) for q in a_s(tn)]
                if p.path == "cos" and p.target == "noise": x0 = np.clip(x0, -1, 1); 
                x = a * x0 + s * e
            else:
                xe = x + (tn - t) * v
                if tn > 0:
                    v2 = np.asarray(f(xe.astype("float32"), np.full(500, tn, "float32"), y)); x = x + (tn - t) * (v + v2) / 2
                else: x = xe
            x = x.astype("float32")
        out.append(x)
    return np.clip(np.concatenate(out) / 2 + .5, 0, 1)
def score(x):
    f, pr = gk.classify(x); q = gk.precision_recall(vf, f)
    return f"ffd={gk.frechet_distance(vf, f):.2f} p={q[0]:.2f} r={q[1]:.2f} acc={np.mean(pr.argmax(1) == np.arange(len(x)) % 500 % 10):.3f}"
def main():
    keras.utils.set_random_seed(p.seed); m = Flow()
    print(sys.argv[1:], m.net.count_params(), flush=True)
    sched = keras.optimizers.schedules.CosineDecay(p.lr / 20, p.steps - p.steps // 20, warmup_target=p.lr, warmup_steps=p.steps // 20, alpha=0.0)
    opt = keras.optimizers.AdamW(sched, weight_decay=p.wd) if p.opt == "adamw" else keras.optimizers.Adam(sched, beta_2=0.99)
    m.compile(optimizer=opt, steps_per_execution=p.spe, jit_compile=False)
    idx = tf.data.Dataset.range(len(X)).shuffle(len(X), seed=p.seed).repeat().batch(p.batch)
    ds = idx.map(lambda i: (tf.gather(X, i), tf.gather(Y, i))).prefetch(4)
    b = time.perf_counter(); m.fit(ds, epochs=1, steps_per_epoch=2 * p.spe, verbose=0, shuffle=False); print(f"first {time.perf_counter() - b:.0f} s", flush=True)
    done, total = 2 * p.spe, 0.0; chunk = (p.steps - done) // p.evals // p.spe * p.spe
    for e in range(p.evals):
        b = time.perf_counter(); h = m.fit(ds, epochs=1, steps_per_epoch=chunk, verbose=0, shuffle=False).history; dt = time.perf_counter() - b; total += dt; done += chunk
        print(f"step {done} t={total:.0f} img/s={chunk * p.batch / dt:.0f} loss={h['loss'][-1]:.4f}", flush=True)
    m.save_weights(f"/tmp/x/{sys.argv[1]}.weights.h5")
    for c in p.calls:
        for method in ("ddim", "heun") if p.target == "velocity" and p.path == "flow" else ("ddim",):
            b = time.perf_counter(); x = sample(m.avg, c, p.nscore, method); dt = time.perf_counter() - b
            print(f"{method} {c}: {score(x)} sampling {dt:.0f} s", flush=True)
    x = sample(m.net, p.calls[0], 1500); print("last weights", score(x))
    gk.plot_images(x[:40]).savefig(f"/tmp/x/{sys.argv[1]}.png", dpi=70)
if __name__ == "__main__": main()
