# Files that may not be read or written are no hindrance to root. Sourced first, this runs a test again as nobody, when
# root starts it, with its own copy of the programs where nobody cannot reach them.
if [ "$(id -u)" = 0 ] && [ -z "${PARAPH_AS_NOBODY:-}" ]; then
  home=$(mktemp -d /tmp/paraph-e2e-nobody-XXXXXX)
  mkdir "$home/bin" "$home/source" "$home/source/tests" "$home/tmp"
  nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  cp -R "$PARAPH_SOURCE/tests/e2e" "$home/source/tests/"
  if "${nobody[@]}" test -x "$PARAPH_BIN/paraph" -a -r "$PARAPH_SOURCE/templates"; then
    bin=$PARAPH_BIN
  else
    bin=$home/bin
    cp "$PARAPH_BIN"/paraph{,-queue,-incoming,-distribute} "$bin/"
    mkdir -p "$home/share/paraph"
    cp -R "$PARAPH_SOURCE/scenarios" "$PARAPH_SOURCE/templates" "$home/share/paraph/"
  fi
  chmod -R a+rX "$home"
  chown 65534:65534 "$home/tmp"
  code=0
  "${nobody[@]}" env PARAPH_AS_NOBODY=1 HOME="$home/tmp" TMPDIR="$home/tmp" PARAPH_BIN="$bin" PARAPH_SOURCE="$home/source" \
    "$home/source/tests/e2e/$(basename "$(dirname "$0")")/run.sh" "$@" || code=$?
  rm -rf "$home"
  exit $code
fi
