#!/usr/bin/env bash
# Posts that wait for an editor or for their author: listed, shown, released, refused, expired. Released, they are judged again (security
# rule 18) and go out byte for byte; the editor's word stands for a coverage too (encrypted_post_min_coverage) and for a repeated signature,
# and not against a rule that refuses now. Of an encrypted post the editor gets what is sealed to him, and nothing else.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob ec
make_site
make_list secure alice@example.org
make_list other alice@example.org
paraph member add secure alice@example.org bob@example.org >/dev/null
paraph editor add secure bob@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null
scenario() { # scenario RULES
  mkdir -p site/list_data/secure/scenari
  printf 'title.gettext test\n\n%s\n' "$1" >site/list_data/secure/scenari/send.test
}
scenario 'true() smtp,md5,smime -> editorkey'
sed -i 's/^send .*/send test/' site/list_data/secure/config

id_in() { paraph "$1" list "$2" -j | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d[-1]["id"] if d else "none")'; }
outcome() { ledger "select outcome || ' ' || reason from paraph_mail where id = '$1'"; }
# became ID WANTED…: the ledger's outcome and the beginning of its reason
became() { local got; got=$(outcome "$1"); [[ $got == $2* ]] || fail "ledger says '$got', wanted '$2'; $(tail -3 incoming.log)"; ok; }
post() { paraph-queue secure@lists.example.org <"$1"; }

# --- plain, and signed and encrypted -----------------------------------------------------------------------------------------------
plain first alice secure >first.eml; post first.eml; run_daemons
id=$(id_in moderation secure)
became "$id" held
[ "$(count_for bob)" = 1 ] || fail "the editor has $(count_for bob) notices"; ok
grep -q "paraph moderation distribute secure $id" "$(mail_for bob)" || fail "the notice names no command: $(cat "$(mail_for bob)")"; ok
paraph moderation show secure "$id" | grep -q 'alice@example.org' || fail "show"; ok
refuse 'another list, the same answer' 66 paraph moderation distribute other "$id"
refuse 'not one of the other spool' 66 paraph request accept secure "$id"
check "dry run" paraph moderation distribute secure "$id" --dry-run
became "$id" held
empty_mailboxes
check "released" paraph moderation distribute secure "$id"
run_daemons
became "$id" 'distributed distribute by'
[ "$(count_for bob)" = 1 ] || fail "bob has $(count_for bob) copies"; ok
[ "$(sed '1,/^\r*$/d' "$(mail_for bob)")" = "$(sed '1,/^\r*$/d' first.eml | tr -d '\r')" ] || diff <(sed '1,/^\r*$/d' "$(mail_for bob)") <(sed '1,/^\r*$/d' first.eml | tr -d '\r') || fail "its body has changed"; ok
[ "$(id_in moderation secure)" = none ] || fail "still listed"; ok

empty_mailboxes
make_post secret alice secure; post post/secret.eml; run_daemons
id=$(id_in moderation secure)
became "$id" held
! grep -q "Post secret" "$(mail_for bob)" || fail "the notice tells about an encrypted post: $(cat "$(mail_for bob)")"; ok
openssl cms -decrypt -in "$(mail_for bob)" -recip pki/bob.pem -inkey pki/bob.key -out notice.eml || fail "the notice is not sealed to bob"; ok
[ "$(grep -c 'An encrypted message' notice.eml)" = 1 ] || fail "the notice does not say that it is encrypted: $(cat notice.eml)"; ok
empty_mailboxes
paraph moderation distribute secure "$id" >/dev/null; run_daemons
became "$id" 'distributed distribute by'
opens "$(mail_for bob | head -1)" bob post/secret.txt >/dev/null || fail "bob cannot open his copy"; ok

# --- refused ---------------------------------------------------------------------------------------------------------------------------
empty_mailboxes
plain second alice secure >second.eml; post second.eml; run_daemons
id=$(id_in moderation secure)
empty_mailboxes
check "refused" paraph moderation reject secure "$id" Please write to the helpdesk.
run_daemons
became "$id" 'rejected moderated'
grep -q 'Please write to the helpdesk' "$(mail_for alice)" || fail "the author is not told why"; ok
[ "$(count_for bob)" = 0 ] || fail "bob got a refused post"; ok
empty_mailboxes
plain third alice secure >third.eml; post third.eml; run_daemons
id=$(id_in moderation secure); empty_mailboxes
paraph moderation reject --quiet secure "$id" >/dev/null; run_daemons
became "$id" 'rejected moderated'
[ "$(count_for alice)" = 0 ] || fail "told, though quiet"; ok

# --- judged again: what refuses now, refuses ------------------------------------------------------------------------------------------
plain fourth alice secure >fourth.eml; post fourth.eml; run_daemons
id=$(id_in moderation secure); empty_mailboxes
scenario "equal([sender],'alice@example.org') smtp,md5,smime -> reject(reason='blocked')
true() smtp,md5,smime -> do_it"
paraph moderation distribute secure "$id" >/dev/null; run_daemons
became "$id" 'rejected blocked'
[ "$(count_for bob)" = 0 ] || fail "distributed against a rule"; ok

