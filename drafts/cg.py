"""CycleGAN experiments. usage: cg.py name key=value"""
import sys, time, os
sys.path.insert(0, "/work/main")
os.environ.setdefault("TFDS_DATA_DIR", "/work/shared/tensorflow_datasets")
import genkeras as gk, keras, numpy as np, tensorflow as tf
from keras import layers, ops
P = dict(task="tp", f=32, blocks=3, df=(32, 64), batch=16, lr=1e-3, dr=0.5, b1=0.5, cyc=10.0, idt=5.0, pool=50, budget=120, seed=0, spe=10, evals=4, decay=1, steps=0, mb=0, pack=1, init=0.02, norm="in", dnoise=0.0)
for a in sys.argv[2:]:
    k, v = a.split("=", 1); P[k] = v if k in ("task", "norm") else eval(v)
class A: pass
p = A(); p.__dict__.update(P)
run = gk.setup(seed=p.seed)
d = gk.load_images()
def outline(x):  # [0,1]
    e = np.pad(x, ((0,0),(1,1),(1,1),(0,0)))
    gx = e[:, 1:-1, 2:] - e[:, 1:-1, :-2]; gy = e[:, 2:, 1:-1] - e[:, :-2, 1:-1]
    return np.clip(np.sqrt(gx**2 + gy**2), 0, 1).astype("float32")
if p.task == "tp":
    xa, xb = d.x_train[d.y_train == 0], d.x_train[d.y_train == 2]
    va, vb = d.x_valid[d.y_valid == 0], d.x_valid[d.y_valid == 2]
else:
    h = len(d.x_train) // 2
    xa, xb = outline(d.x_train[:h]), d.x_train[h:]
    va, vb = outline(d.x_valid[:1000]), d.x_valid[:1000]
