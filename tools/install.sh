#!/usr/bin/env bash
# Install genkeras and what it needs into a virtual or conda environment, once: `make env` calls it.
# usage: install.sh FOLDER EXTRAS      (PYTHON: the Python that makes the environment; CONSTRAINTS: a
# file of versions, empty for the newest; RESOLUTION: lowest-direct for the oldest)
set -eu
folder=$1 extras=$2 python=${PYTHON:-python3} constraints=${CONSTRAINTS-constraints.txt}
stamp="$folder/.genkeras-$extras"
wanted="$PWD ${RESOLUTION:-highest} $constraints $(cat pyproject.toml ${constraints:+"$constraints"} | cksum)"

fail() {
    echo "make env: $1" >&2
    exit 1
}

if [ -x "$folder/bin/python" ] && [ "$(cat "$stamp" 2> /dev/null)" = "$wanted" ]; then exit 0; fi
[ ! -x "$folder/bin/python" ] || python="$folder/bin/python"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' ||
    fail "Python 3.11 to 3.13 is needed; name one with PYTHON=... ($python is $("$python" --version 2>&1))"
if [ "$python" != "$folder/bin/python" ]; then
    [ ! -e "$folder" ] || fail "$folder exists but holds no bin/python; deactivate it or remove it"
    echo "Creating $folder"
    trap 'rm -rf "$folder"' EXIT # nothing was there before
    "$python" -m venv "$folder" || fail "no environment (on Debian and Ubuntu: apt install python3-venv)"
    trap - EXIT
fi
echo "Installing TensorFlow, Keras, Jupyter and genkeras into $folder (once; some minutes)"
# uv installs in half a minute what takes pip two; pip takes over where uv cannot be installed.
install=(-m pip install --quiet --disable-pip-version-check)
if "$folder/bin/python" "${install[@]}" uv; then
    install=(-m uv pip install --quiet --compile-bytecode --python "$folder/bin/python" --resolution "${RESOLUTION:-highest}")
fi
"$folder/bin/python" "${install[@]}" ${constraints:+-c "$constraints"} -e ".[$extras]" ||
    fail "the installation failed (see above)"
for other in "$folder"/.genkeras-*; do # of extras that were installed in other versions
    [ "$(cat "$other" 2> /dev/null)" = "$wanted" ] || rm -f "$other"
done
echo "$wanted" > "$stamp"