# --- and so does what is known of the signer now (security rule 18) ---------------------------------------------------------------------
# hold_signed NAME FROM; then release_judged WANTED
hold_signed() {
  scenario 'true() smtp,md5,smime -> editorkey'
  make_signed "$1" "$2" secure; post "post/$1.eml"; run_daemons
  id=$(id_in moderation secure); empty_mailboxes
  became "$id" held
}
release_judged() {
  scenario "true() smtp,md5 -> reject(reason='unproven')
true() smime -> do_it"
  paraph moderation distribute secure "$id" >/dev/null; run_daemons
  became "$id" "$1"
}
hold_signed proven alice
release_judged 'distributed distribute by'

# Whom nobody knew when the post came, is not known to have written it because his authority is trusted later.
openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/late.key -out pki/late.pem -days 3650 -config pki/ca.conf -extensions root \
  -subj "/CN=TEST late CA" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout pki/dora.key -out pki/dora.req -config pki/ca.conf -subj "/CN=TEST dora" \
  -addext subjectAltName=email:dora@example.org -addext keyUsage=digitalSignature 2>/dev/null
openssl ca -batch -config pki/ca.conf -cert pki/late.pem -keyfile pki/late.key -extensions person -notext -in pki/dora.req \
  -out pki/dora.pem -startdate 20250101000000Z -enddate 20460101000000Z 2>/dev/null
hold_signed early dora
paraph ca add pki/late.pem >/dev/null 2>&1
release_judged 'rejected unproven'
hold_signed late dora
release_judged 'distributed distribute by'

# The signature carries no certificate, and the stored one was replaced while the post waited.
hold_bare() {
  make_signed "$1" alice secure
  openssl cms -sign -in "post/$1.txt" -signer pki/alice.pem -inkey pki/alice.key -md sha256 -nocerts -from alice@example.org \
    -to secure@lists.example.org -subject "Post $1" -out "post/$1.signed"
  { printf 'Message-ID: <%s@example.org>\n' "$1"; cat "post/$1.signed"; } >"post/$1.eml"
  scenario 'true() smtp,md5,smime -> editorkey'
  post "post/$1.eml"; run_daemons
  id=$(id_in moderation secure); empty_mailboxes
  became "$id" held
}
hold_bare renewed
make_person alice rsa "" 20260101000000Z
paraph cert import pki/alice.pem >/dev/null
paraph cert history alice@example.org | grep -q '^history ' || fail "nothing was replaced"; ok
release_judged 'distributed distribute by'
hold_bare taken
paraph cert remove alice@example.org >/dev/null
release_judged 'rejected unproven'

# Revoked while the post waited.
hold_signed betrayed alice
openssl ca -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -revoke pki/alice.pem 2>/dev/null
openssl ca -gencrl -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -crldays 30 -out revoked.crl 2>/dev/null
paraph crl import revoked.crl >/dev/null
release_judged 'rejected unproven'
[[ $(outcome "$id") == *'revoked'*'smime when held, smtp now'* ]] || fail "not both verdicts are shown: $(outcome "$id")"; ok
rm site/crl/*

# --- confirmation, then moderation ----------------------------------------------------------------------------------------------------
scenario 'true() smtp -> request_auth,editorkey
true() md5,smime -> do_it'
plain fifth alice secure >fifth.eml; post fifth.eml; run_daemons
id=$(id_in request secure)
became "$id" 'held the sender'
scenario 'true() smtp,md5 -> request_auth,editorkey
true() smime -> do_it'
check "confirmed" paraph request accept secure "$id"
run_daemons
[ "$(id_in moderation secure)" = "$id" ] || fail "not with the editors after it was confirmed: $(outcome "$id")"; ok
empty_mailboxes
paraph moderation distribute secure "$id" >/dev/null; run_daemons
became "$id" 'distributed distribute by'
[ "$(count_for bob)" = 1 ] || fail "bob has $(count_for bob) copies"; ok
plain sixth alice secure >sixth.eml; post sixth.eml; run_daemons
scenario 'true() smtp -> request_auth
true() md5,smime -> do_it'
id=$(id_in request secure); empty_mailboxes
paraph request accept secure "$id" >/dev/null; run_daemons
became "$id" 'distributed confirm by'

# --- a killed decision: both files are there, and one mail goes out ------------------------------------------------------------------
scenario 'true() smtp,md5,smime -> editorkey'
plain seventh alice secure >seventh.eml; post seventh.eml; run_daemons
id=$(id_in moderation secure); empty_mailboxes
cp -p "site/spool/moderation/$id" kept; cp -p "site/spool/moderation/$id.reason" kept.reason
paraph moderation distribute secure "$id" >/dev/null
cp -p kept "site/spool/moderation/$id"; cp -p kept.reason "site/spool/moderation/$id.reason"
refuse 'somebody has decided' 75 paraph moderation distribute secure "$id"
run_daemons
check "decided again, after it went out" paraph moderation distribute secure "$id"
run_daemons
became "$id" 'distributed distribute by'
[ "$(count_for bob)" = 1 ] || fail "bob has $(count_for bob) copies"; ok

# --- coverage holds once ------------------------------------------------------------------------------------------------------------------
scenario 'true() smtp,md5,smime -> do_it'
paraph member add secure carol@example.org >/dev/null
printf '\nencrypted_post_min_coverage 90\n' >>site/list_data/secure/config
make_post covered alice secure; post post/covered.eml; run_daemons
id=$(id_in moderation secure)
became "$id" 'held coverage'
empty_mailboxes
paraph moderation distribute secure "$id" >/dev/null; run_daemons
became "$id" 'distributed distribute by'
[ "$(count_for bob)" -ge 1 ] || fail "bob has none"; ok

finished
