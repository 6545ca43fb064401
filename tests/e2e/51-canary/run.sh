#!/usr/bin/env bash
# Nothing of an encrypted post is ever outside memory and the members' own sealed copies (security rules 28 to 34, attack A3): a
# word that stands in its text and in its protected Subject is looked for, in every coding, after each ending a post can have.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"
support=$PARAPH_SOURCE/tests/e2e/support

canary="Canary$(od -An -N15 -tx8 /dev/urandom | tr -d ' \n')Yranac"
mkdir -p site-tmp out words
export TMPDIR=$work/site-tmp
ulimit -c unlimited   # a dump of a program that holds plaintext must not appear, even where dumps are wanted
python3 "$support/smtp_keep.py" out & keep=$!
for ((i = 0; i < 100; i++)); do [ -s out/port ] && break; sleep 0.1; done
port=$(cat out/port)

make_ca
make_person alice rsa
make_person bob ec
make_person mallory rsa
make_person refused rsa
make_person later rsa
make_site
make_list secure alice@example.org
check "members" paraph member add secure alice@example.org bob@example.org carol@example.org refused@example.org later@example.org
check "certificates" paraph cert import pki/alice.pem pki/bob.pem pki/refused.pem pki/later.pem
for name in moderated confirmed; do make_list $name alice@example.org; paraph member add $name bob@example.org >/dev/null; done
mkdir -p site/list_data/{moderated,confirmed}/scenari
printf 'title.gettext held\n\ntrue() smtp,md5,smime -> editorkey\n' >site/list_data/moderated/scenari/send.private_smime
printf 'title.gettext held\n\ntrue() smtp,md5,smime -> request_auth\n' >site/list_data/confirmed/scenari/send.private_smime
make_list any alice@example.org open
paraph member add any bob@example.org mallory@example.org >/dev/null
paraph key generate site >/dev/null 2>&1
openssl x509 -req -in site/list_data/sympa/request.pem -CA pki/ca.pem -CAkey pki/ca.key -days 700 -copy_extensions copyall -out pki/site.pem 2>/dev/null
paraph key install site --cert pki/site.pem >/dev/null 2>&1
sed -i "s,^transport.*,transport smtp://127.0.0.1:$port," site/paraph.conf

