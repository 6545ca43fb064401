#!/usr/bin/env bash
# Decisions and requests by mail: CONFIRM, DISTRIBUTE, REJECT, AUTH with keys that stand in one mail only (security rules 16, 17, 46), and
# the requests that they are about. Plain, signed, encrypted, and signed and encrypted posts; what must not release one.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob ec
make_person carol rsa
make_site
make_list secure alice@example.org
make_list open alice@example.org open
make_list other alice@example.org open
paraph member add open alice@example.org bob@example.org >/dev/null
paraph member add secure alice@example.org bob@example.org >/dev/null
for list in open secure; do paraph editor add $list bob@example.org dave@example.org >/dev/null; done
paraph editor add other carol@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem pki/carol.pem >/dev/null
lists=lists.example.org
scenario() { # scenario LIST FUNCTION RULES
  mkdir -p "site/list_data/$1/scenari"
  printf 'title.gettext test\n\n%s\n' "$3" >"site/list_data/$1/scenari/$2.test"
  sed -i "/^$2 /d" "site/list_data/$1/config"; printf '\n%s test\n' "$2" >>"site/list_data/$1/config"
}
outcome() { ledger "select outcome || ' ' || reason from paraph_mail where id = '$1'"; }
became() { local got; got=$(outcome "$1"); [[ $got == $2* ]] || fail "ledger says '$got', wanted '$2'; $(tail -3 incoming.log)"; ok; }
id_in() { paraph "$1" list "$2" -j | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d[-1]["id"] if d else "none")'; }
# decoded FILE: the text of a notice of ours, signed or not
decoded() { python3 -c '
import email, sys
mail = email.message_from_binary_file(open(sys.argv[1], "rb"))
for part in mail.walk():
    if part.get_content_type() == "text/plain": print(part.get_payload(decode=True).decode()); break' "$1"; }
# line_for NAME WORD: the line of his newest mail that begins so
line_for() { for f in $(mail_for "$1"); do decoded "$f"; done | grep "^$2 " | tail -1 || true; }
# order FROM LINE…: a mail with these lines to sympa@
commands=0
command_mail() { commands=$((commands + 1)); printf 'Return-Path: <%s@example.org>\nMessage-ID: <command.%s@example.org>\nFrom: %s@example.org\nTo: sympa@lists.example.org\nSubject: hello\n\n' "$1" $commands "$1"; shift; printf '%s\n' "$@"; }
order() { command_mail "$@" | paraph-queue sympa@$lists; run_daemons; }
# signed_command FROM LINE: the same, signed
signed_command() {
  local who=$1; shift
  { printf 'Content-Type: text/plain\r\n\r\n'; printf '%s\r\n' "$@"; } >command.txt
  openssl cms -sign -in command.txt -signer "pki/$who.pem" -inkey "pki/$who.key" -md sha256 -from "$who@example.org" -to sympa@$lists -subject release -out command.signed
  commands=$((commands + 1))
  { printf 'Return-Path: <%s@example.org>\nMessage-ID: <command.%s@example.org>\n' "$who" $commands; cat command.signed; } >command.eml
  paraph-queue sympa@$lists <command.eml; run_daemons
}
report_for() { for f in $(mail_for "$1"); do decoded "$f"; done | tr -s '\n ' ' '; }
says() { [[ "$(report_for "$1")" == *"$2"* ]]; }  # says NAME TEXT: a mail of ours to him does

# --- a plain post: each editor has a key of his own, and it says one thing about one post ---------------------------------------------
scenario open send 'true() smtp,md5,smime -> editorkey'
printf '\nrelease_by_mail key\n' >>site/list_data/open/config
plain first alice open >first.eml; paraph-queue open@$lists <first.eml; run_daemons
id=$(id_in moderation open); became "$id" held
bobs=$(line_for bob DISTRIBUTE); daves=$(line_for dave DISTRIBUTE)
[ -n "$bobs" ] && [ -n "$daves" ] && [ "$bobs" != "$daves" ] || fail "keys: '$bobs' '$daves'"; ok
key=${bobs##* }
! grep -rqa "$key" site --include='*' --exclude-dir=maildir || fail "the key is on the disk: $(grep -rla "$key" site --exclude-dir=maildir)"; ok
! grep -q "^Subject:.*$key" $(mail_for bob) || fail "a key in a Subject"; ok
empty_mailboxes
order mallory "DISTRIBUTE open aaaaaaaaaaaaaaaaaaaaaaaaaa"
became "$id" held
says mallory 'stands for nothing' || fail "an unknown key: $(report_for mallory)"; ok
order bob "DISTRIBUTE other@$lists $key"; became "$id" held          # bound to its list
order bob "CONFIRM $key"; became "$id" held                          # and to what it may say
order bob "> DISTRIBUTE open@$lists $key"; became "$id" held         # a quoted line is no command
{ command_mail bob "DISTRIBUTE open@$lists $key" | sed '1a Auto-Submitted: auto-replied'; } | paraph-queue sympa@$lists; run_daemons
became "$id" held                                                       # rule 17: robots do nothing
empty_mailboxes
order bob "DISTRIBUTE open@$lists" "$key"                            # broken off by a mail program
became "$id" 'distributed distribute by bob@example.org'
grep -q 'Plain words of first' $(mail_for alice) || fail "alice has no copy"; ok
says bob 'It is released' || fail "bob hears nothing: $(report_for bob)"; ok
empty_mailboxes
order dave "$daves"
says dave 'decided about it already' || fail "dave is late: $(report_for dave)"; ok

# --- refused, with words; and the reason of an encrypted command stays in it -----------------------------------------------------------------
plain second alice open >second.eml; paraph-queue open@$lists <second.eml; run_daemons
id=$(id_in moderation open); line=$(line_for bob REJECT); empty_mailboxes
order bob "${line% *} Please write to the helpdesk."
became "$id" 'rejected moderated'
says alice 'Please write to the helpdesk' || fail "alice is not told: $(report_for alice)"; ok

# --- an encrypted post: the editor gets it sealed to himself, the other nothing of it --------------------------------------------------------
scenario secure send 'true() smtp,md5 -> reject(reason="send_subscriber_smime")
true() smime -> editorkey'
empty_mailboxes
make_post secret alice secure; paraph-queue secure@$lists <post/secret.eml; run_daemons
id=$(id_in moderation secure); became "$id" held
openssl cms -decrypt -in "$(mail_for bob)" -recip pki/bob.pem -inkey pki/bob.key -out moderate.eml || fail "bob's notice is not sealed to him"; ok
python3 - <<'PY' || fail "the post in bob's notice"
import email, sys
mail = email.message_from_binary_file(open("moderate.eml", "rb"))
posts = [p for p in mail.walk() if p.get_content_type() == "message/rfc822"]
assert len(posts) == 1, mail.as_string()[:400]
octets = open("moderate.eml", "rb").read()
assert b"Secret words of secret." in octets and b"From: alice@example.org" in octets
inner = octets.split(b"Content-Type: message/rfc822", 1)[1].split(b"\r\n\r\n", 1)[1]
open("enclosed.eml", "wb").write(inner)
PY
openssl cms -verify -in enclosed.eml -CAfile pki/ca.pem -out enclosed.txt 2>/dev/null && cmp enclosed.txt post/secret.txt || fail "alice's signature in the enclosed post"; ok
! grep -q 'Secret words' "$(mail_for dave)" || fail "dave reads it"; ok
! says dave 'Post secret' || fail "dave reads its Subject"; ok
says dave 'cannot be shown to you' || fail "dave is not told why: $(report_for dave)"; ok
! grep -rqa 'Secret words' site --exclude-dir=maildir || fail "plaintext on the disk"; ok

# Rule 17: no rule lets an unsigned post through, so an editor's own signature is wanted: in the text, with the whole name.
daves=$(line_for dave DISTRIBUTE)
empty_mailboxes
order dave "$daves"; became "$id" held
says dave 'signs the mail' || fail "$(report_for dave)"; ok
signed_command alice "$daves"; became "$id" held                        # alice is no editor
signed_command bob "DISTRIBUTE secure ${daves##* }"; became "$id" held  # no whole name
for before in 'What does this mean?' '> quoted' '# remark'; do            # attack A33: quoted in an answer, it is no order
  signed_command bob "$before" "" "$daves"; became "$id" held
done
for before in 'Reject this please:' 'Subscribe to the list, she says:'; do  # words that begin like a command
  signed_command bob "$before" "$daves"; became "$id" held
done
{ printf 'Content-Type: text/plain\r\n\r\nhello\r\n' >command.txt
  openssl cms -sign -in command.txt -signer pki/bob.pem -inkey pki/bob.key -md sha256 -from bob@example.org -to sympa@$lists -subject "$daves" -out command.signed
  { printf 'Return-Path: <bob@example.org>\nMessage-ID: <subject.1@example.org>\n'; cat command.signed; } | paraph-queue sympa@$lists; run_daemons; }
became "$id" held                                                       # the Subject is not signed
empty_mailboxes
signed_command bob "" "$daves"
became "$id" 'distributed distribute by dave@example.org'
opens "$(mail_for alice | head -1)" alice post/secret.txt >/dev/null || fail "alice cannot open her copy"; ok
# The very mail once more: a duplicate; and its signature in another: no signature any more.
paraph-queue sympa@$lists <command.eml; run_daemons
[ "$(ledger "select count(*) from paraph_mail where outcome = 'duplicate'")" = 1 ] || fail "not a duplicate"; ok
make_post again alice secure; paraph-queue secure@$lists <post/again.eml; run_daemons
id=$(id_in moderation secure)
sed "s/<command\.$commands@/<replayed@/" command.eml | paraph-queue sympa@$lists; run_daemons; became "$id" held
check "CLI all the same" paraph moderation reject --quiet secure "$id"
run_daemons; became "$id" 'rejected moderated'

# A day later the same is worth nothing (rule 46): the time of receipt is the queue's, so it is moved.
make_post late alice secure; paraph-queue secure@$lists <post/late.eml; run_daemons
id=$(id_in moderation secure); line=$(line_for dave DISTRIBUTE); empty_mailboxes
{ printf 'Content-Type: text/plain\r\n\r\n%s\r\n' "$line" >command.txt
  openssl cms -sign -in command.txt -signer pki/bob.pem -inkey pki/bob.key -md sha256 -from bob@example.org -to sympa@$lists -subject release -out late.signed; }
for hours in 25 23; do
  { printf 'Return-Path: <bob@example.org>\nMessage-ID: <late.%s@example.org>\n' $hours; cat late.signed; } | paraph-queue sympa@$lists
  sed -i "s/^X-Paraph-Received: .*/X-Paraph-Received: $(date -u -d "+$hours hours" +%FT%TZ)/" "$(find site/spool/msg -maxdepth 1 -type f)"
  [ $hours = 25 ] || python3 -c 'import sqlite3
with sqlite3.connect("site/paraph.sqlite") as db: db.execute("delete from paraph_guard")'   # its signature was seen with the first
  run_daemons
  [ $hours = 23 ] || became "$id" held
done
became "$id" 'distributed distribute by dave@example.org'
# --- a signed post, and one that is encrypted and not signed -----------------------------------------------------------------------------------
empty_mailboxes
make_signed clear alice open; paraph-queue open@$lists <post/clear.eml; run_daemons
id=$(id_in moderation open); line=$(line_for bob DISTRIBUTE); empty_mailboxes
order bob "$line"; became "$id" 'distributed distribute by'
openssl cms -verify -in "$(for f in $(mail_for alice); do grep -l '^Subject: Post clear' "$f"; done)" -CAfile pki/ca.pem -out clear.txt 2>/dev/null && cmp clear.txt post/clear.txt || fail "signed octets"; ok
sed -i 's/^encrypted_post_policy.*/encrypted_post_policy any/' site/list_data/open/config
empty_mailboxes
printf 'Content-Type: text/plain\r\n\r\nUnsigned secret.\r\n' >post/bare.txt
openssl cms -encrypt -aes256 -in post/bare.txt -from alice@example.org -to open@$lists -subject bare -out post/bare.enc site/list_data/open/cert.pem
{ printf 'Return-Path: <alice@example.org>\nMessage-ID: <bare@example.org>\n'; cat post/bare.enc; } | paraph-queue open@$lists; run_daemons
id=$(id_in moderation open); became "$id" held
openssl cms -decrypt -in "$(mail_for bob)" -recip pki/bob.pem -inkey pki/bob.key -out moderate.eml && grep -q 'Unsigned secret' moderate.eml || fail "bob's copy"; ok
line=$(line_for dave DISTRIBUTE); empty_mailboxes
order dave "$line"; became "$id" 'distributed distribute by'
openssl cms -decrypt -in "$(for f in $(mail_for bob); do grep -l '^Subject: bare' "$f"; done)" -recip pki/bob.pem -inkey pki/bob.key -out bare.txt && cmp bare.txt post/bare.txt || fail "bare"; ok

# --- confirmation by the author, then an editor ----------------------------------------------------------------------------------------------------
scenario open send 'true() smtp -> request_auth,editorkey
true() md5,smime -> do_it'
empty_mailboxes
plain third alice open >third.eml; paraph-queue open@$lists <third.eml; run_daemons
id=$(id_in request open); became "$id" held
line=$(line_for alice CONFIRM); [ -n "$line" ] || fail "alice has no key: $(report_for alice)"; ok
scenario open send 'true() smtp,md5 -> request_auth,editorkey
true() smime -> do_it'
empty_mailboxes
order alice "$line"; run_daemons
[ "$(id_in moderation open)" = "$id" ] || fail "not with the editors: $(outcome "$id")"; ok
line=$(line_for bob DISTRIBUTE); empty_mailboxes
order bob "$line"; became "$id" 'distributed distribute by bob'

# An address of ours is no author: nobody is asked, and nothing of ours comes back to us (rule 27).
scenario open send 'true() smtp -> request_auth
true() md5,smime -> do_it'
for ours in open open-request other listmaster; do
  plain "ours-$ours" alice open | sed "s/^From: .*/From: $ours@$lists/" | paraph-queue open@$lists
done
run_daemons
[ "$(ledger "select count(*) from paraph_mail where outcome = 'held' and reason like '%the author was not asked'")" = 4 ] ||
  fail "our own addresses: $(ledger "select from_address, outcome, reason from paraph_mail where from_address like '%@$lists'")"; ok
! ls site/maildir | grep -q "@$lists" || fail "we have written to ourselves: $(ls site/maildir)"; ok

# --- requests ------------------------------------------------------------------------------------------------------------------------------------------
members() { paraph member list open --json | python3 -c 'import json, sys; print(" ".join(sorted(m["email"] for m in json.load(sys.stdin))))'; }
scenario open subscribe "!equal([sender],[email]) smtp,md5,smime -> request_auth([email])
true() smtp -> request_auth
true() md5,smime -> do_it,notify"
scenario open unsubscribe "true() smtp -> request_auth
true() md5,smime -> do_it"
scenario open add 'is_owner([listname],[sender]) smtp -> request_auth
is_owner([listname],[sender]) md5,smime -> do_it
true() smtp,md5,smime -> owner'
scenario open del 'is_owner([listname],[sender]) md5,smime -> do_it
true() smtp,md5,smime -> reject(reason="del_owner")'
empty_mailboxes
order erin "subscribe open Erin Example"
[[ $(members) != *erin* ]] || fail "erin is a member unasked"; ok
line=$(line_for erin AUTH); [ -n "$line" ] || fail "erin has no key: $(report_for erin)"; ok
paraph request list open | grep -qi 'SUBSCRIBE open@lists.example.org Erin Example' || fail "request list: $(paraph request list open)"; ok
empty_mailboxes
order erin "$line"; run_daemons
[[ $(members) == *erin* ]] || fail "erin is no member: $(cat incoming.log | tail -3)"; ok
says erin 'is a member of the list' || fail "no welcome: $(report_for erin)"; ok
says alice 'erin@example.org is a member' || fail "the owner is not notified (notify)"; ok
empty_mailboxes
order mallory "unsubscribe open erin@example.org"      # in her name: she is asked, and mallory learns nothing
known=$(report_for mallory); line=$(line_for erin AUTH); [ -n "$line" ] || fail "erin is not asked"; ok
empty_mailboxes
order mallory "unsubscribe open nobody@example.org"
[ "${known//erin/x}" = "$(report_for mallory | sed 's/nobody/x/')" ] || fail "mallory learns who is a member"; ok
[ "$(count_for nobody)" = 0 ] || fail "nobody is asked in vain"; ok
[[ $(members) == *erin* ]] || fail "erin has left unasked"; ok
order erin "$line UNSUBSCRIBE other@$lists"; [[ $(members) == *erin* ]] || fail "a key for another command"; ok
order erin "$line"; run_daemons
[[ $(members) != *erin* ]] || fail "erin has not left"; ok
# a stranger's ADD goes to the owners, who accept it by mail; another is refused on the command line
empty_mailboxes
order bob "ADD open frank@example.org"
line=$(line_for alice AUTH); [ -n "$line" ] || fail "the owner has no key: $(report_for alice)"; ok
order alice "$line"; run_daemons
[[ $(members) == *frank* ]] || fail "frank is no member"; ok
order bob "ADD open grace@example.org"
id=$(id_in request open); empty_mailboxes
check "refused by the owner" paraph request refuse open "$id" Not her.
run_daemons
says bob 'have refused it' || fail "bob is not told: $(report_for bob)"; ok
[[ $(members) != *grace* ]] || fail "grace is a member"; ok
order bob "DEL open frank@example.org" ; [[ $(members) == *frank* ]] || fail "bob removes frank"; ok
signed_command alice "DEL open@$lists frank@example.org" "ADD open@$lists heidi@example.org" "bogus words"
[[ $(members) != *frank* && $(members) == *heidi* ]] || fail "alice's signed commands: $(members) $(report_for alice)"; ok
says alice 'line 5' || says alice 'could not be understood' || fail "the third line"; ok
# Rule 46: a certificate is learned where a command counts as signed, and nowhere else.
make_person judy ec
for unbound in "SUBSCRIBE other" "HELP" "CONFIRM aaaaaaaaaaaaaaaaaaaaaaaaaa"; do
  signed_command judy "$unbound"
  ! paraph cert show judy@example.org 2>/dev/null | grep -q 'TEST judy' || fail "learned from: $unbound"; ok
done
signed_command judy "SUBSCRIBE other@$lists"
paraph cert show judy@example.org | grep -q 'TEST judy' || fail "not learned from a signed command: $(paraph cert show judy@example.org)"; ok
# --- a key counts while its holder has the office for which he was asked (rule 16), and while the list is there ------------------------------
make_list brief alice@example.org open
out_of_office() { python3 -c '
import sqlite3, sys
with sqlite3.connect("site/paraph.sqlite") as db:
    db.execute("delete from admin_table where list_admin = ? and role_admin = ? and user_admin = ?", sys.argv[1:])' "$@"; } # LIST ROLE ADDRESS
paraph editor add brief bob@example.org >/dev/null
scenario brief send 'true() smtp,md5,smime -> editorkey'
scenario brief subscribe 'true() smtp,md5,smime -> owner'
printf '\nrelease_by_mail key\n' >>site/list_data/brief/config
empty_mailboxes
plain office alice brief | paraph-queue brief@$lists; run_daemons
id=$(id_in moderation brief); line=$(line_for bob DISTRIBUTE)
paraph editor add brief dave@example.org >/dev/null; out_of_office brief editor bob@example.org
empty_mailboxes
order bob "$line"; became "$id" held
says bob 'stands for nothing' || fail "bob is no editor any more: $(report_for bob)"; ok
out_of_office brief editor dave@example.org; paraph owner add brief bob@example.org >/dev/null
order bob "" "$line"; became "$id" 'distributed no_subscribers; distribute by bob'  # no editor is left, and bob is an owner
empty_mailboxes
order nina "SUBSCRIBE brief"; rid=$(id_in request brief); line=$(line_for bob AUTH)
[ -n "$line" ] || fail "bob is not asked as an owner: $(report_for bob)"; ok
out_of_office brief owner bob@example.org
empty_mailboxes
order bob "$line"; became "$rid" held
says bob 'stands for nothing' || fail "bob is no owner any more: $(report_for bob)"; ok
empty_mailboxes
plain deleted alice brief | paraph-queue brief@$lists; run_daemons
line=$(line_for alice DISTRIBUTE); rm -r site/list_data/brief
empty_mailboxes
order alice "$line"
says alice 'stands for nothing' || fail "a key of a list that is gone: $(report_for alice) $(paraph spool list)"; ok
# the addresses of the list
empty_mailboxes
plain bye bob open | paraph-queue open-unsubscribe@$lists; run_daemons
[ -n "$(line_for bob AUTH)" ] || fail "LIST-unsubscribe: $(report_for bob) $(tail -3 incoming.log)"; ok
order mallory help; says mallory 'DISTRIBUTE LIST KEY' || fail "help"; ok
order mallory "SUBSCRIBE nosuch"; says mallory 'no list with this name' || fail "unknown list"; ok

# --- what the owner says is told whole, or nothing is when he wants it so; HELP is told whole, and signed -------------------------------------
paraph key generate site >/dev/null 2>&1
openssl x509 -req -in site/list_data/sympa/request.pem -CA pki/ca.pem -CAkey pki/ca.key -days 700 -copy_extensions copyall -out pki/site.pem 2>/dev/null
paraph key install site --cert pki/site.pem >/dev/null 2>&1
scenario open add 'true() smtp,md5,smime -> owner'
words="Please ask the helpdesk, which has a form for requests of this kind, and will answer you within two days, it says."
empty_mailboxes
order bob "ADD open ivan@example.org"; line=$(line_for alice REJECT); empty_mailboxes
order alice "${line% *} $words"; run_daemons
says bob "$words" || fail "the owner's words: $(report_for bob)"; ok
empty_mailboxes
order bob "ADD open kim@example.org"; line=$(line_for alice REJECT); empty_mailboxes
order alice "QUIET ${line% *} Never."; run_daemons
[ "$(count_for bob)" = 0 ] || fail "bob is told, though quietly: $(report_for bob)"; ok
order bob "ADD open liam@example.org"; id=$(id_in request open); empty_mailboxes
paraph request refuse --quiet open "$id" >/dev/null; run_daemons
[ "$(count_for bob)" = 0 ] || fail "bob is told, though quietly: $(report_for bob)"; ok
[[ $(members) != *kim* && $(members) != *liam* && $(members) != *ivan* ]] || fail "$(members)"; ok
order nina HELP
grep -q multipart/signed "$(mail_for nina)" || fail "HELP is answered unsigned"; ok
for usage in 'SUBSCRIBE LIST [NAME] makes you a member' 'REJECT LIST KEY [REASON] refuses a message or a request that waits (editors, owners)' 'QUIT what follows'; do
  says nina "$usage" || fail "HELP: $(report_for nina)"; ok
done

# --- commands in an encrypted mail: the author's own signature inside, once, and none of its words outside ------------------------------------
# sealed_command WHO LINE…: signed, then encrypted to the site
sealed_command() {
  local who=$1; shift
  { printf 'Content-Type: text/plain\r\n\r\n'; printf '%s\r\n' "$@"; } >command.txt
  openssl cms -sign -in command.txt -signer "pki/$who.pem" -inkey "pki/$who.key" -md sha256 -out command.signed
  openssl cms -encrypt -aes256 -in command.signed -from "$who@example.org" -to sympa@$lists -subject command -out command.enc pki/site.pem
  commands=$((commands + 1))
  { printf 'Return-Path: <%s@example.org>\nMessage-ID: <command.%s@example.org>\n' "$who" $commands; cat command.enc; } >command.eml
  paraph-queue sympa@$lists <command.eml; run_daemons
}
scenario open send 'true() smtp,md5,smime -> editorkey'
plain sealedword alice open | paraph-queue open@$lists; run_daemons
id=$(id_in moderation open); line=$(line_for bob REJECT); empty_mailboxes
sealed_command bob "${line% *} Secret words for alice."
became "$id" 'rejected moderated'
says bob 'nobody is told your words' || fail "bob does not hear that his words are lost: $(report_for bob)"; ok
! grep -rqa 'Secret words for alice' site || fail "words of an encrypted command have left: $(grep -rla 'Secret words for alice' site)"; ok
sealed_command bob "SUBSCRIBE other@$lists Secret Name"
[[ $(paraph member list other --json) == *bob@example.org* ]] || fail "a sealed command: $(report_for bob) $(tail -2 incoming.log)"; ok
! grep -rqa 'Secret Name' site || fail "a name out of an encrypted command"; ok
# Somebody else sends on what bob has encrypted, and bob's signature inside is not his; nor does it count a second time.
python3 -c 'import sqlite3
with sqlite3.connect("site/paraph.sqlite") as db: db.execute("delete from subscriber_table where list_subscriber = ?", ("other",))'
empty_mailboxes
sed 's/^From: .*/From: mallory@example.org/; s/<command\./<stolen./; s/^Return-Path: .*/Return-Path: <mallory@example.org>/' command.eml | paraph-queue sympa@$lists; run_daemons
sed 's/<command\./<again./' command.eml | paraph-queue sympa@$lists; run_daemons
[[ $(paraph member list other --json) != *@example.org* ]] || fail "a replayed ciphertext is obeyed: $(paraph member list other --json)"; ok
[ "$(count_for mallory)" = 0 ] || fail "mallory hears what it was: $(report_for mallory)"; ok
[ "$(count_for bob)" = 0 ] || fail "a replayed ciphertext is answered: $(report_for bob)"; ok

# --- the author hears that his post waits for an editor, once, and not where the rule says quiet -----------------------------------------------
empty_mailboxes
plain waits alice open | paraph-queue open@$lists; run_daemons
says alice 'Somebody who looks after the list reads it first' || fail "alice hears nothing: $(report_for alice)"; ok
says alice 'Subject: Post waits' || fail "which message: $(report_for alice)"; ok
empty_mailboxes
make_post hidden alice open; paraph-queue open@$lists <post/hidden.eml; run_daemons
says alice 'Somebody who looks after the list reads it first' || fail "alice hears nothing of an encrypted post"; ok
! says alice 'Post hidden' || fail "the Subject of an encrypted post"; ok
empty_mailboxes
# Attack A37: whoever has not proven to be the author does not hear that what he sent was opened.
printf 'Content-Type: text/plain\r\n\r\nsomebody else wrote this\r\n' >taken.txt
{ printf 'Return-Path: <oscar@example.org>\nMessage-ID: <taken@example.org>\n'
  openssl cms -encrypt -aes256 -in taken.txt -from oscar@example.org -to open@$lists -subject taken site/list_data/open/cert.pem; } |
  paraph-queue open@$lists
run_daemons
[ "$(ledger "select outcome from paraph_mail where message_id = 'taken@example.org'")" = held ] || fail "the taken post is not held"; ok
[ "$(count_for oscar)" = 0 ] || fail "oscar hears that it was opened: $(report_for oscar)"; ok
scenario open send 'true() smtp,md5,smime -> editorkey,quiet'
plain hushed alice open | paraph-queue open@$lists; run_daemons
[ "$(count_for alice)" = 0 ] || fail "told, though quiet: $(report_for alice)"; ok
scenario open send 'true() smtp,md5,smime -> editorkey'
for n in 1 2 3; do plain "robot$n" alice open | sed '1a Auto-Submitted: auto-generated' | paraph-queue open@$lists; done
plain null alice open | sed 's/^Return-Path: .*/Return-Path: <>/' | paraph-queue open@$lists
plain ours alice open | sed "s/^From: .*/From: other@$lists/" | paraph-queue open@$lists
run_daemons
[ "$(count_for alice)" = 0 ] || fail "a program, the null sender: $(report_for alice)"; ok
! ls site/maildir | grep -q "@$lists" || fail "we have written to ourselves: $(ls site/maildir)"; ok
for n in 1 2 3; do plain "stranger$n" oscar open | paraph-queue open@$lists; done; run_daemons
[ "$(count_for oscar)" = 1 ] || fail "whom nobody knows is told $(count_for oscar) times a day"; ok

# --- a rule names owners or listmasters: they are asked about a post, and their word counts; editors hear nothing ------------------------------
for role in owner listmaster; do
  who=alice; [ $role = owner ] || who=listmaster
  scenario open send "true() smtp,md5,smime -> $role,quiet"
  empty_mailboxes
  plain "for_$role" carol open >role.eml; paraph-queue open@$lists <role.eml; run_daemons
  id=$(ledger "select id from paraph_mail where outcome = 'held' and message_id like 'for_$role.%'")
  paraph message explain role.eml >out; [[ $(head -1 out) == "HELD for a"*" $role: "* ]] || fail "$(head -1 out)"; ok
  grep -q '^  rules   send.test (list config:[0-9]*, list)' out || fail "whence the rules are: $(cat out)"; ok
  [ "$(count_for bob)" = 0 ] || fail "an editor is asked"; ok
  line=$(line_for $who DISTRIBUTE); [ -n "$line" ] || fail "no $role is asked: $(outcome "$id")"; ok
  order $who "$line"; became "$id" "distributed distribute by $who@example.org"
done
# The office for which somebody was asked is what counts: not another that he keeps, and not another's signature.
paraph owner add open bob@example.org >/dev/null
scenario open send 'true() smtp,md5,smime -> owner,quiet'
empty_mailboxes
plain outlived carol open | paraph-queue open@$lists; run_daemons
id=$(ledger "select id from paraph_mail where outcome = 'held' and message_id like 'outlived.%'"); bobs=$(line_for bob DISTRIBUTE); alices=$(line_for alice DISTRIBUTE)
paraph owner del open bob@example.org >/dev/null
order bob "$bobs"; became "$id" held
sed -i 's/^release_by_mail key$/release_by_mail smime/' site/list_data/open/config
signed_command bob "${alices/DISTRIBUTE open /DISTRIBUTE open@$lists }"; became "$id" held
signed_command alice "${alices/DISTRIBUTE open /DISTRIBUTE open@$lists }"; became "$id" 'distributed distribute by alice@example.org'
sed -i 's/^release_by_mail smime$/release_by_mail key/' site/list_data/open/config

# --- the words of a rule that refuses a command: quiet, a template, a reason of the stock -----------------------------------------------------
scenario open subscribe 'true() smtp,md5,smime -> reject,quiet'
empty_mailboxes; order quentin "SUBSCRIBE open"
[ "$(count_for quentin)" = 0 ] || fail "a quiet refusal is told: $(report_for quentin)"; ok
scenario open subscribe "true() smtp,md5,smime -> reject(tt2='no_more')"
mkdir -p site/list_data/open/mail_tt2
printf 'Subject: No more\n\nThe list [%% list.name %%] is full, so not: [%% cmd %%]\n' >site/list_data/open/mail_tt2/no_more.tt2
order rita "SUBSCRIBE open"
says rita 'The list open is full, so not: SUBSCRIBE open' || fail "not in the list's words: $(report_for rita)"; ok
[ "$(count_for rita)" = 1 ] || fail "$(count_for rita) mails"; ok
rm site/list_data/open/mail_tt2/no_more.tt2; empty_mailboxes; order sam "SUBSCRIBE open"
says sam 'The rules of the list do not allow it' || fail "without the template: $(report_for sam)"; ok
scenario open subscribe "true() smtp,md5,smime -> reject(reason='subscribe_smime')"
empty_mailboxes; order tina "SUBSCRIBE open"
says tina 'takes a command that is signed with S/MIME' || fail "the reason is not told: $(report_for tina)"; ok

# --- a worker is killed between the word and the answer: the word counts once -------------------------------------------------------------------------
scenario open send 'true() smtp,md5,smime -> editorkey'
empty_mailboxes   # and several posts wait by now
plain last alice open >last.eml; paraph-queue open@$lists <last.eml; run_daemons
id=$(ledger "select id from paraph_mail where outcome = 'held' and message_id like 'last.%'"); line=$(line_for bob DISTRIBUTE); empty_mailboxes
command_mail bob "$line" | paraph-queue sympa@$lists
name=$(find site/spool/msg -maxdepth 1 -type f | head -1); cp -p "$name" kept
run_daemons
python3 -c 'import sqlite3
with sqlite3.connect("site/paraph.sqlite") as db: db.execute("delete from paraph_mail where reason like ?", ("DISTRIBUTE open%",))'
cp -p kept "$name"; run_daemons
became "$id" 'distributed distribute by'
[ "$(for f in $(mail_for alice); do grep -l '^Subject: Post last' "$f"; done | wc -l)" = 1 ] || fail "not once"; ok

finished
