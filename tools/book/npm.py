"""Packages of npm, as files: fetched once, checked against their pinned digest, kept in build/npm/.

The web book serves MathJax itself, and its test needs axe-core. Fetching both from npm's registry
with Python spares readers an installation of Node.
"""

import base64
import hashlib
import io
import tarfile
import urllib.error
import urllib.request

from book import ROOT

CACHE = ROOT / "build" / "npm"
SECONDS = 60  # that the registry may take to answer
# The digests are npm's `dist.integrity`. To update one: npm view mathjax@3.2.2 dist.integrity
PACKAGES = {
    "mathjax": (
        "3.2.2",
        "sha512-Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
    ),
    "axe-core": (
        "4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    ),
}


class NotFetched(Exception):
    """A package could not be fetched, or is not the one that was pinned; says so in a sentence."""


def fetch(name, cache=CACHE):
    """The bytes of a package's archive, from the cache or else from the registry.

    Args:
        name: a key of `PACKAGES`.
        cache: folder that keeps the archives.

    Raises:
        NotFetched: if the registry cannot be reached, or the archive is not the pinned one.
    """
    version, integrity = PACKAGES[name]
    path = cache / f"{name}-{version}.tgz"
    if path.exists() and digest(path.read_bytes()) == integrity:
        return path.read_bytes()
    url = f"https://registry.npmjs.org/{name}/-/{path.name}"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            content = answer.read()
    except (OSError, urllib.error.URLError) as error:
        raise NotFetched(
            f"{name} {version} could not be fetched from {url} ({error}): connect to the internet, "
            f"or copy that file to {path}"
        ) from None
    if digest(content) != integrity:
        raise NotFetched(f"{url} is not the file that tools/book/npm.py expects (other digest)")
    cache.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)  # if this is interrupted, the digest tells
    return content


def digest(content):
    """Bytes as npm writes their digest."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def unpack(name, names, folder, cache=CACHE):
    """Write some files of a package into a folder.

    Args:
        name: a key of `PACKAGES`.
        names: {path in the package, of a file or a folder: path in `folder`}.
        folder: where the files go.
        cache: folder that keeps the archives.
    """
    with tarfile.open(fileobj=io.BytesIO(fetch(name, cache))) as archive:
        for member in archive.getmembers():
            inside = member.name.removeprefix("package/")
            for source, target in names.items():
                if member.isfile() and (inside == source or inside.startswith(f"{source}/")):
                    path = folder / (target + inside.removeprefix(source))
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(archive.extractfile(member).read())
