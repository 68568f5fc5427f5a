#!/usr/bin/env bash
# Install genkeras and what it needs into a virtual or conda environment: `make env` calls it.
# usage: install.sh FOLDER EXTRAS      (PYTHON: the Python that makes the environment)
# Does nothing if this clone was installed there and pyproject.toml has not changed since.
set -eu
folder=$1
extras=$2
python=${PYTHON:-python3}
resolution=${RESOLUTION:-highest}
stamp="$folder/.genkeras-installed"
checksum=$(cksum < pyproject.toml)

fail() {
    echo "make env: $1" >&2
    exit 1
}

# An environment that has more extras than are wanted will do, and keeps them all the same.
found=$(cat "$stamp" 2> /dev/null || true)
had=
if [ -x "$folder/bin/python" ] && [[ $found == "$PWD ["*"] $resolution $checksum" ]]; then
    had=${found#"$PWD ["}
    had=${had%"] $resolution $checksum"}
fi
missing=
for extra in ${extras//,/ }; do
    [[ ,$had, == *,$extra,* ]] || missing=$missing,$extra
done
[ -n "$missing" ] || exit 0
extras=${had:-}$missing
extras=${extras#,}

if [ ! -x "$folder/bin/python" ]; then
    [[ $folder != *:* ]] || fail "the path of an environment cannot hold a colon: $folder"
    command -v "$python" > /dev/null || fail "$python was not found; name one with PYTHON=..."
    "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 14))' ||
        fail "Python 3.10 to 3.13 is needed, and $python is $("$python" --version 2>&1); name another with PYTHON=..."
    [ ! -e "$folder" ] || fail "$folder exists but holds no bin/python; deactivate it or remove it"
    echo "Creating $folder"
    trap 'rm -rf "$folder"' INT TERM # nothing was there before
    "$python" -m venv "$folder" || {
        rm -rf "$folder"
        fail "$python could not make an environment (on Debian and Ubuntu: apt install python3-venv)"
    }
    trap - INT TERM
fi

echo "Installing TensorFlow, Keras, Jupyter and genkeras into $folder (once; some minutes)"
"$folder/bin/python" -m pip --version > /dev/null 2>&1 || "$folder/bin/python" -m ensurepip > /dev/null ||
    fail "$folder has no pip, and Python cannot install it there"
# uv installs in half a minute what takes pip two; pip takes over where uv cannot be installed.
if "$folder/bin/python" -m pip install --quiet --disable-pip-version-check uv; then
    "$folder/bin/python" -m uv pip install --quiet --python "$folder/bin/python" \
        --resolution "$resolution" -e ".[$extras]" || fail "the installation failed (see above)"
else
    "$folder/bin/python" -m pip install --quiet -e ".[$extras]" || fail "the installation failed (see above)"
fi
echo "$PWD [$extras] $resolution $checksum" > "$stamp"
