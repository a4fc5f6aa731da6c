# For the scripts beside it: what they need of other people's software.

interop=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Usage: need PROBE PACKAGE; the Debian package is missing if the probe fails.
missing=()
need() {
    eval "$1" >/dev/null 2>&1 || missing+=("$2")
}

# Installs what is missing, as root on Debian, or asks for it.
install_missing() {
    if ((${#missing[@]} == 0)); then return; fi
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
        echo "$0: please install ${missing[*]} (Debian's package names)" >&2
        exit 1
    fi
    apt-get update -q
    apt-get install -qy --no-install-recommends "${missing[@]}"
}

# Debian's python3 has the venv module, but it fails without ensurepip, which is in python3-venv.
need_venv() {
    need 'python3 -c "import ensurepip, venv"' python3-venv
}

# Makes the virtualenv with what requirements.txt pins, and sets `python`.
make_venv() {
    local venv=$interop/.work/venv
    # Not if it is complete: pip is the last that a virtualenv gets.
    [[ -x $venv/bin/pip ]] || python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$interop/requirements.txt"
    python=$venv/bin/python
}
