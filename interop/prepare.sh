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

# Usage: unpack PACKAGE; unpacks a Debian package, sets `unpacked` to the folder, and installs the libraries that the
# package needs. The package itself is not installed: Debian would start its server as a service of this machine.
unpack() {
    local package=$1 version library
    if ! apt-cache show "$package" >/dev/null 2>&1; then
        if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
            echo "$0: needs Debian, and its package lists: apt-get update" >&2
            exit 1
        fi
        apt-get update -q
    fi
    version=$(apt-cache show --no-all-versions "$package" | sed -n 's/^Version: //p')
    for library in $(apt-cache depends "$package" | sed -n 's/^ *Depends: \(lib[^ ]*\)$/\1/p'); do
        need "dpkg-query -W -f '\${db:Status-Status}' $library | grep -qx installed" "$library"
    done
    install_missing
    unpacked=$interop/.work/${package}_$version
    if [[ ! -d $unpacked ]]; then
        rm -rf "$unpacked.new"
        mkdir -p "$unpacked.new"
        (cd "$unpacked.new" && apt-get download -q -o APT::Sandbox::User=root "$package" && dpkg -x ./*.deb .)
        mv "$unpacked.new" "$unpacked"
    fi
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
