"""e15.py name key=value: the chapter's code with changes"""
import sys, time, os, re
sys.path.insert(0, "/work/main"); os.environ.setdefault("TFDS_DATA_DIR", "/work/shared/tensorflow_datasets")
import matplotlib; matplotlib.use("Agg")
P = dict(norm="gn1", steps=1200, batch=64, lr=2e-3, mom=0.99, target="velocity", policy="float32", n=3000, b2=0.999, filters=(32, 64), blocks=2, file="/tmp/x/c15.py", samplers="heun10", flip=0)
for a in sys.argv[2:]:
    k, v = a.split("=", 1); P[k] = v if isinstance(P[k], str) else eval(v)
src = open(P["file"]).read()
import ast
tree = ast.parse(src)
keep = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom))]
exec(compile(ast.Module(keep, []), P["file"], "exec"))
run = gk.setup(seed=P.get("seed", 0)); NO_CLASS = N_CLASSES = 10
if P["norm"] == "gn1":
    assert src.count("layers.GroupNormalization(8)(x)") in (2, 3)
elif P["norm"] == "none":
    layers.GroupNormalization = lambda n: layers.Activation("linear")
d = gk.load_images(); x_train = (2 * d.x_train - 1).astype("float32"); y_train = d.y_train.astype("int32")
keras.config.set_dtype_policy(P["policy"])
net = build_unet(P["filters"], P["blocks"])
net.compile(optimizer=keras.optimizers.Adam(gk.warmup_cosine(P["lr"], P["steps"]), beta_2=P["b2"], use_ema=True, ema_momentum=P["mom"]), loss="mse", steps_per_execution=10, jit_compile=False)
data = noisy_batches(x_train, y_train, P["batch"], P["target"])
b = time.perf_counter(); h = net.fit(data, steps_per_epoch=P["steps"] // 4, epochs=4, shuffle=False, verbose=0).history; s = time.perf_counter() - b
print(sys.argv[1:], net.count_params(), f"{s:.0f} s, {P['steps'] * P['batch'] / s:.0f} img/s, loss {h['loss'][-1]:.4f}", flush=True)
vf, _ = gk.classify(d.x_valid[:P["n"]])
labels = (np.arange(P["n"]) % 10).astype("int32")
for s in P["samplers"].split():
    kind, k = re.match(r"([a-z]+)(\d+)", s).groups()
    b = time.perf_counter(); xs = []
    for i in range(0, P["n"], 500): xs.append({"heun": heun, "euler": euler, "ddim": ddim, "ddpm": lambda *a, **q: ddim(*a, fresh_noise=1.0, **q)}[kind](net, labels[i:i+500], int(k), seed=i))
    x = to_pixels(np.concatenate(xs)).astype("float32"); t = time.perf_counter() - b
    f, pr = gk.classify(x); q = gk.precision_recall(vf, f)
    print(f"{s}: ffd {gk.frechet_distance(vf, f):.2f} p {q[0]:.2f} r {q[1]:.2f} acc {np.mean(pr.argmax(1) == labels):.3f} {t:.0f} s", flush=True)
    gk.plot_images(x[:40]).savefig(f"/tmp/x/{sys.argv[1]}_{s}.png", dpi=70)
net.save_weights(f"/tmp/x/{sys.argv[1]}.weights.h5")
