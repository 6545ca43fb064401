#!/usr/bin/env bash
# The tools: what waits and why, what became of a mail, what is wrong with the site. They work while the daemons run, on
# a full disk, with a locked, read-only or missing database, and with a spool directory missing.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob rsa
make_site
echo 'spool_min_free 0' >>site/paraph.conf  # the test has a small disk of its own
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
says "spool list" "^${id:0:10} +msg .*secure@lists.example.org +alice@example.org +paraph-incoming" paraph spool list
is "one mail as JSON" "$(paraph spool list -j | json 'len(d), d[0]["id"], d[0]["spool"], d[0]["state"]')" "(1, '$id', 'msg', 'waiting')"
is "another list has none" "$(paraph spool list --list open)" "nothing waits"
is "nor another sender" "$(paraph spool list --from bob@example.org)" "nothing waits"
is "nor older ones" "$(paraph spool list --older 1d)" "nothing waits"
says "spool show" 'reverse_path +alice@example.org' paraph spool show "$short"
tail -n +2 post/one.eml >one.body
paraph spool cat "$short" >one.cat
check "spool cat gives the octets that arrived" cmp one.body one.cat
paraph spool cat "$short" --json | json '__import__("base64").b64decode(d["octets"]).decode("latin-1") + d["id"]' >one.json
check "and as JSON, with its id" cmp <(cat one.body; echo "$id") one.json
says "trace finds what waits" "^${id:0:10}.* waiting" paraph trace "$short"
says "also by its Message-ID" "$id" paraph trace '<one.1@example.org>'
refuse "no such id" 66 paraph spool show zzzzz
refuse "no such id" 66 paraph trace zzzzz
refuse "no such id" 66 paraph spool drop zzzzz
refuse "an id that is only its time" 64 paraph spool drop "${id:0:7}"
refuse "neither a time" 64 paraph trace --since yesterday
refuse "nor a spool" 64 paraph spool list --spool mail

# --- hold and release -----------------------------------------------------------------------------------------------
says "a dry run" 'would be held' paraph spool hold "$short" --dry-run
is "changes nothing" "$(paraph spool list -j | json 'd[0]["state"]')" waiting
paraph spool hold "$short" >/dev/null
says "held mail is marked" "^${id:0:10}! +msg .*on hold" paraph spool list
run_daemons
is "the daemons leave it alone" "$(paraph spool list -j | json 'd[0]["state"]')" held
is "nobody got it" "$(count_for bob)" 0
paraph spool release ALL --list secure >/dev/null
run_daemons
check "released it goes on" opens "$(mail_for bob)" bob post/one.txt
is "nothing waits any more" "$(paraph spool list)" "nothing waits"

# --- trace: its whole way -------------------------------------------------------------------------------------------
says "the summary" "^${id:0:10}.* distributed: 1 notice, 2 sealed" paraph trace "$short"
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

