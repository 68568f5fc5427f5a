"""Experiment: StyleGAN with AdaIN at 32x32. usage: sg.py name key=value..."""
import sys, time, os
sys.path.insert(0, "/work/main")
import genkeras as gk, keras, numpy as np, tensorflow as tf
from keras import layers, ops
P = dict(filters=(64,64,32,16), z=32, w=32, depth=2, batch=64, lr=2e-2, mlr=1.0, gamma=0.1, every=8, mom=0.99, mix=0.5, budget=240, seed=0, spe=10, noise=1, norm="ada", mb=1)
for a in sys.argv[2:]:
    k, v = a.split("=", 1); P[k] = v if k in ("norm",) else eval(v)
class A: pass
p = A(); p.__dict__.update(P)
run = gk.setup(seed=p.seed)
os.environ.setdefault("TFDS_DATA_DIR", "/work/shared/tensorflow_datasets")
d = gk.load_images()
X = 2 * np.pad(d.x_train, ((0,0),(2,2),(2,2),(0,0))) - 1
vf, _ = gk.classify(d.x_valid[:3000])
RES = [4, 8, 16, 32]
class Noise(layers.Layer):
    def build(self, shapes): self.strength = self.add_weight(shape=(shapes[0][-1],), initializer="zeros", name="strength")
    def call(self, inputs): x, noise = inputs; return x + ops.cast(self.strength, x.dtype) * noise
class AdaIN(layers.Layer):
    def build(self, shapes):
        self.style = gk.EqualizedDense(2 * shapes[0][-1], gain=1.0, dtype="float32"); self.style.build(shapes[1])
    def call(self, inputs):
        x, w = inputs; x32 = ops.cast(x, "float32")
        if p.norm == "ada":
            m = ops.mean(x32, axis=(1,2), keepdims=True); v = ops.var(x32, axis=(1,2), keepdims=True)
            x32 = (x32 - m) * ops.rsqrt(v + 1e-8)
        else:
            x32 = x32 * ops.rsqrt(ops.mean(ops.square(x32), axis=-1, keepdims=True) + 1e-8)
        sc, sh = ops.split(self.style(w), 2, axis=-1)
        return ops.cast(x32 * (1 + sc[:, None, None]) + sh[:, None, None], x.dtype)
class Const(layers.Layer):
    def __init__(self, shape, **kw):
        super().__init__(**kw); self.value = self.add_weight(shape=shape, initializer="ones", name="constant")
    def call(self, ws): return ops.broadcast_to(ops.cast(self.value, self.compute_dtype), (ops.shape(ws)[0], *self.value.shape))
def mapping():
    m = keras.Sequential([keras.Input((p.z,)), gk.PixelNormalization()])
    for _ in range(p.depth): m.add(gk.EqualizedDense(p.w)); m.add(layers.LeakyReLU(0.2))
    return m
L = 5
def synthesis():
    ws = keras.Input((L, p.w)); noises = [keras.Input((r, r, 1)) for r in [4, *RES]]
    x = Const((4, 4, p.filters[0]))(ws); l = 0
    x = Noise()([x, noises[0]]); x = layers.LeakyReLU(0.2)(x); x = AdaIN()([x, ws[:, 0]])
    for r, n, ns in zip(RES, p.filters, noises[1:]):
        l += 1
        if r > 4: x = layers.UpSampling2D()(x)
        x = gk.EqualizedConv2D(n, 3)(x); x = Noise()([x, ns]); x = layers.LeakyReLU(0.2)(x); x = AdaIN()([x, ws[:, l]])
    return keras.Model([ws, *noises], gk.EqualizedConv2D(1, 1, gain=1.0, dtype="float32")(x))
def disc():
    f = p.filters[::-1]
    m = keras.Sequential([keras.Input((32,32,1)), gk.EqualizedConv2D(f[0],1), layers.LeakyReLU(.2)])
    for n in f[1:]: m.add(gk.EqualizedConv2D(n,4,strides=2)); m.add(layers.LeakyReLU(.2))
    if p.mb: m.add(gk.MinibatchStandardDeviation())
    m.add(gk.EqualizedConv2D(f[-1],3)); m.add(layers.LeakyReLU(.2)); m.add(layers.Flatten()); m.add(gk.EqualizedDense(f[-1])); m.add(layers.LeakyReLU(.2)); m.add(gk.EqualizedDense(1,gain=1.0))
    return m
