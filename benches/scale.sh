#!/usr/bin/env bash
# Measures certrotd with thousands of certificates against the bare cost of the same files, against the cloud's
# own latency and rate, and against what would be used instead; prints each figure beside its goal, and draws it.
# Everything stays on loopback, and nothing is left behind. Installs Debian's python3, openssl and ssl-cert-check
# where they are missing, and the official SDK into a directory of its own.
#
# benches/scale.sh [ROW...] [--pairs N] [--quick] [--discover] [--svg FILE] [--json FILE]
#   CERTROTD: the binary to measure; without it, that of the profile `dist` is built
#   SCALE_SITE: a directory that holds the SDK already; `none`: do without it
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/.." && pwd)

missing=()
for tool in python3 openssl; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
if ! command -v ssl-cert-check >/dev/null; then
    missing+=(ssl-cert-check)
fi
if ((${#missing[@]})); then
    # Without ssl-cert-check there is a line less.
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 || true
fi

cd "$repository"
cargo build --quiet --release --example simulated_cloud --example scale
target=$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
binary=${CERTROTD:-}
if [[ -z $binary ]]; then
    cargo build --quiet --profile dist --bin certrotd
    binary=$target/dist/certrotd
fi

# The script takes this shell's place, so that a signal reaches the one that cleans up.
exec env --unset=HTTP_PROXY --unset=HTTPS_PROXY --unset=http_proxy --unset=https_proxy \
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/scale:$repository/tests/python" \
    python3 "$here/scale/scale.py" "$target/release" "$(realpath "$binary")" "$@"
