"""StyleGAN experiments 2: demod, either D."""
import sys, time, os
sys.path.insert(0, "/work/main")
os.environ.setdefault("TFDS_DATA_DIR", "/work/shared/tensorflow_datasets")
import genkeras as gk, keras, numpy as np, tensorflow as tf
from keras import layers, ops
P = dict(filters=(64,64,32,16), dfilters=(32,64,128), z=32, w=32, depth=2, batch=64, glr=2e-3, dlr=2e-3, mlr=1.0, b1=0.5, b2=0.99, gamma=0.1, every=16, mom=0.995, mix=0.1, budget=115, seed=0, spe=10, noise=1, norm="demod", d="bn", eq=0, up="near", bias=1, evals=3, out="lin", tau=0, mb=0, og=2**.5, shift=0, lin=0, wsty=1.0, rgb=0, skip=0, images=64000, pre=0)
for a in sys.argv[2:]:
    k, v = a.split("=", 1); P[k] = v if k in ("norm","d","up","out") else eval(v)
class A: pass
p = A(); p.__dict__.update(P)
run = gk.setup(seed=p.seed)
d = gk.load_images()
X = 2 * np.pad(d.x_train, ((0,0),(2,2),(2,2),(0,0))) - 1
vf, _ = gk.classify(d.x_valid[:3000])
RES = [4, 8, 16, 32]; L = 5
class Noise(layers.Layer):
    def build(self, shapes): self.strength = self.add_weight(shape=(shapes[0][-1],), initializer="zeros", name="strength")
    def call(self, inputs): x, noise = inputs; return x + ops.cast(self.strength, x.dtype) * noise
def dense(n, gain=2**.5): return gk.EqualizedDense(n, gain=gain) if p.eq else layers.Dense(n, kernel_initializer=keras.initializers.VarianceScaling(gain**2))
class ModConv(layers.Layer):
    def __init__(self, n, up=False, k=3, dem=True, og=None): super().__init__(); self.n, self.up, self.k, self.dem, self.og = n, up, k, dem, p.og if og is None else og
    def build(self, shapes):
        c = shapes[0][-1]
        self.style = dense(c, p.wsty); self.style.build(shapes[1])
        if p.shift: self.sh = dense(self.n, p.wsty); self.sh.build(shapes[1])
        k = 4 if self.up and p.up == "tr" else self.k
        self.kshape = (k, k, self.n, c) if k == 4 else (k, k, c, self.n)
        self.kernel = self.add_weight(shape=self.kshape, initializer=keras.initializers.RandomNormal(stddev=1.0 if p.eq else (2/(9*c))**.5), name="kernel")
        self.bias = self.add_weight(shape=(self.n,), initializer="zeros", name="bias")
    def call(self, inputs):
        x, w = inputs
        s = 1 + self.style(w)
        x = x * s[:, None, None]
        if p.up == "tr" and self.up:
            x = ops.conv_transpose(x, self.kernel, strides=2, padding="same")
            sq = ops.transpose(ops.sum(ops.square(self.kernel), axis=(0, 1))) / 4
        else:
            if self.up and p.up == "bil": x = tf.image.resize(x, [2 * x.shape[1], 2 * x.shape[2]])
            elif self.up: x = ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)
            x = ops.conv(x, self.kernel, padding="same")
            sq = ops.sum(ops.square(self.kernel), axis=(0, 1))
        if not self.dem: return x / (self.k**2 * self.kernel.shape[2]) ** 0.5 + self.bias
        dem = ops.rsqrt(ops.matmul(ops.square(s), sq) + 1e-8)
        x = x * (dem * self.og)[:, None, None] + self.bias
        return x + self.sh(w)[:, None, None] if p.shift else x
class Style(layers.Layer):
    def build(self, shapes):
        c = shapes[0][-1]; self.style = dense(2 * c, p.wsty); self.style.build(shapes[1])
    def call(self, inputs):
        x, w = inputs; sc, sh = ops.split(self.style(w)[:, None, None], 2, axis=-1)
        if p.norm == "pix": x = x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-8)
        elif p.norm == "ada": x = (x - ops.mean(x, axis=(1, 2), keepdims=True)) * ops.rsqrt(ops.var(x, axis=(1, 2), keepdims=True) + 1e-8)
        elif p.norm == "layer": x = x * ops.rsqrt(ops.mean(ops.square(x), axis=(1, 2, 3), keepdims=True) + 1e-8)
        return x * (1 + sc) + sh
class Const(layers.Layer):
    def __init__(self, shape, **kw):
        super().__init__(**kw); self.value = self.add_weight(shape=shape, initializer="random_normal" if p.norm=="demod" else "ones", name="constant")
        self.value.assign(keras.random.normal(shape, seed=p.seed))
    def call(self, ws): return ops.broadcast_to(self.value, (ops.shape(ws)[0], *self.value.shape))
def mapping():
    m = keras.Sequential([keras.Input((p.z,)), gk.PixelNormalization()])
    for _ in range(p.depth):
        if p.mlr != 1: m.add(gk.EqualizedDense(p.w, gain=(1 if p.lin else 2**.5) * p.mlr, kernel_initializer=keras.initializers.RandomNormal(stddev=1 / p.mlr)))
        else: m.add(dense(p.w, 1 if p.lin else 2**.5))
        if not p.lin: m.add(layers.LeakyReLU(0.2))
    return m
class ToRGB(layers.Layer):
    pass
