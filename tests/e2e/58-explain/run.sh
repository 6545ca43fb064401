#!/usr/bin/env bash
# paraph message explain: the first line answers, the rest says why, for files and for mail in every spool; nothing is changed by
# asking, not even on a database that can only be read; nothing from inside an encryption is shown; an owner asks about his lists alone.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob ec
make_person carol rsa
make_person old rsa "" 20200101000000Z 20210101000000Z
make_site
make_list secure olga@example.org
make_list other carol@example.org
paraph member add secure alice@example.org bob@example.org old@example.org dan@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null
paraph cert import --for old@example.org pki/old.pem >/dev/null 2>&1 || true
paraph list create open --owner olga@example.org --type open >/dev/null 2>&1
paraph list create private --owner olga@example.org --type private >/dev/null 2>&1
paraph list create moderated --owner olga@example.org --type open >/dev/null 2>&1
mkdir -p site/list_data/{moderated,broken}/scenari
printf 'true() smtp,md5,smime -> editorkey\n' >site/list_data/moderated/scenari/send.test
sed -i 's/^send .*/send test/' site/list_data/moderated/config
paraph list create broken --owner olga@example.org --type open >/dev/null 2>&1
mkdir -p site/list_data/broken/scenari
printf 'title.gettext broken\n\nis_nobody() smtp -> do_it\n' >site/list_data/broken/scenari/send.test
sed -i 's/^send .*/send test/' site/list_data/broken/config