xa, xb, va, vb = [2 * x - 1 for x in (xa, xb, va, vb)]
print(len(xa), len(xb), len(va), len(vb))
w = lambda: keras.initializers.RandomNormal(stddev=p.init) if p.init else "he_normal"
def inorm():
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)
def gen():
    i = keras.Input((28, 28, 1)); f = p.f
    x = layers.Conv2D(f, 4, strides=2, padding="same", kernel_initializer=w())(i); x = inorm()(x); x = layers.ReLU()(x)
    for _ in range(p.blocks):
        y = layers.Conv2D(f, 3, padding="same", kernel_initializer=w())(x); y = inorm()(y); y = layers.ReLU()(y)
        y = layers.Conv2D(f, 3, padding="same", kernel_initializer=w())(y); y = inorm()(y); x = layers.Add()([x, y])
    x = layers.Conv2DTranspose(f // 2, 4, strides=2, padding="same", kernel_initializer=w())(x); x = layers.ReLU()(x)
    x = layers.Concatenate()([x, i])
    x = layers.Conv2D(1, 3, padding="same", activation="tanh", kernel_initializer=w())(x)
    return keras.Model(i, x)
def disc():
    m = keras.Sequential([keras.Input((28, 28, 1))])
    if p.dnoise: m.add(layers.GaussianNoise(p.dnoise))
    for j, n in enumerate(p.df):
        m.add(layers.Conv2D(n, 4, strides=2, padding="same", kernel_initializer=w()))
        if j: m.add(inorm())
        m.add(layers.LeakyReLU(0.2))
    if p.mb: m.add(gk.MinibatchStandardDeviation())
    m.add(layers.Conv2D(1, 3, padding="same", kernel_initializer=w())); return m
class Cycle(keras.Model):
    def __init__(self):
        super().__init__()
        self.g, self.f, self.da, self.db = gen(), gen(), disc(), disc()
        self.seed = keras.random.SeedGenerator(p.seed)
        self.pa = self.add_weight(shape=(max(p.pool, 1), 28, 28, 1), initializer="zeros", trainable=False)
        self.pb = self.add_weight(shape=(max(p.pool, 1), 28, 28, 1), initializer="zeros", trainable=False)
        self.ms = {k: keras.metrics.Mean(name=k) for k in ("d", "adv", "cyc")}
        self.built = True
    def compile(self, steps):
        def adam(r):
            s = keras.optimizers.schedules.PolynomialDecay(r, steps // 2, 0.0) if p.decay else r
            if p.decay:
                class Half(keras.optimizers.schedules.LearningRateSchedule):
                    def __call__(s_, step): return r * ops.minimum(1.0, 2.0 * (1 - ops.cast(step, "float32") / steps) + 1e-3)
                s = Half()
            return keras.optimizers.Adam(s, beta_1=p.b1)
        self.go, self.do = adam(p.lr), adam(p.lr * p.dr)
        self.gv = self.g.trainable_variables + self.f.trainable_variables
        self.dv = self.da.trainable_variables + self.db.trainable_variables
        self.go.build(self.gv); self.do.build(self.dv)
        super().compile(optimizer=self.go, steps_per_execution=p.spe, jit_compile=False)
    def pooled(self, pool, fake):
        if not p.pool: return fake
        n = ops.shape(fake)[0]
        i = keras.random.randint((n,), 0, p.pool, seed=self.seed)
        filled = ops.cast(self.go.iterations * p.batch > p.pool, "float32")
        old = ops.take(pool, i, axis=0)
        use = ops.cast(keras.random.uniform((n, 1, 1, 1), seed=self.seed) < 0.5, "float32") * filled
        use0 = 1 - (1 - use) * filled  # write always until filled, else where used
        pool.assign(ops.scatter_update(pool, i[:, None], use0 * fake + (1 - use0) * old))
        return use * old + (1 - use) * fake
    def train_step(self, data):
        a, b = data; n = ops.shape(a)[0]
        out = {}
        def gl():
            ba, bb = self.g(ops.concatenate([a, b]), training=True), self.f(ops.concatenate([b, a]), training=True)
            fb, ib = ops.split(ba, 2); fa, ia = ops.split(bb, 2)
            ra, rb = self.f(fb, training=True), self.g(fa, training=True)
            out["fa"], out["fb"] = fa, fb
            adv = ops.mean(ops.square(self.db(fb, training=True) - 1)) + ops.mean(ops.square(self.da(fa, training=True) - 1))
            cyc = ops.mean(ops.abs(ra - a)) + ops.mean(ops.abs(rb - b))
            idt = ops.mean(ops.abs(ib - b)) + ops.mean(ops.abs(ia - a))
            out["adv"], out["cyc"] = adv, cyc
            return adv + p.cyc * cyc + p.idt * idt
        gk.minimize(self.go, gl, self.gv)
        fa, fb = self.pooled(self.pa, tf.stop_gradient(out["fa"])), self.pooled(self.pb, tf.stop_gradient(out["fb"]))
        def dl():
            l = 0
            for dd, r, f in ((self.da, a, fa), (self.db, b, fb)):
                l += ops.mean(ops.square(dd(r, training=True) - 1)) / 2 + ops.mean(ops.square(dd(f, training=True))) / 2
            return l
        self.ms["d"].update_state(gk.minimize(self.do, dl, self.dv)); self.ms["adv"].update_state(out["adv"]); self.ms["cyc"].update_state(out["cyc"])
        return {k: m.result() for k, m in self.ms.items()}
def im(x): return np.clip(np.asarray(x) / 2 + 0.5, 0, 1)
def cls(x): return gk.classify(x)[1].argmax(1)
def report(c, t, rate, h):
    fb, fa = im(c.g(va)), im(c.f(vb))
    ra, rb = im(c.f(2 * fb - 1)), im(c.g(2 * fa - 1))
    A, B = im(va), im(vb)
    cyc = np.abs(ra - A).mean(), np.abs(rb - B).mean()
    s = f"t={t:.0f} pairs/s={rate:.0f} cyc={cyc[0]:.4f},{cyc[1]:.4f} "
    if p.task == "tp":
        s += f"to={np.mean(cls(fb) == 2):.3f},{np.mean(cls(fa) == 0):.3f} kept={np.abs(fb - A).mean():.4f},{np.abs(fa - B).mean():.4f}"
    else:
        ta, tb = outline(B), B
        s += f"truth a2b={np.abs(fb - tb).mean():.4f} b2a={np.abs(fa - A).mean():.4f}"
    print(s, {k: round(float(v[-1]), 3) for k, v in h.items()}, flush=True)
    return A, fb, ra, B, fa, rb
keras.utils.set_random_seed(p.seed); c = Cycle()
print(sys.argv[1:], c.g.count_params(), c.da.count_params(), flush=True)
ds = [tf.data.Dataset.from_tensor_slices(x).shuffle(len(x), seed=p.seed).repeat().batch(p.batch) for x in (xa, xb)]
data = tf.data.Dataset.zip(tuple(ds)).prefetch(4)
steps = p.steps or 2000
c.compile(steps)
total = 0.0; done = 0
h = c.fit(data.take(4 * p.spe), epochs=1, verbose=0); done += 4 * p.spe
k = max(steps // p.evals, 1)
k -= k % p.spe
while done < steps:
    n = min(k, steps - done); n -= n % p.spe
    if n <= 0: break
    b = time.perf_counter(); h = c.fit(data, epochs=1, steps_per_epoch=n, verbose=0, shuffle=False); dt = time.perf_counter() - b
    total += dt; done += n
    out = report(c, total, n * p.batch / dt, h.history)
gk.plot_rows({n: x[:12] for n, x in zip(["A", "A to B", "back", "B", "B to A", "back "], out)}).savefig(f"/tmp/x/{sys.argv[1]}.png", dpi=70)