def synthesis():
    ws = keras.Input((L, p.w)); noises = [keras.Input((r, r, 1)) for r in [4, *RES]]
    x = Const((4, 4, p.filters[0]))(ws)
    for l, (r, n) in enumerate(zip([4, *RES], [p.filters[0], *p.filters])):
        if p.pre: x = gk.PixelNormalization()(x)
        if p.norm == "demod": x = ModConv(n, up=r > 4)([x, ws[:, l]])
        else:
            if r > 4: x = layers.UpSampling2D(interpolation="bilinear" if p.up == "bil" else "nearest")(x)
            x = gk.EqualizedConv2D(n, 3)(x)
        if p.noise: x = Noise()([x, noises[l]])
        x = layers.LeakyReLU(0.2)(x)
        if p.norm != "demod": x = Style()([x, ws[:, l]])
        if p.skip and l:
            y = ModConv(1, k=1, dem=False)([x, ws[:, l]])
            image = y if l == 1 else layers.Add()([layers.UpSampling2D(interpolation="bilinear")(image), y])
    if p.pre: x = gk.PixelNormalization()(x)
    if p.skip: x = image
    elif p.rgb: x = ModConv(1, k=1, dem=False)([x, ws[:, L - 1]])
    else: x = gk.EqualizedConv2D(1, 1, gain=1.0)(x) if p.eq else layers.Conv2D(1, 3, padding="same")(x)
    if p.out == "tanh": x = ops.tanh(x)
    return keras.Model([ws, *noises], x)
def disc():
    if p.d == "bn":
        m = keras.Sequential([keras.Input((32, 32, 1))])
        for i, n in enumerate(p.dfilters):
            m.add(layers.Conv2D(n, 4, strides=2, padding="same"))
            if i: m.add(layers.BatchNormalization())
            m.add(layers.LeakyReLU(0.2))
        if p.mb: m.add(gk.MinibatchStandardDeviation())
        m.add(layers.Flatten()); m.add(layers.Dense(1)); return m
    f = p.filters[::-1]
    m = keras.Sequential([keras.Input((32,32,1)), gk.EqualizedConv2D(f[0],1), layers.LeakyReLU(.2)])
    for n in f[1:]: m.add(gk.EqualizedConv2D(n,4,strides=2)); m.add(layers.LeakyReLU(.2))
    m.add(gk.MinibatchStandardDeviation())
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
        self.go = keras.optimizers.Adam(p.glr, beta_1=p.b1, beta_2=p.b2); self.do = keras.optimizers.Adam(p.dlr, beta_1=p.b1, beta_2=p.b2)
        self.gv = self.m.trainable_variables + self.s.trainable_variables
        self.go.build(self.gv); self.do.build(self.d.trainable_variables)
        super().compile(optimizer=self.go, steps_per_execution=p.spe, jit_compile=False)
    def draw(self, n):
        z = keras.random.normal((2, n, p.z), seed=self.seed)
        w1 = self.m(z[0])
        if p.mix == 0: ws = ops.repeat(w1[:, None], L, axis=1)
        else:
            w2 = self.m(z[1])
            cross = keras.random.uniform((n, 1), 1, L, seed=self.seed); off = keras.random.uniform((n, 1), seed=self.seed) > p.mix
            use1 = ops.logical_or(off, ops.cast(ops.arange(L), "float32")[None] < ops.floor(cross))
            ws = ops.where(use1[..., None], w1[:, None], w2[:, None])
        return self.s([ws, *noises(n, self.seed)], training=True)
    def train_step(self, real):
        n = ops.shape(real)[0]; fakes = self.draw(n)
        def dl():
            loss = ops.mean(ops.softplus(-self.d(real, training=True)) + ops.softplus(self.d(fakes, training=True)))
            if p.d == "bn" and not p.gamma: return loss
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
def main():
    keras.utils.set_random_seed(p.seed); gan = GAN(); gan.compile(); total = 0
    print(sys.argv[1], sys.argv[2:], gan.m.count_params() + gan.s.count_params(), gan.d.count_params(), flush=True)
    rng = np.random.default_rng(0); seen = 0
    x = X[rng.choice(len(X), 64 * p.spe * 2, replace=False)]; gan.fit(x, batch_size=p.batch, verbose=0)
    chunk = p.images // p.evals // (p.batch * p.spe) * (p.batch * p.spe)
    ds = tf.data.Dataset.range(len(X)).shuffle(len(X), seed=0).repeat().batch(p.batch).map(lambda i: tf.gather(X, i)).prefetch(4)
    for _ in range(p.evals):
        b = time.perf_counter(); h = gan.fit(ds, steps_per_epoch=chunk // p.batch, verbose=0, shuffle=False).history; dt = time.perf_counter() - b; total += dt; seen += chunk
        y = images(gan); f, _ = gk.classify(y); pr = gk.precision_recall(vf, f)
        print(f"images={seen} t={total:.0f} img/s={chunk/dt:.0f} ffd={gk.frechet_distance(vf, f):.1f} p={pr[0]:.2f} r={pr[1]:.2f}", {k: round(float(v[0]), 3) for k, v in h.items()}, flush=True)
    gk.plot_images(y[:40]).savefig(f"/tmp/x/{sys.argv[1]}.png", dpi=60)
    gan.save_weights(f"/tmp/x/{sys.argv[1]}.weights.h5")
if __name__ == "__main__": main()
