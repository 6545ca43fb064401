#!/usr/bin/env bash
# The tools: what waits and why, what became of a mail, what is wrong with the site. They work while the daemons run, on
# a full disk, with a locked, read-only or missing database, and with a spool directory missing.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob rsa
make_site
make_list secure alice@example.org
make_list open alice@example.org open
paraph member add secure alice@example.org bob@example.org eve@example.org >/dev/null
paraph member add open alice@example.org bob@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null

# queued NAME LIST <message: accepts it and sets $id
queued() {
  paraph-queue "$1@lists.example.org" || fail "not accepted"
  id=$(grep -a -m1 '^X-Paraph-Id: ' "$(ls -td site/spool/msg/"$1"@* | head -1)" | cut -d' ' -f2)
}
# json EXPRESSION <json: prints what python makes of it as `d`
json() { python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
# says "what" PATTERN command…: its output has it
says() {
  local what=$1 pattern=$2 out
  shift 2
  out=$("$@" 2>&1) || true
  grep -qE -- "$pattern" <<<"$out" || fail "$what: '$pattern' is not in: $out"
  ok
}
is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3'"; ok; }

# --- a mail that waits, before any daemon has seen it ---------------------------------------------------------------
make_post one alice secure
queued secure <post/one.eml
short=${id:0:12}
says "spool list" "^${id:0:5} +msg .*secure@lists.example.org +alice@example.org +paraph-incoming" paraph spool list
is "one mail as JSON" "$(paraph spool list -j | json 'len(d), d[0]["id"], d[0]["spool"], d[0]["state"]')" "(1, '$id', 'msg', 'waiting')"
is "another list has none" "$(paraph spool list --list open)" "nothing waits"
is "nor another sender" "$(paraph spool list --from bob@example.org)" "nothing waits"
is "nor older ones" "$(paraph spool list --older 1d)" "nothing waits"
says "spool show" 'reverse_path +alice@example.org' paraph spool show "$short"
tail -n +2 post/one.eml >one.body
paraph spool cat "$short" >one.cat
check "spool cat gives the octets that arrived" cmp one.body one.cat
says "trace finds what waits" "^${id:0:5}.* waiting" paraph trace "$short"
says "also by its Message-ID" "$id" paraph trace '<one.1@example.org>'
refuse "no such id" 66 paraph spool show zzzzz
refuse "no such id" 66 paraph trace zzzzz
refuse "no such id" 66 paraph spool drop zzzzz
refuse "neither a time" 64 paraph trace --since yesterday
refuse "nor a spool" 64 paraph spool list --spool mail

# --- hold and release -----------------------------------------------------------------------------------------------
says "a dry run" 'would be held' paraph spool hold "$short" --dry-run
is "changes nothing" "$(paraph spool list -j | json 'd[0]["state"]')" waiting
paraph spool hold "$short" >/dev/null
says "held mail is marked" "^${id:0:5}! +msg .*on hold" paraph spool list
run_daemons
is "the daemons leave it alone" "$(paraph spool list -j | json 'd[0]["state"]')" held
is "nobody got it" "$(count_for bob)" 0
paraph spool release ALL --list secure >/dev/null
run_daemons
check "released it goes on" opens "$(mail_for bob)" bob post/one.txt
is "nothing waits any more" "$(paraph spool list)" "nothing waits"

# --- trace: its whole way -------------------------------------------------------------------------------------------
says "the summary" "^${id:0:5}.* distributed: 1 notice, 2 sealed" paraph trace "$short"
says "each copy" 'bob@example.org +sealed +AES-256-CBC +[0-9A-F]{16}' paraph trace "$short"
says "each copy" 'eve@example.org +notice' paraph trace "$short"
is "as JSON" "$(paraph trace "$id" --json | json '(lambda m: (m["outcome"], m["from"], m["message_id"], m["counts"], sorted(c["member"].split("@")[0] for c in m["copies"]), m["waiting"], m["spool"]))(d["mails"][0])')" \
  "('distributed', 'alice@example.org', 'one.1@example.org', {'notice': 1, 'sealed': 2}, ['alice', 'bob', 'eve'], [], [])"
is "one member" "$(paraph trace "$id" --to bob@example.org --json | json '[c["member"] for c in d["mails"][0]["copies"]]')" "['bob@example.org']"
for query in "one.1@example.org" "<one.1@example.org>" "--list secure" "--from alice@example.org" "--to eve@example.org" "--since 5m" "--list secure --from alice@example.org --to bob@example.org --since 2020-01-01"; do
  # shellcheck disable=SC2086
  is "trace $query" "$(paraph trace $query --json | json "'$id' in [m['id'] for m in d['mails']]")" True
done
for query in "--list open" "--from bob@example.org" "--to nobody@example.org" "--since 2036-01-01"; do
  # shellcheck disable=SC2086
  is "trace $query" "$(paraph trace $query --json | json "'$id' in [m['id'] for m in d['mails']]")" False
done
! paraph trace "$id" | grep -q 'Post one' || fail "a Subject is shown"; ok
finished
