"""Experiment: progressive growing. usage: pg.py name key=value..."""
import sys, time, json, os
sys.path.insert(0, "/work/main")
import genkeras as gk, keras, numpy as np, tensorflow as tf
from keras import layers, ops
P = dict(filters=(64,64,32,16), dfilters=(16,32,64,64), z=32, batch=64, lr=2e-3, dlr=None, b1=0.0, b2=0.99, gamma=0.1, lazy=8,
         mom=0.995, images=(30000,30000,40000,40000), fade=(0,15000,20000,20000), start=0, seed=0, mbstd=1, pix=1, convs=1, loss="r1", spe=10, budget=0, evalsec=0, bn=0, up="near", down="str", gscale=1.0, eq=1)
for a in sys.argv[2:]:
    k, v = a.split("=", 1); P[k] = eval(v) if k not in ("loss","up","down") else v
class A: pass
p = A(); p.__dict__.update(P)
run = gk.setup(seed=p.seed)
os.environ.setdefault("TFDS_DATA_DIR", "/work/shared/tensorflow_datasets")
d = gk.load_images()
X = np.pad(d.x_train, ((0,0),(2,2),(2,2),(0,0))) * 2 - 1
vf, _ = gk.classify(d.x_valid[:3000])

class EqConv(layers.Conv2D):
    def __init__(self, f, k, gain=2**.5, **kw):
        kw.setdefault("kernel_initializer", keras.initializers.RandomNormal(stddev=1.0) if p.eq else "he_normal")
        super().__init__(f, k, padding="same", **kw); self.gain = gain
    def build(self, s):
        super().build(s); self.scale = self.gain / np.sqrt(np.prod(self.kernel.shape[:-1])) if p.eq else 1.0
    def call(self, x): return super().call(x * self.scale)
class EqDense(layers.Dense):
    def __init__(self, f, gain=2**.5, **kw):
        kw.setdefault("kernel_initializer", keras.initializers.RandomNormal(stddev=1.0) if p.eq else "he_normal")
        super().__init__(f, **kw); self.gain = gain
    def build(self, s):
        super().build(s); self.scale = self.gain / np.sqrt(s[-1]) if p.eq else 1.0
    def call(self, x): return super().call(x * self.scale)
class EqConvT(layers.Conv2DTranspose):
    def __init__(self, f, gain=2**.5, **kw):
        kw.setdefault("kernel_initializer", keras.initializers.RandomNormal(stddev=1.0) if p.eq else "he_normal")
        super().__init__(f, 4, strides=2, padding="same", **kw); self.gain = gain
    def build(self, s):
        super().build(s); self.scale = self.gain / np.sqrt(4 * s[-1]) if p.eq else 1.0
    def call(self, x): return super().call(x * self.scale)
class Pix(layers.Layer):
    def call(self, x):
        return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-8)
class MbStd(layers.Layer):
    def call(self, x):
        s = ops.mean(ops.sqrt(ops.var(x, axis=0) + 1e-8))
        return ops.concatenate([x, ops.zeros_like(x[..., :1]) + s], axis=-1)
class Fade(layers.Layer):
    def build(self, s): self.alpha = self.add_weight(shape=(), initializer="ones", trainable=False, name="alpha")
    def call(self, inputs): old, new = inputs; return old + self.alpha * (new - old)
class Blk(layers.Layer): pass
def act(): return layers.LeakyReLU(0.2)
def norm(): 
    if p.bn: return layers.BatchNormalization()
    return Pix() if p.pix else layers.Identity()
S = len(p.filters)
def gens(fade):
    blocks = []
    b = keras.Sequential([keras.Input((p.z,)), Pix(), EqDense(16*p.filters[0], gain=2**.5/1), layers.Reshape((4,4,p.filters[0])), act(), norm(), EqConv(p.filters[0],3), act(), norm()])
    blocks.append(b)
    for s in range(1, S):
        seq = [keras.Input((2**(s+1),)*2+(p.filters[s-1],))]
        if p.up == "near": seq += [layers.UpSampling2D(), EqConv(p.filters[s],3), act(), norm()]
        else: seq += [EqConvT(p.filters[s]), act(), norm()]
        for _ in range(p.convs-1): seq += [EqConv(p.filters[s],3), act(), norm()]
        blocks.append(keras.Sequential(seq))
    gray = [EqConv(1,1,gain=1.0) for _ in range(S)]
    models = []
    for s in range(S):
        z = keras.Input((p.z,)); x = z
        for b in blocks[:s]: x = b(x)
        y = gray[s](blocks[s](x))
        if s: y = fade([layers.UpSampling2D()(gray[s-1](x)), y])
        models.append(keras.Model(z, y))
    return models
def discs(fade):
    f = p.dfilters[::-1]  # f[s] at stage s: channels at resolution s
    blocks = []
    for s in range(S):
        r = 2**(s+2)
        seq = [keras.Input((r,r,f[s]))]
        if s == 0:
            if p.mbstd: seq += [MbStd()]
            seq += [EqConv(f[0],3), act(), layers.Flatten(), EqDense(f[0]), act(), EqDense(1, gain=1.0)]
        else:
            for _ in range(p.convs-1): seq += [EqConv(f[s],3), act()]
            if p.down == "pool": seq += [EqConv(f[s-1],3), act(), layers.AveragePooling2D(2)]
            else: seq += [EqConv(f[s-1],4,strides=2), act()]
        blocks.append(keras.Sequential(seq))
    gray = [keras.Sequential([keras.Input((2**(s+2),)*2+(1,)), EqConv(f[s],1), act()]) for s in range(S)]
    models = []
    for s in range(S):
        i = keras.Input((2**(s+2),)*2+(1,))
        x = blocks[s](gray[s](i)) if s or True else None
        if s:
            x = fade([gray[s-1](layers.AveragePooling2D(2)(i)), x])
            for b in blocks[:s][::-1]: x = b(x)
        models.append(keras.Model(i, x))
    return models