# --- a worker has it ------------------------------------------------------------------------------------------------
plain two alice open >two.eml
queued open <two.eml
flock "$(ls site/spool/msg/open@*)" sleep 30 &
holder=$!
wait_for() { local i; for ((i = 0; i < 100; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; return 1; }
at_work() { [ "$(paraph spool list -j | json 'd[0]["state"]')" = at_work ]; }
check "mail at work is told" wait_for at_work
says "and marked" "^${id:0:10}[a-z2-7]*\\* +msg" paraph spool list
for verb in hold drop; do refuse "$verb does not take it away" 75 paraph spool $verb "$id"; done
pkill -P $holder 2>/dev/null || true
kill $holder 2>/dev/null || true
wait $holder 2>/dev/null || true

# --- while daemons run, with the MTA down ---------------------------------------------------------------------------
maildir=$(sed -n 's/^transport //p' site/paraph.conf)
sed -i 's,^transport.*,transport smtp://127.0.0.1:1,' site/paraph.conf
paraph-incoming 2>>incoming.log & incoming=$!
paraph-distribute 2>>distribute.log & distribute=$!
stop_daemons() { kill $incoming $distribute 2>/dev/null || true; wait $incoming $distribute 2>/dev/null || true; }
trap 'stop_daemons; umount "$work/full" 2>/dev/null || true; rm -rf "$work"' EXIT
refused() { paraph spool list | grep -q "bulk.*Connection refused.*0 of 2 done; next [0-9:]*Z"; }
check "what waits for the MTA says so" wait_for refused
says "with its author, not our reverse path" 'open@lists.example.org +alice@example.org +mail server' paraph spool list
says "trace knows that both are waiting" 'distributed: 2 waiting' paraph trace "$id"
says "and who" 'bob@example.org +waiting' paraph trace "$id"
says "spool show has the whole" 'left +alice@example.org bob@example.org' paraph spool show "$id"
is "status is critical" "$(paraph status >status.out; echo $?)" 2
says "for the MTA" '^CRITICAL +mail server 127.0.0.1:1: .*refused.* 1 mail.* nothing is lost' cat status.out
says "since when, and when it is tried again" '^CRITICAL +mail server.* since [0-9:]*Z \([0-9]+s\);.*, next try [0-9:]*Z +systemctl start postfix' cat status.out
says "and counts" '^spool +msg 0 .* bulk 1 \(2 recipients\)' cat status.out
is "also as JSON" "$(paraph status -j | json '(d["status"], [f["code"] for f in d["findings"] if f["severity"] == "CRITICAL"], [p["running"] for p in d["daemons"]], d["spool"]["bulk"]["recipients_left"])')" \
  "('CRITICAL', ['mail_waits'], [True, True], 2)"
check "held under a running daemon" paraph spool hold "$id" >/dev/null
says "on hold" "^${id:0:10}[a-z2-7]*! +bulk" paraph spool list
printf 'Return-Path: <>\nFrom: x@y.example\n\nbounce\n' | paraph-bouncequeue open-owner@lists.example.org
says "a bounce is counted" '^spool .* bounce 1, oldest [0-9]+s \([a-z2-7]{10}\)' paraph status
is "also as JSON" "$(paraph status -j | json 'd["spool"]["bounce"]["mails"]')" 1
is "held mail is no finding" "$(paraph status -j | json '[f["code"] for f in d["findings"] if f["severity"] == "CRITICAL"]')" "[]"
sed -i "s,^transport.*,transport $maildir," site/paraph.conf
kill -HUP $distribute
check "released" paraph spool release "$id" >/dev/null
check "flushed" paraph spool flush >/dev/null
arrived() { mail_for bob | xargs grep -l '^Subject: .*two' ; }
check "and it goes out" wait_for arrived

# --- dropped, by whom -----------------------------------------------------------------------------------------------
sed -i 's,^transport.*,transport smtp://127.0.0.1:1,' site/paraph.conf
kill -HUP $distribute
plain three alice open | paraph-queue open@lists.example.org
three() { id=$(paraph spool list -j | json '[e["id"] for e in d if e["spool"] == "bulk" and e["list"].startswith("open@")][0]'); }
check "a third mail waits" wait_for three
refuse "drop ALL wants to be sure" 64 paraph spool drop ALL
refuse "filters go with ALL" 64 paraph spool drop "$id" --list open
says "a dry run of it" 'would be dropped' paraph spool drop ALL --list open --dry-run
SUDO_USER=ann paraph spool drop ALL --list open --yes >/dev/null
is "it is gone" "$(paraph spool list --list open)" "nothing waits"
is "the ledger says who did it" "$(paraph trace "$id" -j | json 'sorted((c["member"], c["outcome"], c["reply"]) for c in d["mails"][0]["copies"])')" \
  "[('alice@example.org', 'dropped', 'by ann'), ('bob@example.org', 'dropped', 'by ann')]"
! arrived | xargs grep -l '^Subject: .*three' || fail "a dropped copy went out"; ok

# --- quarantine, and back -------------------------------------------------------------------------------------------
plain four alice open | sed '/^Message-ID:/d' | paraph-queue open@lists.example.org
quarantined() { paraph spool list --spool bad | grep -q no_message_id; }
check "bad mail is in quarantine" wait_for quarantined
says "for whom, and his next command" 'bad .* listmaster: .*no_message_id.*; paraph spool show [a-z2-7]{10}' paraph spool list --spool bad
warned() { [ "$(paraph status -j | json 'sorted(f["code"] for f in d["findings"] if f["severity"] != "OK")')" = "['mail_waits', 'quarantine']" ]; }
check "a warning, and the notice of it waits for the MTA" wait_for warned
id=$(paraph spool list --spool bad -j | json 'd[0]["id"]')
stop_daemons
says "nobody runs" 'no daemon runs; mail waits since' paraph status
paraph spool retry "$id" >/dev/null
is "put back" "$(paraph spool show "$id" -j | json 'd["spool"], d["state"]')" "('msg', 'waiting')"
run_daemons
is "and judged anew" "$(paraph spool list --spool bad -j | json 'd[0]["id"]')" "$id"
sed -i "s,^transport.*,transport $maildir," site/paraph.conf
run_daemons
paraph spool drop ALL --spool bad --yes >/dev/null

# --- without a database, and with one that is locked, damaged or newer ----------------------------------------------
plain five alice open >five.eml
queued open <five.eml
# everything SEEN: each tool works, and says what it could not see
everything() {
  local what=$1 code=0
  says "$what: list" "msg .*alice@example.org" paraph spool list
  check "$what: show" paraph spool show "$id" >/dev/null
  paraph spool cat "$id" >five.cat || fail "$what: cat"
  tail -n +2 five.eml | cmp - five.cat || fail "$what: cat gives other octets"; ok
  check "$what: hold" paraph spool hold "$id" >/dev/null
  check "$what: release" paraph spool release "$id" >/dev/null
  says "$what: trace finds it" "^${id:0:10}.* waiting" paraph trace "$id"
  paraph trace -j | json 'd["mails"]' >/dev/null || fail "$what: trace --json"
  paraph status -j >status.json || code=$?
  [ $code -le 2 ] || fail "$what: status ends with $code"
  code=0
  paraph fsck -j >fsck.json || code=$?
  [ $code -le 2 ] || fail "$what: fsck ends with $code"
  json 'd["findings"]' <fsck.json >/dev/null || fail "$what: fsck --json"; ok
}
finds() { is "status says $1" "$(json "'$1' in [f['code'] for f in d['findings']] or [f['message'] for f in d['findings']]" <status.json)" True; }
everything "all well"
is "all is well" "$(json 'd["status"]' <status.json)" OK
is "fsck is clean" "$(json 'd["exit"], d["findings"]' <fsck.json)" "(0, [])"
python3 -c 'import sqlite3, time
c = sqlite3.connect("site/paraph.sqlite"); c.execute("BEGIN EXCLUSIVE"); time.sleep(60)' & locker=$!
sleep 0.5
everything locked
finds database_locked
kill $locker; wait $locker 2>/dev/null || true
mv site/paraph.sqlite kept.sqlite
everything missing
finds database_missing
says "trace says what it did not see" 'not seen: ledger' paraph trace "$id"
refuse "so it cannot be sure" 75 paraph trace zzzzz
[ ! -e site/paraph.sqlite ] || fail "a tool made a database"; ok
head -c 8192 /dev/urandom >site/paraph.sqlite
everything damaged
finds database_damaged
cp kept.sqlite site/paraph.sqlite
python3 -c 'import sqlite3
c = sqlite3.connect("site/paraph.sqlite"); c.execute("UPDATE paraph_schema SET version = 99"); c.commit()'
everything newer
finds database_schema
rm -f site/paraph.sqlite*
mv kept.sqlite site/paraph.sqlite
is "drop without a database to write to" "$(chmod 600 site/paraph.sqlite; mv site/paraph.sqlite kept.sqlite; mkdir site/paraph.sqlite
  paraph spool drop "$id" 2>&1 | grep -c 'not in the ledger'; rmdir site/paraph.sqlite; mv kept.sqlite site/paraph.sqlite)" 1
is "it is gone all the same" "$(paraph spool list --spool msg)" "nothing waits"

# --- a spool directory is missing, keys are open, certificates are damaged ------------------------------------------
queued open <five.eml
rmdir site/spool/auth
everything "without spool/auth"
finds directory_missing
says "the missing one is named" 'not seen: spool auth' paraph spool list
chmod 644 site/list_data/secure/private_key
chmod 755 site/spool/bulk
touch -d '2 days ago' site/X509-user-certs/T.left
paraph fsck >fsck.out 2>&1 && fail "fsck is content with all that"; ok
is "all of it can be mended" "$({ paraph fsck -j || true; } | json 'd["exit"], sorted(f["code"] for f in d["findings"])')" \
  "(2, ['directory_missing', 'leftover', 'mode', 'mode', 'spools_not_examined'])"
paraph fsck --repair >/dev/null 2>&1 || true
is "and stays so" "$(paraph fsck)" clean
cp pki/bob.pem site/X509-user-certs/carol@example.org
echo nonsense >site/X509-user-certs/dave@example.org
echo lost >site/spool/bulk/pct/aaaaaaaaaaaaaaaaaaaa.0001.done
touch -d '2 days ago' site/spool/bulk/pct/aaaaaaaaaaaaaaaaaaaa.0001.done
is "a journal without its packet" "$({ paraph fsck -j || true; } | json 'any(f["code"] == "spool" and ".0001.done" in f["message"] for f in d["findings"])')" True
rm site/spool/bulk/pct/aaaaaaaaaaaaaaaaaaaa.0001.done
is "strange certificates" "$({ paraph fsck -j || true; } | json 'd["exit"], sorted((f["code"], f["state"]) for f in d["findings"])')" \
  "(2, [('certificate_of_another', 'note'), ('certificate_unreadable', 'needs-you')])"
rm site/X509-user-certs/{carol,dave}@example.org

# --- keys that expire -----------------------------------------------------------------------------------------------
paraph list create soon --owner alice@example.org >/dev/null 2>&1
paraph key generate soon --algorithm ec --days 20 >/dev/null 2>&1
says "a certificate that expires is a warning" '^WARNING +the certificate of soon@lists.example.org expires' paraph status
is "no more than that" "$(paraph status >/dev/null; echo $?)" 1
rm site/list_data/soon/{cert.pem,private_key}
paraph key generate soon --algorithm ec --days 1 >/dev/null 2>&1
is "the last day is critical" "$(paraph status >/dev/null; echo $?)" 2
rm -r site/list_data/soon

# --- who has no key -------------------------------------------------------------------------------------------------
refuse "no site key" 1 paraph check
grep -qE '^WARNING +the site has no key: answers of sympa@lists.example.org go out unsigned, and nobody can encrypt to it +paraph key generate site' refused.out || fail "$(cat refused.out)"; ok
keyless() { paraph "$@" -j | json '[f["severity"] + " " + f["command"].split()[-1] for f in d["findings"] if f["code"] == "no_key"]'; }
is "a note where the site is looked at as it runs" "$(keyless status)" "['OK site']"
paraph list create bare --owner alice@example.org >/dev/null 2>&1
says "a sealed list" '^WARNING +bare@lists.example.org \(send private_smime\) has no key: .* paraph key generate bare@' paraph check bare
is "by status" "$(keyless status)" "['OK site', 'OK bare@lists.example.org']"
sed -i 's/^send .*/send private/' site/list_data/bare/config
is "a list for any mail needs none" "$(keyless check bare)" "[]"
sed -i 's/^send .*/send closed/' site/list_data/bare/config
is "nor one for no mail" "$(keyless check bare)" "[]"
printf '\nencrypted_post_min_coverage 50\n' >>site/list_data/bare/config
says "one that members must be able to read" '^WARNING +bare@.* \(encrypted_post_min_coverage\) has no key' paraph check bare
paraph key generate bare --algorithm ec >/dev/null 2>&1
paraph key generate site --algorithm ec >/dev/null 2>&1
is "all have one" "$(keyless check)" "[]"
rm -r site/list_data/bare site/list_data/sympa

# --- check: what would stop mail, before mail meets it ----------------------------------------------------------------
config=site/list_data/open/config
cp $config kept.config
make_signed checked alice open
# with SETTING command…: while the list says so
with() {
  local code=0
  printf '\n%s\n' "$1" >>$config
  shift
  "$@" || code=$?
  cp kept.config $config
  return $code
}
inspected() { paraph message inspect post/checked.eml --list open --json | json 'd["auth_method"]'; }
for none in 'accepted_digests nonsense' 'required_policies foo'; do
  with "$none" says "$none" "^CRITICAL +.*/open/config:[0-9]+: '${none% *}' takes .* and not '${none#* }'; nothing is accepted, and no signature counts +paraph config show open@" paraph check open
  with "$none" says "$none, among all lists" "^CRITICAL +.*'${none% *}' takes " paraph check
  with "$none" refuse "critical" 2 paraph check open
  is "and none counts" "$(with "$none" inspected)" smtp
done
with 'accepted_digests SHA512 nonsense' says "one of two is bad" "^WARNING +1 configuration warning, .*the others hold" paraph check open
is "SHA-512 alone" "$(with 'accepted_digests SHA512 nonsense' inspected)" smtp
is "a blank between, and no hyphen" "$(with 'accepted_digests sha256 SHA512' inspected)" smime
for name in cafile capath issuers; do
  with "$name gone" says "$name" "^CRITICAL +open@lists.example.org: $name: .*/list_data/open/gone: No such file.*/open/config:[0-9]+.: mail waits +paraph config show open@" paraph check open
  with "$name gone" says "$name, among all lists" "^CRITICAL +open@.*: $name: .*/gone" paraph check
  with "$name gone" says "$name, by status" "^CRITICAL +open@.*: $name: .*/gone" paraph status
  with "$name gone" paraph check secure 2>&1 | grep -q gone && fail "$name: of another list"; ok
done
is "nobody of its own" "$(: >site/nobody.pem; with "cafile $work/site/nobody.pem" paraph check open -j | json '[f["message"] for f in d["findings"] if f["code"] == "no_anchor"]')" "['open@lists.example.org: no CA is trusted: no signature counts']"
mkdir -p site/etc/lists.example.org
echo 'required_policies foo' >site/etc/lists.example.org/robot.conf
says "what it has from its domain" "^CRITICAL +.*/robot.conf:1: 'required_policies' takes" paraph check open
with 'required_policies none' paraph check open | grep -q robot.conf && fail "though it says otherwise itself"; ok
rm -r site/etc/lists.example.org
cp site/paraph.conf kept.conf
echo 'accepted_digests nonsense' >>site/paraph.conf
refuse "a site's own" 78 paraph check
grep -q "paraph.conf:[0-9]*: 'accepted_digests' takes" refused.err || fail "$(cat refused.err)"; ok
sed -i 's/^accepted_digests.*//; s/^cafile.*/cafile gone.pem/' site/paraph.conf
says "a site's cafile, by the list" '^CRITICAL +open@.*cafile: .*gone.pem.*paraph.conf:[0-9]' paraph check open
is "and once by all" "$(paraph check -j | json 'sum(f["code"] == "anchors_unreadable" for f in d["findings"])')" 1
cp kept.conf site/paraph.conf

# --- a disk that must stay free ---------------------------------------------------------------------------------------
cp site/paraph.conf kept.conf
sed -i 's/^spool_min_free.*/spool_min_free 99%/' site/paraph.conf
says "below spool_min_free" '^CRITICAL .*less than spool_min_free 99%; the MTA keeps new mail +df' paraph status
cp kept.conf site/paraph.conf

# --- mail that nobody takes -----------------------------------------------------------------------------------------
is "a fresh mail is no trouble for a site that runs from cron" "$(paraph status -j | json '[f["code"] for f in d["findings"] if f["severity"] == "CRITICAL"]')" "[]"
old=$(ls site/spool/msg/open@*)
sed -i "s/^X-Paraph-Received: .*/X-Paraph-Received: $(date -u -d '20 minutes ago' +%Y-%m-%dT%H:%M:%SZ)/" "$old"
says "one of 20 minutes is" '^CRITICAL +no daemon runs; mail waits since' paraph status

# --- thousands at once ----------------------------------------------------------------------------------------------
seq -f 'member%g@example.org' 10000 >many
paraph member add open <many >many.out
is "ten thousand members" "$(grep -c '^added' many.out)" 10000
is "once more" "$(paraph member import open many | grep -c '^unchanged')" 10000
python3 - <<'PY'
import glob, shutil
source = open(glob.glob("site/spool/msg/open@*")[0], "rb").read()
import re
number = 0
alphabet = "abcdefghijklmnopqrstuvwxyz234567"
for number in range(3000):
    tail = "".join(alphabet[number // 32 ** i % 32] for i in range(4))
    text = re.sub(rb"X-Paraph-Id: (.{16}).{4}", lambda m: b"X-Paraph-Id: " + m[1] + tail.encode(), source)
    open(f"site/spool/msg/open@lists.example.org.1790000000.{number},abcdefgh", "wb").write(text)
PY
is "three thousand mails are listed" "$(paraph spool list --list open -j | json 'len(d) > 2999')" True
check "held" paraph spool hold ALL --list open >/dev/null
is "every one" "$(paraph spool list -j | json '{e["state"] for e in d if e["list"].startswith("open@") or e["to"].startswith("open@")}')" "{'held'}"
paraph spool drop ALL --list open --yes >/dev/null
is "dropped" "$(paraph spool list --list open)" "nothing waits"

# --- a full disk ----------------------------------------------------------------------------------------------------
if [ "$(id -u)" = 0 ] && mkdir full && mount -t tmpfs -o size=8m none full 2>/dev/null; then
  queued open <five.eml
  paraph member del open <many >/dev/null
  python3 -c 'import sqlite3
c = sqlite3.connect("site/paraph.sqlite"); c.execute("VACUUM"); c.close()'
  cp -a site full/site
  export PARAPH_CONFIG=$work/full/site/paraph.conf
  head -c 20M /dev/zero >full/ballast 2>/dev/null || true
  : >full/proof 2>/dev/null && head -c 100 /dev/zero >full/proof 2>/dev/null && fail "the disk is not full"
  everything "full disk"
  finds disk_full
  check "drop on a full disk" paraph spool drop "$id" >/dev/null
  is "it is gone" "$(paraph spool list --spool msg)" "nothing waits"
  # --- and one that can only be read ---
  rm full/ballast full/proof
  queued_there() { paraph-queue open@lists.example.org <five.eml && id=$(paraph spool list -j | json 'd[0]["id"]'); }
  check "room again" queued_there
  mount -o remount,ro full
  for verb in list "show $id" "cat $id" "trace $id" trace; do
    # shellcheck disable=SC2086
    case $verb in trace*) set -- $verb ;; *) set -- spool $verb ;; esac
    check "$* on a read-only disk" paraph "$@" >/dev/null
  done
  refuse "nothing is dropped" 77 paraph spool drop "$id"
  paraph status -j >status.json || true
  finds database_unwritable
  { paraph fsck -j || true; } | json 'd["findings"]' >/dev/null || fail "fsck on a read-only disk"; ok
  umount full
else
  echo "SKIP: a full disk needs root and tmpfs"
fi
finished