def noises(n, seed):
    return [p.noise * keras.random.normal((n, r, r, 1), seed=seed) for r in [4, *RES]]
class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.m, self.s, self.d, self.am, self.as_ = mapping(), synthesis(), disc(), mapping(), synthesis()
        self.am.set_weights(self.m.get_weights()); self.as_.set_weights(self.s.get_weights())
        self.seed = keras.random.SeedGenerator(p.seed); self.dm = keras.metrics.Mean(name="d"); self.gm = keras.metrics.Mean(name="g"); self.built = True
    def compile(self):
        self.go = keras.optimizers.Adam(p.lr, beta_1=0.0, beta_2=0.99); self.do = keras.optimizers.Adam(p.lr, beta_1=0.0, beta_2=0.99)
        self.gv = self.m.trainable_variables + self.s.trainable_variables
        self.go.build(self.gv); self.do.build(self.d.trainable_variables)
        super().compile(optimizer=self.go, steps_per_execution=p.spe, jit_compile=False)
    def draw(self, n):
        z = keras.random.normal((2, n, p.z), seed=self.seed)
        w1, w2 = self.m(z[0]), self.m(z[1])
        cross = keras.random.uniform((n, 1), 1, L, seed=self.seed); off = keras.random.uniform((n, 1), seed=self.seed) > p.mix
        use1 = ops.logical_or(off, ops.cast(ops.arange(L), "float32")[None] < ops.floor(cross))
        ws = ops.where(use1[..., None], w1[:, None], w2[:, None])
        return self.s([ws, *noises(n, self.seed)], training=True)
    def train_step(self, real):
        n = ops.shape(real)[0]; fakes = self.draw(n)
        def dl():
            loss = ops.mean(ops.softplus(-self.d(real, training=True)) + ops.softplus(self.d(fakes, training=True)))
            def pen():
                with tf.GradientTape() as t:
                    t.watch(real); out = ops.sum(self.d(real, training=True))
                return p.gamma / 2 * p.every * ops.mean(ops.sum(ops.square(t.gradient(out, real)), (1,2,3)))
            return loss + ops.cond(ops.equal(self.go.iterations % p.every, 0), pen, lambda: ops.zeros(()))
        def gl(): return ops.mean(ops.softplus(-self.d(self.draw(n), training=True)))
        dv = gk.minimize(self.do, dl, self.d.trainable_variables); gv = gk.minimize(self.go, gl, self.gv)
        for a, b in ((self.am, self.m), (self.as_, self.s)):
            for x, y in zip(a.weights, b.weights): x.assign(p.mom * x + (1 - p.mom) * y)
        self.dm.update_state(dv); self.gm.update_state(gv); return {"d": self.dm.result(), "g": self.gm.result()}
Z = np.random.default_rng(1).standard_normal((3000, p.z)).astype("float32")
def images(gan):
    out = []
    for i in range(0, 3000, 500):
        w = gan.am(Z[i:i+500]); ws = ops.repeat(w[:, None], L, axis=1)
        out.append(np.asarray(gan.as_([ws, *noises(500, 7)])))
    return np.clip(np.concatenate(out) / 2 + .5, 0, 1)[:, 2:-2, 2:-2]
keras.utils.set_random_seed(p.seed); gan = GAN(); gan.compile(); total = 0
print(sys.argv[1], P, gan.m.count_params() + gan.s.count_params(), gan.d.count_params(), flush=True)
rng = np.random.default_rng(0)
while total < p.budget:
    x = X[rng.choice(len(X), 12800, replace=False)]; b = time.perf_counter()
    h = gan.fit(x, batch_size=p.batch, epochs=1, verbose=0).history; dt = time.perf_counter() - b; total += dt
    y = images(gan); f, _ = gk.classify(y); pr = gk.precision_recall(vf, f)
    print(f"t={total:.0f} img/s={12800/dt:.0f} ffd={gk.frechet_distance(vf, f):.1f} p={pr[0]:.2f} r={pr[1]:.2f}", {k: round(float(v[0]), 3) for k, v in h.items()}, flush=True)
gk.plot_images(y[:40]).savefig(f"/tmp/x/{sys.argv[1]}.png", dpi=60)
gan.save_weights(f"/tmp/x/{sys.argv[1]}.weights.h5")