# Everything but what SQLite keeps beside the database for its readers.
site_state() {
  find site -type f ! -name '*.sqlite-shm' ! -name '*.sqlite-wal' -print0 | sort -z | xargs -0 sha256sum
  find site ! -name '*.sqlite-shm' ! -name '*.sqlite-wal' ! -type f | sort
  python3 -c '
import sqlite3
for line in sqlite3.connect("file:site/paraph.sqlite?mode=ro", uri=True).iterdump(): print(line)'
}
ask() { paraph message explain "$@" >out 2>err || { cat err >&2; fail "explain $*"; }; }
# explains "FIRST LINE BEGINS SO" ARGUMENT…: also as JSON, with the same answer
explains() {
  local want=$1 first; shift
  ask "$@"
  first=$(head -1 out)
  [[ $first == $want* ]] || { cat out >&2; fail "explain $*: '$first', wanted '$want'"; }
  [ "$(wc -l <out)" -le 24 ] || { cat out >&2; fail "explain $*: longer than a screen"; }
  grep -q '^  next ' out || { cat out >&2; fail "explain $*: no next step"; }
  paraph message explain "$@" --json >out.json
  [ "$(value answer)" = "$first" ] || fail "explain $*: JSON answers '$(value answer)'"
  ok
}
says() { grep -qE -- "$1" out || { cat out >&2; fail "does not say: $1"; }; ok; }
value() { python3 -c '
import json, sys
value = json.load(open("out.json"))
for key in sys.argv[1].split("."): value = value[int(key)] if isinstance(value, list) else value[key]
print(value)' "$1"; }
is() { [ "$1" = "$2" ] || { cat out >&2; fail "'$1', wanted '$2'"; }; ok; }

# --- files -------------------------------------------------------------------------------------------------------------------------
rm -f site/site.secret  # and nobody makes it anew
site_state >before
plain stranger eve private >stranger.eml
explains 'REJECTED: eve@example.org to private@lists.example.org' stranger.eml
plain hello alice secure >hello.eml
explains 'REJECTED: alice@example.org to secure@lists.example.org does not count as smime (not_signed)' hello.eml
says 'neither signed nor encrypted: text/plain'
says 'MATCH +.*reject'
says 'if smime it would reach 4 members'
is "$(value action)" reject; is "$(value method)" smtp; is "$(value rules.rule.number)" "$(value rules.trace.-1.number)"
make_post good alice secure
explains 'DISTRIBUTED: alice@example.org to secure@lists.example.org, as smime' post/good.eml
says 'encrypted with AES-256-CBC to our key .*, opened > signed, whole message > text/plain'
says 'reaches 4 members: 2 notice, 2 sealed; sealed with 2 AES-256-CBC; notices for 1 expired, 1 missing|notices for 2 missing'
! grep -qE 'Secret words|Post good' out out.json || fail "something from inside is shown: $(cat out)"; ok
make_signed another carol secure
sed 's/^From: carol@/From: alice@/I' post/another.eml >another.eml
explains 'REJECTED: alice@example.org to secure@lists.example.org does not count as smime (signer_is_not_sender)' another.eml
says 'signer +carol@example.org, .*TEST ONLY CA, valid'
says 'next +alice@example.org signs as that address'
make_signed expired old secure
explains 'REJECTED: old@example.org to secure@lists.example.org does not count as smime (expired)' post/expired.eml
openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/own.key -out pki/own.pem -days 10 -subj /CN=own -addext subjectAltName=email:bob@example.org 2>/dev/null
openssl cms -sign -in post/another.txt -signer pki/own.pem -inkey pki/own.key -md sha256 -from bob@example.org -to secure@lists.example.org -subject own |
  { printf 'Message-ID: <own@example.org>\n'; cat; } >untrusted.eml
explains 'REJECTED: bob@example.org to secure@lists.example.org does not count as smime (untrusted_issuer,signer_is_ca)' untrusted.eml
says 'paraph ca add'
make_post foreign alice other
explains 'REJECTED: alice@example.org to secure@lists.example.org' post/foreign.eml --list secure
says 'not for a key of this address'
{ printf 'From: bob@example.org\n'; cat hello.eml; } | sed '/^Return-Path/d' >two.eml
explains 'REJECTED: somebody to secure@lists.example.org: several_from' two.eml
explains 'REJECTED: alice@example.org to absent@lists.example.org: unknown_list' hello.eml --list absent
plain mod alice moderated >mod.eml
explains 'HELD for an editor: alice@example.org to moderated@lists.example.org: an editor (send.test:1)' mod.eml
plain brk alice broken >brk.eml
explains 'WAITS: alice@example.org to broken@lists.example.org: the list' brk.eml
says 'site/list_data/broken/scenari/send.test:3'
is "$(value action)" reject; is "$(value reason)" not-compiled; is "$(value outcome)" waits
printf 'Auto-Submitted: auto-replied\n' | cat - hello.eml >auto.eml
explains 'DISCARDED: alice@example.org to secure@lists.example.org, answered to nobody: automatic' auto.eml
printf 'List-Id: <secure.lists.example.org>\n' | cat - hello.eml >loop.eml
explains 'DISCARDED: alice@example.org to secure@lists.example.org, answered to nobody: loop: List-Id' loop.eml
plain big alice open >big.eml; head -c 6000000 /dev/zero | tr '\0' 'x' | fold >>big.eml
explains 'REJECTED: alice@example.org to open@lists.example.org: too_large' big.eml
explains 'DISTRIBUTED: alice@example.org to secure@lists.example.org, as smime' hello.eml --auth smime
explains 'REJECTED: eve@example.org to secure@lists.example.org' post/good.eml --sender eve@example.org
explains 'DISTRIBUTED: bob@example.org to secure@lists.example.org, as smime' post/good.eml --sender bob@example.org --auth smime
says 'asked +as if it had come from bob@example.org with smime'
refuse 'an unknown method' 64 paraph message explain hello.eml --auth pgp
plain nowhere alice secure | sed 's/^To:.*/To: friends@example.org/' >nowhere.eml
refuse 'a mail to nobody here' 64 paraph message explain nowhere.eml
refuse 'no such file' 66 paraph message explain ./absent.eml

ask post/good.eml --members
says '^  alice@example.org +sealed +AES-256-CBC'
says '^  dan@example.org +notice +missing'
paraph message explain post/good.eml --members --json >out.json
is "$(value members.0.member)" alice@example.org; is "$(value members.2.outcome)" notice
chmod 644 site/list_data/secure/private_key
explains 'WAITS: alice@example.org to secure@lists.example.org: it is encrypted to a key of ours that cannot be used' post/good.eml
chmod 600 site/list_data/secure/private_key
site_state >after
diff before after || fail "asking has changed something"; ok

# --- a database that can only be read -------------------------------------------------------------------------------------------------
# chmod stops nobody who is root, a mount does.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  unshare -m --propagation private bash -c 'mount --bind site site && mount -o remount,bind,ro site && ! touch site/x 2>/dev/null &&
    exec paraph message explain post/good.eml' >out 2>err || fail "read-only: $(cat err)"
  says '^DISTRIBUTED: alice@example.org to secure'
else
  chmod 400 site/paraph.sqlite
  explains 'DISTRIBUTED: alice@example.org to secure' post/good.eml
  chmod 600 site/paraph.sqlite
fi

# --- spools ----------------------------------------------------------------------------------------------------------------------------
newest() { paraph spool list -j "$@" | python3 -c 'import json, sys; print(json.load(sys.stdin)[-1]["id"])'; }
paraph-queue moderated@lists.example.org <mod.eml; run_daemons
held=$(newest --spool moderation)
site_state >before
explains 'HELD for an editor: alice@example.org to moderated@lists.example.org: an editor' "$held"
says 'when its signature counted as smtp'; says 'when an editor releases it: distributed'
says "next +paraph moderation distribute moderated ${held:0:8}"
ask "${held:0:12}"
paraph-queue private@lists.example.org <stranger.eml
spooled=$(newest --spool msg)
explains 'REJECTED: eve@example.org to private@lists.example.org' "$spooled"
says 'guard +not asked'
run_daemons
explains 'ENDED, and its octets are gone: eve@example.org to private@lists.example.org: rejected' "$spooled"
sed '/^Message-ID/Id' hello.eml >nomid.eml
paraph-queue secure@lists.example.org <nomid.eml; run_daemons
bad=$(newest --spool bad)
explains 'QUARANTINED: ' "$bad"
says 'no_message_id'; says "paraph spool retry ${bad:0:8}"
rm -f site/spool/msg/bad/*.reason
explains 'QUARANTINED: ' "$bad"; says 'no reason is noted'
paraph-queue secure@lists.example.org <post/good.eml; paraph-incoming --once 2>>incoming.log
bulk=$(newest --spool bulk)
explains 'DISTRIBUTED: alice@example.org to secure@lists.example.org' "$bulk"
says 'ledger +distributed'
refuse 'no such id' 66 paraph message explain aaaaaaaaaaaaaaaaaaaa
paraph spool show "$held" | grep -q "paraph message explain ${held:0:8}" || fail "spool show does not name explain"; ok
paraph trace "$held" | grep -q "paraph message explain ${held:0:8}" || fail "trace does not name explain"; ok

# --- what is no post of somebody who needs a signature ----------------------------------------------------------------------------------
printf '\nencrypted_post_min_coverage 90\n' >>site/list_data/secure/config
explains 'HELD for an editor: alice@example.org to secure@lists.example.org: coverage: ' post/good.eml
says '^  next +paraph cert coverage secure'
explains 'FORWARDED: alice@example.org to secure-request@lists.example.org' hello.eml --list secure-request@lists.example.org
says '^  next +paraph list show secure'
explains 'FORWARDED: alice@example.org to listmaster@lists.example.org' hello.eml --list listmaster@lists.example.org
says '^  next +paraph config show listmaster'
explains 'QUARANTINED: alice@example.org to sympa-request@lists.example.org' hello.eml --list sympa-request@lists.example.org
says '^  next +check the aliases'
explains 'REJECTED: alice@example.org to sympa@lists.example.org: no_command' hello.eml --list sympa@lists.example.org
says '^  next +a command in the text'
printf 'From: alice@example.org\nTo: sympa@lists.example.org\nMessage-ID: <join@example.org>\nSubject: subscribe open\n\n' >join.eml
explains 'ANSWERED: alice@example.org to sympa@lists.example.org: SUBSCRIBE open' join.eml
says "^  next +somebody's answer.*paraph request list open"
paraph-queue sympa@lists.example.org <join.eml; paraph-incoming --once 2>>incoming.log
request=$(newest --spool auth)
explains "HELD for its author's confirmation: alice@example.org to sympa@lists.example.org: SUBSCRIBE open" "$request"
says "^  next +paraph request accept open@lists.example.org ${request:0:8}"

# --- owners: their lists alone, and no file ------------------------------------------------------------------------------------------------
may() { local who=$1; shift; paraph --as "$who@example.org" message explain "$@"; }
check 'an owner asks about his list' may olga "$held" --list moderated >out
grep -q '^HELD for an editor' out || fail "$(cat out)"; ok
refuse 'an owner of no such list' 77 may carol "$held" --list moderated
refuse 'an owner without a list' 77 may olga "$held"
refuse "another list's mail is none" 66 may olga "$held" --list secure
mv refused.err foreign.err
refuse 'nor is one that never was' 66 may olga "${held:0:19}$([ "${held:19}" = a ] && echo b || echo a)" --list secure
cmp <(sed 's/[a-z2-7]\{20\}/ID/' foreign.err) <(sed 's/[a-z2-7]\{20\}/ID/' refused.err) || fail "told apart: $(cat foreign.err refused.err)"; ok
finished
