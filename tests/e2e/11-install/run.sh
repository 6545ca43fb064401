#!/usr/bin/env bash
# `cmake --install` into a prefix: everything is there, the installed paraph finds the stock files of its own prefix, and a
# reader that has seen enough ends it quietly.
set -uo pipefail
build=$(dirname "${PARAPH_BIN:?}")
source=${PARAPH_SOURCE:?}
[ -f "$build/cmake_install.cmake" ] || { echo "SKIP: $PARAPH_BIN is in no build directory"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
unset PARAPH_CONFIG PARAPH_DEFAULT_DIR

echo "== what is installed"
cmake --install "$build" --prefix "$work/usr" > "$work/log" || fail "cmake --install: $(cat "$work/log")"
for program in paraph paraph-incoming paraph-distribute paraph-queue paraph-bouncequeue; do
  [ "$("$work/usr/bin/$program" --version | cut -d' ' -f1)" = "$program" ] || fail "bin/$program"
done
share=$work/usr/share
diff -r "$source/scenarios" "$share/paraph/scenarios" || fail scenarios
diff -r "$source/templates" "$share/paraph/templates" || fail templates
pages=$(cd "$source" && git ls-files -co --exclude-standard '*.[1578]' 2> /dev/null || true)
[ -n "$pages" ] || pages=$(cd "$source" && find apps lib -name '*.[1578]')
for page in $pages; do
  cmp "$source/$page" "$share/man/man${page##*.}/${page##*/}" || fail "manual page $page"
done
find "$share/doc" -name paraph-incoming.service | grep -q . || fail "no unit among the examples"

echo "== the installed paraph finds its own stock files"
paraph() { "$work/usr/bin/paraph" --config "$work/site/paraph.conf" "$@" 2> "$work/err"; }
"$work/usr/bin/paraph" site create "$work/site" --domain lists.example.org --listmaster ann@example.org > /dev/null 2>&1 || fail "site create"
paraph list create secure --owner ann@example.org > /dev/null || fail "list create: $(cat "$work/err")"
stock() { paraph config show --json default_dir | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["value"])'; }
[ "$(stock)" = "$(realpath "$share")/paraph" ] || fail "default_dir is $(stock)"
rule=$(paraph scenario eval send --list secure --sender ann@example.org --auth smime --json) || fail "scenario eval: $(cat "$work/err")"
grep -q "$share/paraph/scenarios/send.private_smime" <<< "$rule" || fail "$rule"
mv "$share/paraph" "$share/away"
[ "$(stock)" != "$(realpath "$share")/paraph" ] || fail "a directory that is gone was taken"
mv "$share/away" "$share/paraph"
if [ "$(id -u)" = 0 ]; then
  chown 65534 "$share/paraph/scenarios"
  [ "$(stock)" != "$(realpath "$share")/paraph" ] || fail "stock files of somebody else were taken"
  chown 0 "$share/paraph/scenarios"
fi

echo "== a closed pipe is a quiet end"
for verb in "config show" "config show --json" help; do
  # A FIFO whose reader is gone before anything is written.
  python3 - "$work/usr/bin/paraph" --config "$work/site/paraph.conf" $verb <<'EOF' || fail "$verb into a closed pipe"
import os, subprocess, sys
arguments = sys.argv[1:] if sys.argv[-1] != "help" else [sys.argv[1], "help"]
read, write = os.pipe()
os.close(read)
done = subprocess.run(arguments, stdout=write, stderr=subprocess.PIPE)
os.close(write)
sys.exit(f"status {done.returncode}: {done.stderr.decode()}" if done.returncode or done.stderr else 0)
EOF
done
echo "ok"
