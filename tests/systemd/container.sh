# Sourced by the scripts here. Makes sure that this machine can boot a small Debian in a container, or ends the script
# with 0 and a `skipped:` line where it could not in any case. Installs systemd-container, mmdebstrap, openssl, python3
# and what the script has in `tools` where they are missing. Leaves `repository`, `release` (of Debian) and `target`, and
# stands in the repository.

repository=$(cd "$here/../.." && pwd)

skip() {
    printf 'skipped: %s\n' "$*"
    exit 0
}

[[ $(uname -s) == Linux ]] || skip "no Linux"
((EUID == 0)) || skip "booting a container takes root"
# What is built here has to run there, with the C library of the same release.
release=$(. /etc/os-release && [[ ${ID:-} == debian ]] && printf %s "${VERSION_CODENAME:-}") || true
[[ -n $release ]] || skip "no release of Debian, so nothing to take the same one's packages from"

missing=()
command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
for tool in mmdebstrap openssl python3 ${tools+"${tools[@]}"}; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
if ((${#missing[@]})); then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# As machine.py does it: where the kernel refuses one of these, no container boots.
why=$(unshare --mount --pid --fork --kill-child --mount-proc sh -ec '
    mount -t tmpfs none /run
    mount -t cgroup2 none /mnt
    mkdir "/mnt/certrotd-test-probe-$1"
    rmdir "/mnt/certrotd-test-probe-$1"' -e sh $$ 2>&1 >/dev/null) ||
    skip "this machine lets nobody start a container: ${why%%$'\n'*}"

cd "$repository"
target=$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')

# A story in Python takes the script's place, so that a signal reaches the one that cleans up. It has mounts of its own.
told_by() {
    exec unshare --mount env --unset=HTTP_PROXY --unset=HTTPS_PROXY --unset=http_proxy --unset=https_proxy \
        PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/../python" python3 "$here/$1" "${@:2}"
}