# secret NAME FROM LIST [OUTER-FIELDS]: post/NAME.eml with the canary inside, signed by FROM and encrypted to LIST
secret() {
  local name=$1 from=$2 list=$3
  mkdir -p post
  { printf 'Content-Type: text/plain; charset=utf-8; protected-headers="v1"; hp="cipher"\r\n'
    printf 'From: %s@example.org\r\nSubject: %s\r\n\r\nFirst line of %s.\r\n%s at the start of a line, and x%s, xx%s.\r\n' \
      "$from" "$canary" "$name" "$canary" "$canary" "$canary"; } >"post/$name.txt"
  openssl cms -sign -in "post/$name.txt" -signer "pki/$from.pem" -inkey "pki/$from.key" -md sha256 -out "post/$name.signed"
  wrap "$name" "$from" "$list" "post/$name.signed"
}
wrap() {  # NAME FROM LIST ENTITY
  local key=$3
  [ "$key" = sympa ] || [ -e "site/list_data/$key/cert.pem" ] || key=secure
  openssl cms -encrypt -aes256 -in "$4" -from "$2@example.org" -to "$3@lists.example.org" -subject "..." \
    -out "post/$1.encrypted" "site/list_data/$key/cert.pem"
  { printf 'Return-Path: <%s@example.org>\nMessage-ID: <%s@example.org>\nDate: Mon, 23 Nov 2026 12:00:00 +0000\n' "$2" "$1"
    cat "post/$1.encrypted"; } >"post/$1.eml"
}
# ends NAME LIST OUTCOME: queues post/NAME.eml, runs the daemons, and the ledger must say so
ends() {
  local id got
  paraph-queue "$2@lists.example.org" <"post/$1.eml" || fail "$1: not accepted"
  id=$(grep -a -m1 '^X-Paraph-Id: ' "$(ls -td site/spool/msg/"$2"@* | head -1)" | cut -d' ' -f2)
  run_daemons
  got=$(ledger "select outcome || ' ' || reason from paraph_mail where id = '$id'")
  [[ $got == $3* ]] || fail "$1: ledger says '$got', wanted '$3'"
  ok
  say "$1"
}
# Everything that a reader of the site, its logs or the wire could see, what the tools print included.
say() {
  { paraph status; paraph status --json; paraph spool list; paraph spool list --json; paraph lists
    for list in moderated confirmed secure; do
      for spool in moderation request; do
        paraph $spool list $list; paraph $spool list $list --json
        while read -r id; do paraph $spool show $list "$id"; paraph $spool show $list "$id" --json; done < <(waiting_in $spool $list)
      done
    done
    while read -r id; do paraph trace "$id"; paraph trace "$id" --json; done < <(ledger "select id from paraph_mail order by received desc limit 3")
    while read -r id; do paraph spool show "$id"; paraph spool show "$id" --json; done < <(
      paraph spool list --json | python3 -c 'import json, sys; [print(e["id"]) for e in json.load(sys.stdin) if e["id"]]')
    paraph cert coverage secure; paraph cert coverage secure --json; paraph cert show alice@example.org --json
    paraph message inspect "post/$1.eml" --list secure; paraph message inspect "post/$1.eml" --list secure --json
  } >"words/$1" 2>&1 </dev/null || true
}
waiting_in() {  # moderation|request LIST: ids
  paraph "$1" list "$2" --json 2>/dev/null | python3 -c 'import json, sys; [print(e["id"]) for e in json.load(sys.stdin)]'
}
nowhere() {
  python3 "$support/canary.py" "$canary" site site-tmp out words ./*.log >found.txt || fail "$1: $(cat found.txt)"
  ok
}

# --- each ending --------------------------------------------------------------------------------------------------------
secret distributed alice secure
ends distributed secure distributed
# The search is worth something only if the word is there to be read by those who may.
copy=$(grep -l '^X-Envelope: .*bob@example.org' out/*.eml)
sed 1d "$copy" >bob.eml
check "bob reads it" opens bob.eml bob post/distributed.txt
grep -q "$canary" opened.eml || fail "the word is not in the post"; ok
[ "$(ledger "select count(*) from paraph_copy where outcome = 'notice'")" = 1 ] || fail "carol has no notice: $(ledger 'select * from paraph_copy')"; ok
grep -rqs 'refused@example.org' site/ *.log || fail "nobody tells of the refused recipient"; ok
[ "$(grep -l '^X-Envelope: .*later@example.org' out/*.eml | wc -l)" -ge 1 ] || fail "later@ was not tried"; ok

secret moderated alice moderated;  ends moderated moderated held
secret confirmed alice confirmed;  ends confirmed confirmed held
secret stranger mallory secure;    ends stranger secure rejected
wrap unsigned alice secure post/distributed.txt; ends unsigned secure rejected
secret forged mallory secure; sed -i 's/^From: mallory@/From: alice@/' post/forged.eml; ends forged secure rejected
secret twofrom alice secure; sed -i 's/^From: .*/&\nFrom: mallory@example.org/' post/twofrom.eml; ends twofrom secure rejected
secret unnamed alice secure; sed -i '/^Message-ID:/d' post/unnamed.eml; ends unnamed secure quarantined
secret acme alice secure; sed -i 's/^Subject: .*/Subject: ACME: token/' post/acme.eml; ends acme secure quarantined
secret loop alice secure; sed -i 's/^Subject: /X-Loop: secure@lists.example.org\n&/' post/loop.eml; ends loop secure discarded
secret answered alice sympa; ends answered sympa answered
secret command mallory sympa
wrap command mallory sympa post/distributed.txt; ends command sympa ''
secret role alice secure; ends role secure-editor forwarded
secret spare alice any; ends spare any distributed
# opened by the key, but no mail inside; broken on its way; broken inside the signature
{ printf '%s and nothing else\r\n' "$canary"; } >bare.txt
openssl cms -encrypt -binary -aes256 -in bare.txt -outform DER "site/list_data/any/cert.pem" | openssl base64 >bare.b64
{ printf 'Return-Path: <alice@example.org>\nMessage-ID: <bare@example.org>\nFrom: alice@example.org\nTo: any@lists.example.org\nSubject: ...\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\nContent-Transfer-Encoding: base64\n\n'
  cat bare.b64; } >post/bare.eml
ends bare any ''
secret broken alice secure
python3 - <<'PY'
import base64
head, body = open("post/broken.eml").read().split("\n\n", 1)
octets = bytearray(base64.b64decode(body))
octets[-40] ^= 1
open("post/broken.eml", "w").write(head + "\n\n" + base64.encodebytes(bytes(octets)).decode())
PY
ends broken secure rejected
sed "s/First line/Second line/" post/distributed.signed >post/changed.signed
wrap changed alice secure post/changed.signed; ends changed secure rejected

nowhere "after each ending"
grep -q '"outcome": "held"' words/confirmed && grep -q '"encrypted": true' words/distributed || fail "the tools told nothing: $(cat words/confirmed)"; ok

# --- a moderator decides: released, refused with and without a word, confirmed ---------------------------------------------
decided() {  # moderation|request VERB LIST OUTCOME [WORD…]: about the one post that waits there
  local id got
  id=$(waiting_in "$1" "$3")
  [ "$(wc -w <<<"$id")" = 1 ] || fail "$1 of $3: not one waits but '$id'"
  paraph "$1" "$2" "$3" "$id" "${@:5}" >"words/$2-$id" 2>&1 || fail "$1 $2: $(cat "words/$2-$id")"
  run_daemons
  got=$(ledger "select outcome || ' ' || reason from paraph_mail where id = '$id'")
  [[ $got == $4* ]] || fail "$2: ledger says '$got', wanted '$4'"
  ok
  say "$2-$id"
}
before=$(grep -l '^X-Envelope: .*bob@example.org' out/*.eml | wc -l)
decided moderation distribute moderated 'distributed distribute by'
copy=$(grep -l '^X-Envelope: .*bob@example.org' out/*.eml | xargs ls -t | head -1)
sed 1d "$copy" >bob.eml
check "bob reads what was released" opens bob.eml bob post/moderated.txt
decided request accept confirmed 'distributed confirm by'
[ "$(grep -l '^X-Envelope: .*bob@example.org' out/*.eml | wc -l)" -ge $((before + 2)) ] || fail "not both were sent to bob"; ok
secret refusal alice moderated;  ends refusal moderated held
decided moderation reject moderated 'rejected moderated' Please ask the helpdesk.
grep -q 'Please ask the helpdesk' out/*.eml || fail "the author is not told"; ok
secret unwanted alice moderated; ends unwanted moderated held
decided moderation reject moderated 'rejected moderated' --quiet
secret unconfirmed alice confirmed; ends unconfirmed confirmed held
decided request refuse confirmed 'rejected '
nowhere "after a moderator's decisions"

# --- while the daemons run: their environment, arguments and open files, SQLite's log, .wait notes ---------------------------
secret running alice secure
secret kept alice moderated
paraph-incoming 2>>incoming.log & incoming=$!
paraph-distribute 2>>distribute.log & distribute=$!
paraph-queue secure@lists.example.org <post/running.eml
paraph-queue moderated@lists.example.org <post/kept.eml
sent() { [ "$(ledger "select count(*) from paraph_copy c join paraph_mail m on m.id = c.mail_id where m.message_id = 'running@example.org' and c.outcome != ''")" = 5 ] &&
  [ -n "$(waiting_in moderation moderated)" ]; }
for ((i = 0; i < 600; i++)); do sent && break; sleep 0.1; done
sent || fail "the daemons did not end: $(tail -n 3 incoming.log distribute.log)"; ok
[ -s site/paraph.sqlite-wal ] || fail "no log of SQLite's to look into"; ok
mkdir -p processes
for pid in $incoming $distribute $(pgrep -P $incoming) $(pgrep -P $distribute); do
  for what in environ cmdline limits; do cat "/proc/$pid/$what" >"processes/$pid.$what" 2>/dev/null || true; done
  grep -q '^Max core file size  *0  *0 ' "/proc/$pid/limits" || fail "process $pid may leave a dump"
  # what is deleted and open is on the disk all the same
  for file in /proc/"$pid"/fd/*; do [ -f "$file" ] && cat "$file" >"processes/$pid.fd.${file##*/}" 2>/dev/null || true; done
done
ok
[ -n "$(find processes -name '*.fd.*' -size +0)" ] || fail "no open file was looked into"; ok
python3 "$support/canary.py" "$canary" processes >found.txt || fail "in a process: $(cat found.txt)"; ok
nowhere "while the daemons run"
kill $incoming $distribute
wait $incoming $distribute || true
say running

# --- the MTA is away, the key is locked, a worker dies: what waits is ciphertext -----------------------------------------
sed -i 's,^transport.*,transport smtp://127.0.0.1:1,' site/paraph.conf
secret waiting alice secure
paraph-queue secure@lists.example.org <post/waiting.eml
run_daemons
paraph spool list | grep -q refused || fail "nothing waits for the MTA: $(paraph spool list)"; ok
[ -n "$(find site/spool -name '*.wait' -size +0)" ] || fail "no note says why it waits"; ok
say waiting
nowhere "while a packet waits"
sed -i "s,^transport.*,transport smtp://127.0.0.1:$port," site/paraph.conf
paraph spool flush ALL >/dev/null
run_daemons
say waited
cp site/list_data/secure/private_key good.key
openssl pkey -in good.key -aes256 -passout pass:unknown -out site/list_data/secure/private_key
chmod 600 site/list_data/secure/private_key
secret locked alice secure
paraph-queue secure@lists.example.org <post/locked.eml
run_daemons
paraph spool list | grep -q 'key of ours' || fail "nothing waits for the key: $(paraph spool list)"; ok
say locked
nowhere "while the key is locked"
cp good.key site/list_data/secure/private_key
printf 'incoming_max_count 1\nbulk_max_count 1\n' >>site/paraph.conf
secret killer alice secure
paraph-queue secure@lists.example.org <post/killer.eml
paraph-incoming --once 2>>incoming.log
packet=$(ls site/spool/bulk/pct | head -1)
PARAPH_TEST_POISON=$packet paraph-distribute --once 2>>distribute.log
secret poison alice secure
paraph-queue secure@lists.example.org <post/poison.eml
PARAPH_TEST_POISON=secure@ paraph-incoming --once 2>>incoming.log
say died
nowhere "after a worker died"
[ -z "$(find . -name 'core*' -not -path './pki/*')" ] || fail "a dump: $(find . -name 'core*')"; ok

# --- the search can fail: planted once in every way that it claims to know ------------------------------------------------
plant() {  # WHAT FILE <octets
  cat >"$2"
  ! python3 "$support/canary.py" "$canary" site out words ./*.log >found.txt || fail "the search is blind to $1"
  rm "$2"
  ok
}
printf 'log: %s\n' "$canary" | plant "text" site/spool/msg/bad/probe
printf 'log: %s=\n%s\n' "${canary:0:11}" "${canary:11}" | plant "a soft line end" words/probe
for offset in '' x xx; do
  printf '%s%s tail' "$offset" "$canary" | base64 -w 20 | plant "base64 after '$offset'" site/probe
  printf '%s%s' "$offset" "$canary" | iconv -t UTF-16LE | base64 -w 76 | plant "UTF-16 in base64 after '$offset'" site/probe
done
printf '%s' "$canary" | iconv -t UTF-16BE | plant "UTF-16" site/probe
printf '%s' "$canary" | od -An -tx1 | plant "hex" site/probe
printf 'x%s' "$canary" | gzip | plant "gzip" site/probe
printf '%s' "$canary" | sed 's/C/=43/; s/a/=61/' | plant "quoted-printable escapes" site/probe
printf '%s' "$canary" | sed 's/C/%%43/; s/%%/%/' | plant "percent escapes" site/probe
python3 - "$canary" <<'PY' | plant "a nested mail's leaf" out/probe.eml
import sys
from email.message import EmailMessage
inner, outer = EmailMessage(), EmailMessage()
inner["Subject"] = "x"
inner.set_content(sys.argv[1], cte="base64")
outer["From"], outer["To"], outer["Subject"] = "a@example.org", "b@example.org", "y"
outer.set_content("words")
outer.add_attachment(inner)
sys.stdout.write(outer.as_string())
PY
python3 - "$canary" <<'PY' | plant "an encoded Subject" out/probe.eml
import base64, sys
print("From: a@example.org\nTo: b@example.org\nSubject: =?utf-8?b?%s?=\n =?utf-8?b?%s?=\n\nwords" % tuple(
    base64.b64encode(half.encode()).decode() for half in (sys.argv[1][:9], sys.argv[1][9:])))
PY
python3 - "$canary" <<'PY'
import sqlite3, sys
base = sqlite3.connect("site/paraph.sqlite")
base.execute("create table probe (word text)")
base.execute("insert into probe values (?)", [sys.argv[1]])
base.commit()
PY
! python3 "$support/canary.py" "$canary" site >found.txt || fail "the search is blind to the database"; ok
kill $keep
finished
