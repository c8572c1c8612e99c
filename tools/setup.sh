#!/bin/sh
# Everything that `make run` (argument: run) or `make test` (argument: test) needs, made once.
# One rule: a second call changes nothing and takes a fraction of a second. Exit 2: what is missing and the line to type.
set -eu
cd "$(dirname "$0")/.."
want=${1:-run}
python=${PYTHON:-python3}
venv=.venv

say() { printf '%s\n' "$*" >&2; }
stop() { say "$@"; exit 2; }

# What a stamp stands for: the lock files, the project's metadata and this script.
fingerprint() {
    cat requirements-build.txt "$1" pyproject.toml tools/setup.sh | cksum | tr ' ' '-'
}

case $want in
    run) lock=requirements.txt ;;
    test) lock=requirements-dev.txt ;;
    *) stop "tools/setup.sh: say run or test." ;;
esac
stamp=$venv/.stamp-$want-$(fingerprint "$lock")
[ -f "$stamp" ] && [ -x "$venv/bin/dsa" ] && exit 0

command -v "$python" >/dev/null 2>&1 || stop "Python 3.11 or newer is needed, and $python was not found. Install it, or name yours: make $want PYTHON=/path/to/python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop "Python 3.11 or newer is needed; $python is $("$python" -V 2>&1). Name a newer one: make $want PYTHON=/path/to/python3.12"

# --- Debian packages -------------------------------------------------------------------------------------------------
packages=""
need() { packages="$packages $1"; }
installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

"$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || need python3-venv
if command -v dpkg-query >/dev/null 2>&1; then
    for package in libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libharfbuzz0b fontconfig; do
        installed "$package" || need "$package"
    done
    if [ "$want" = test ]; then
        command -v chromium >/dev/null 2>&1 || need chromium
        command -v pg_virtualenv >/dev/null 2>&1 && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need postgresql
        command -v pdftotext >/dev/null 2>&1 || need poppler-utils
        command -v qpdf >/dev/null 2>&1 || need qpdf
        command -v mutool >/dev/null 2>&1 || need mupdf-tools
        command -v certutil >/dev/null 2>&1 || need libnss3-tools
        command -v openssl >/dev/null 2>&1 || need openssl
        command -v softhsm2-util >/dev/null 2>&1 || need softhsm2
        command -v faketime >/dev/null 2>&1 || need faketime
        command -v javac >/dev/null 2>&1 || need default-jdk-headless
        installed libjaxb-java || need libjaxb-java
    fi
else
    say "This is not Debian or Ubuntu: Pango, HarfBuzz and fontconfig must be there already (and for the tests Chromium, PostgreSQL, poppler, qpdf, mupdf, NSS tools, OpenSSL, SoftHSM, faketime, a JDK and JAXB)."
fi

if [ -n "$packages" ]; then
    line="apt-get install -y --no-install-recommends$packages"
    if [ "$(id -u)" != 0 ]; then
        say "Some Debian packages are missing. Install them, then run make $want again:"
        stop "    sudo $line"
    fi
    say "Installing Debian packages:$packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=400 update >&2 || say "apt-get update failed; trying with the lists that are here."
    # shellcheck disable=SC2086
    apt-get -qq -o DPkg::Lock::Timeout=400 install -y --no-install-recommends $packages >&2 </dev/null ||
        stop "The packages could not be installed. When the reason above is mended: $line"
fi

# --- Python packages -------------------------------------------------------------------------------------------------
if [ ! -x "$venv/bin/python" ]; then
    say "Making the virtual environment $venv"
    "$python" -m venv "$venv" || stop "The virtual environment could not be made. Remove $venv and try again."
fi
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@" >&2; }
say "Installing Python packages (pinned, with hashes)"
pip install --quiet --require-hashes -r requirements-build.txt -r "$lock" ||
    stop "The Python packages could not be installed. When the reason above is mended, run make $want again."
pip install --quiet --no-deps --no-build-isolation --editable . || stop "The product itself could not be installed into $venv."

rm -f "$venv/.stamp-$want"-*
: >"$stamp"