class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.fade = Fade(); self.fade.build(None)
        self.gs, self.ds, self.avgs = gens(self.fade), discs(self.fade), gens(self.fade)
        for a, g in zip(self.avgs, self.gs): a.set_weights(g.get_weights())
        self.step = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)
        self.fade_steps = self.add_weight(shape=(), initializer="ones", trainable=False)
        self.seed = keras.random.SeedGenerator(p.seed)
        self.dm = keras.metrics.Mean(name="d"); self.gm = keras.metrics.Mean(name="g"); self.rm = keras.metrics.Mean(name="real"); self.pm=keras.metrics.Mean(name="pen")
        self.built = True
    def stage(self, s, fade_steps):
        self.g, self.d, self.a = self.gs[s], self.ds[s], self.avgs[s]
        self.step.assign(0); self.fade_steps.assign(max(1, fade_steps)); self.faded = s > 0
        self.fade.alpha.assign(0.0 if s > 0 and fade_steps else 1.0)
        self.has_fade = s > 0 and fade_steps > 0
        self.go = keras.optimizers.Adam(p.lr, beta_1=p.b1, beta_2=p.b2)
        self.do = keras.optimizers.Adam(p.dlr or p.lr, beta_1=p.b1, beta_2=p.b2)
        self.go.build(self.g.trainable_variables); self.do.build(self.d.trainable_variables)
        super().compile(optimizer=self.go, steps_per_execution=p.spe, jit_compile=False)
    def train_step(self, real):
        if self.has_fade:
            self.fade.alpha.assign(ops.minimum(ops.cast(self.step, "float32") / self.fade_steps, 1.0))
            small = ops.average_pool(real, 2, 2)
            real = self.fade([ops.repeat(ops.repeat(small, 2, 1), 2, 2), real])
        n = ops.shape(real)[0]
        fakes = self.g(keras.random.normal((n, p.z), seed=self.seed), training=True)
        z = keras.random.normal((n, p.z), seed=self.seed)
        def dl():
            rl, fl = self.d(real, training=True), self.d(fakes, training=True)
            loss = ops.mean(ops.softplus(-rl) + ops.softplus(fl))
            def pen():
                with tf.GradientTape() as t:
                    t.watch(real); out = ops.sum(self.d(real, training=True))
                gr = t.gradient(out, real)
                return p.gamma / 2 * p.lazy * ops.mean(ops.sum(ops.square(gr), (1,2,3)))
            if p.gamma:
                pv = ops.cond(ops.equal(self.step % p.lazy, 0), pen, lambda: ops.convert_to_tensor(0.0))
                self.pm.update_state(pv); loss = loss + pv
            return loss
        def gl():
            return ops.mean(ops.softplus(-self.d(self.g(z, training=True), training=True)))
        dv = gk.minimize(self.do, dl, self.d.trainable_variables)
        gv = gk.minimize(self.go, gl, self.g.trainable_variables)
        for m, w in zip(self.a.weights, self.g.weights): m.assign(p.mom * m + (1-p.mom) * w)
        self.step.assign_add(1)
        self.dm.update_state(dv); self.gm.update_state(gv)
        return {"d": self.dm.result(), "g": self.gm.result(), "pen": self.pm.result()}
def at(s, x):
    for _ in range(S-1-s): x = (x[:, ::2, ::2]+x[:, 1::2, ::2]+x[:, ::2, 1::2]+x[:, 1::2, 1::2])/4
    return x
Z = np.random.default_rng(1).standard_normal((3000, p.z)).astype("float32")
def score(m, s):
    y = np.concatenate([np.asarray(m(Z[i:i+500])) for i in range(0, 3000, 500)])
    for _ in range(S-1-s): y = y.repeat(2, 1).repeat(2, 2)
    y = np.clip(y/2+.5, 0, 1)[:, 2:-2, 2:-2]
    f, _ = gk.classify(y); pr = gk.precision_recall(vf, f)
    return gk.frechet_distance(vf, f), *pr, y
gan = GAN(); total = 0.0
print(sys.argv[1], {k: P[k] for k in P}, [g.count_params() for g in gan.gs][-1], [g.count_params() for g in gan.ds][-1], flush=True)
keras.utils.set_random_seed(p.seed)
for s in range(p.start, S):
    xs = at(s, X)
    if s > p.start:
        gan.fade.alpha.assign(0.0)
    gan.stage(s, (p.fade[s] // p.batch) if s > p.start else 0)
    left, chunk, n = p.images[s], 12800, 0
    rng = np.random.default_rng(s)
    while left > 0:
        take = min(left, chunk); idx = rng.choice(len(xs), take, replace=False)
        b = time.perf_counter(); h = gan.fit(xs[idx][: take//p.batch*p.batch], batch_size=p.batch, epochs=1, verbose=0).history
        dt = time.perf_counter() - b; total += dt; left -= take; n += take
        if left <= 0 or s == S-1:
            f = score(gan.a, s)
            print(f"s{s} n={n} t={total:.0f} img/s={take/dt:.0f} alpha={float(gan.fade.alpha):.2f} ffd={f[0]:.1f} p={f[1]:.2f} r={f[2]:.2f}", {k: round(float(v[0]),3) for k,v in h.items()}, flush=True)
        if p.budget and total > p.budget: break
fg = gk.plot_images(f[3][:40]); fg.savefig(f"/tmp/x/{sys.argv[1]}.png", dpi=60)
