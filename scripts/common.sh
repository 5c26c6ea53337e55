# Sourced by every script here: moves to the repository's root and defines how scripts speak.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '== %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# help_if_asked ARGUMENT...: with --help or -h among them, prints what stands at the head of the script
# that calls this, and ends.
help_if_asked() {
  local argument
  for argument in "$@"; do
    case "$argument" in
      --) return ;;
      -h | --help)
        sed --quiet '2,/^[^#]/ s/^# \{0,1\}//p' "scripts/$(basename "${BASH_SOURCE[1]}")"
        exit
        ;;
    esac
  done
}

# as_root COMMAND...: runs it directly for root, through sudo for anyone else.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    warn "not root, and there is no sudo to run: $*"
    return 1
  fi
}

# quietly COMMAND...: hides its output unless it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" = 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# find_nvcc: prints the first CUDA compiler of version 13.0 or newer, in the order in which
# cmake/EbbCuda.cmake looks; fails where there is none.
find_nvcc() {
  local nvcc release
  for nvcc in "${CUDACXX:-}" "$PWD/.cuda/bin/nvcc" "$(command -v nvcc || true)" "${CUDA_HOME:-}/bin/nvcc" \
    "${CUDA_PATH:-}/bin/nvcc" /usr/local/cuda/bin/nvcc; do
    nvcc=$(command -v "$nvcc" || true)
    [ -n "$nvcc" ] || continue
    release=$("$nvcc" --version 2>/dev/null | sed --quiet 's/.*release \([0-9]*\)[.].*/\1/p')
    if [ "${release:-0}" -ge 13 ]; then
      printf '%s\n' "$nvcc"
      return
    fi
  done
  return 1
}
