#!/usr/bin/env bash
# Installs the Debian 12 packages that Eir needs, and only those that are missing: a second run needs no network and
# takes a fraction of a second.
#
#   deploy/packages.sh [build] [runtime] [test] [browser]     (default: build runtime)
#   deploy/packages.sh --list GROUP...                        prints the names, installs nothing
set -euo pipefail

build=(
  g++ cmake ninja-build ccache pkg-config git make
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libssl-dev libsrtp2-dev
  libspdlog-dev libfmt-dev libyaml-cpp-dev libsqlite3-dev prometheus-cpp-dev libsystemd-dev libseccomp-dev zlib1g-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)
# What scripts of deploy/ call on a host that runs eird.
runtime=(openssl curl ca-certificates python3 iproute2 procps)
test=(
  clang-14 clang-format-14 clang-tidy-14 lld-14 llvm-14 libclang-rt-14-dev
  python3 curl openssl sqlite3 iproute2 nftables procps util-linux
  # systemd-analyze, a systemd that boots in a container, and strace hold the unit against what eird does.
  systemd systemd-container binutils strace
  # callgrind counts the packet path's instructions.
  valgrind
  # What eir-bench compares with; its service is not wanted (see the end).
  janus
)
browser=(
  chromium firefox-esr nodejs npm pulseaudio espeak-ng ffmpeg sox fonts-dejavu-core python3 curl iproute2 procps util-linux
  # What stayed in the server, and for how long, is read off the wire.
  tcpdump
  # GStreamer as a WHIP camera and a WHEP player: webrtcbin and its SRTP, DTLS and ICE, x264, VP8, Opus, the bindings.
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-nice
  python3-gst-1.0 gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0
)

# Intel's multi-buffer library exists on x86-64 only; elsewhere the OpenSSL engine serves alone.
if [ "$(dpkg --print-architecture)" = amd64 ]; then build+=(libipsec-mb-dev); fi

# Node from another source than Debian brings its own npm, and its package conflicts with Debian's npm.
if command -v npm >/dev/null && command -v node >/dev/null \
  && [ "$(node -p 'Number(process.versions.node.split(".")[0])')" -ge 18 ]; then
  for i in "${!browser[@]}"; do
    case "${browser[$i]}" in nodejs | npm) unset 'browser[i]' ;; esac
  done
fi

list_only=
groups=()
for argument in "$@"; do
  case "$argument" in
    --list) list_only=1 ;;
    build | runtime | test | browser) groups+=("$argument") ;;
    *)
      echo "usage: $0 [--list] [build] [runtime] [test] [browser]" >&2
      exit 2
      ;;
  esac
done
[ ${#groups[@]} -gt 0 ] || groups=(build runtime)

wanted=()
for group in "${groups[@]}"; do
  declare -n members="$group"
  wanted+=("${members[@]}")
done
mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" | sort -u)
if [ -n "$list_only" ]; then
  printf '%s\n' "${wanted[@]}"
  exit 0
fi

# dpkg-query fails when it has never heard of a name; what it prints for the others is what counts.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^installed //p' | sort -u) || true
mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}") <(printf '%s\n' "$installed"))
if [ ${#missing[@]} -eq 0 ]; then
  echo "packages: all ${#wanted[@]} for ${groups[*]} are installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "packages: not root and no sudo; missing: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
# Waits for another apt to end; asks no questions; installs nothing that is only recommended.
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
    apt-get -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}
echo "packages: installing ${#missing[@]} of ${#wanted[@]}: ${missing[*]}"
# The lists of a fresh machine or container are empty, and old ones name files that are gone: so first with what is
# there, and after a failure with new lists.
if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then apt update; fi
if ! apt install --no-install-recommends "${missing[@]}"; then
  apt update
  apt install --no-install-recommends "${missing[@]}"
fi
# Debian starts a server with its package. eir-bench and its test start their own, on ports of their own.
if printf '%s\n' "${missing[@]}" | grep -qx janus; then
  if [ -d /run/systemd/system ]; then
    "${as_root[@]}" systemctl disable --now janus
  else
    "${as_root[@]}" service janus stop >/dev/null || true
  fi
fi
echo "packages: done"
