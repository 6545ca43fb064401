#!/usr/bin/env bash
# Who counts as the sender (attack A34): the one address in From, by the method that was proven for it, whatever the envelope,
# Sender, Reply-To and Resent-* say, and whatever the mail before was. Forged fields of ours come off (attack A39). What hides
# text in a signed part changes nothing (attack A16). An anonymous list takes nothing on (rule 29).
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"
shopt -s lastpipe  # `mail | ends …` counts in this shell

make_ca
make_person alice rsa
make_person bob ec
make_person eve rsa
make_site
make_list secure alice@example.org
make_list open alice@example.org open
make_list anonymous alice@example.org open
paraph member add secure alice@example.org bob@example.org >/dev/null
paraph member add open alice@example.org bob@example.org >/dev/null
paraph member add anonymous bob@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null
# what counts is the method: only smime of alice passes
mkdir -p site/list_data/secure/scenari
cat >site/list_data/secure/scenari/send.alice <<'S'
title.gettext alice alone

equal([sender],'alice@example.org') smime -> do_it
true() smtp,md5 -> reject(reason='method'),quiet
true() smime -> reject(reason='method'),quiet
S
sed -i 's/^send .*/send alice/' site/list_data/secure/config

# ends "what" OUTCOME <mail to LIST
ends() {
  local id got
  paraph-queue "$1@lists.example.org" || fail "$2: not accepted"
  id=$(grep -a -m1 '^X-Paraph-Id: ' "$(ls -td site/spool/msg/"$1"@* | head -1)" | cut -d' ' -f2)
  run_daemons
  got=$(ledger "select outcome || ' ' || reason from paraph_mail where id = '$id'")
  [[ $got == $3* ]] || fail "$2: ledger says '$got', wanted '$3'; $(paraph spool list; tail -3 incoming.log)"
  ok
}
# before FIELD <mail: one more field in front of the first that is no Return-Path
before() { sed "2i $1"; }
returns() { sed "s/^Return-Path:.*/Return-Path: <$1@example.org>/"; }
n=0
by() { n=$((n + 1)); make_signed "p$n" "$1" secure "Words number $n."; file=post/p$n.eml; }

# --- the other fields neither give a method nor take one ---------------------------------------------------------------------
for field in Sender Reply-To Resent-From Resent-Sender X-Sender Return-Receipt-To; do
  by eve; before "$field: alice@example.org" <$file | returns alice | ends secure "eve signs, alice in $field" 'rejected method'
  by alice; before "$field: eve@example.org" <$file | returns eve | ends secure "alice signs, eve in $field" distributed
done
by eve; sed 's/^From:.*/From: alice@example.org/' $file | ends secure "eve signs as alice" 'rejected method: signer_is_not_sender'
by alice; sed 's/^From:.*/From: eve@example.org/' $file | before 'Sender: alice@example.org' | returns alice | ends secure "alice signed, eve sends it" 'rejected method: signer_is_not_sender'
by alice; sed 's/^From:.*/From: "alice@example.org" <eve@example.org>/' $file | returns alice | ends secure "alice as a display name" 'rejected method'
before_pipe=$checks
plain unsigned alice secure | ends secure "unsigned, right after a signed one" 'rejected method: not_signed'
[ "$checks" = $((before_pipe + 1)) ] || fail "checks behind a pipe are not counted"

# several mails in one run: no method reaches the next one
empty_mailboxes
by alice; paraph-queue secure@lists.example.org <$file
plain behind alice secure | paraph-queue secure@lists.example.org
by eve; sed 's/^From:.*/From: alice@example.org/' $file | paraph-queue secure@lists.example.org
by alice; paraph-queue secure@lists.example.org <$file
run_daemons
[ "$(count_for bob)" = 2 ] || fail "bob has $(count_for bob) of the two that alice signed"; ok

# --- fields of ours and of our MTA's, forged (attack A39, rule 4) --------------------------------------------------------------
empty_mailboxes
forge() {
  before 'X-Sympa-Auth: smime\nX-Sympa-Auth-Level: md5\nX-Sympa-Checksum: 0\nX-Sympa-From: alice@example.org\nX-Paraph-Auth: smime\nX-Paraph-Auth-Method: smime\nX-Paraph-Id: aaaaaaaaaaaaaaaaaaaa\nX-Paraph-Received: 2020-01-01T00:00:00Z\nList-Id: <other.lists.example.org>\nList-Unsubscribe: <https://evil.example.org/>\nAuthentication-Results: mx.example.org; dkim=pass header.i=alice@example.org\nAuthentication-Results: (a \\( comment) "lists.example.org" 1; dkim=pass header.i=forged1@example.org\nAuthentication-Results: mx.LISTS.example.org.;\n dkim=pass header.i=forged2@example.org\nauthentication-results : ; dkim=pass header.i=forged3@example.org\nAuthentication-Results: notlists.example.org; dkim=pass header.i=theirs@example.org'
}
plain forged alice secure | forge | ends secure "forged fields make no method" 'rejected method: not_signed'
plain forged2 alice open | forge | ends open "and do not stop a post" distributed
for forged in X-Sympa- X-Paraph- evil.example.org other.lists; do
  ! grep -qi "$forged" "$(mail_for bob)" || fail "$forged goes out: $(cat "$(mail_for bob)")"; ok
done
[ "$(grep -ci '^List-Id:' "$(mail_for bob)")" = 1 ] || fail "not one List-Id"; ok
# RFC 8601 section 5: results in the name of a domain of ours, or of nobody, do not go out; those of others are theirs.
! grep -q 'forged[123]@' "$(mail_for bob)" || fail "results in our name go out: $(cat "$(mail_for bob)")"; ok
for theirs in '^Authentication-Results: mx.example.org;' theirs@example.org; do
  grep -q "$theirs" "$(mail_for bob)" || fail "another's results were taken off"; ok
done

# --- text hidden by CSS and HTML (attack A16) ---------------------------------------------------------------------------------
empty_mailboxes
mkdir -p post
printf 'Content-Type: text/html\r\n\r\n<style>.n{display:none}</style><p>Yes.</p><p class="n">Hidden</p><!-- more -->\r\n' >post/hidden.txt
openssl cms -sign -in post/hidden.txt -signer pki/alice.pem -inkey pki/alice.key -md sha256 -from alice@example.org \
  -to secure@lists.example.org -subject hidden -out hidden.signed
{ printf 'Return-Path: <alice@example.org>\nMessage-ID: <hidden@example.org>\n'; cat hidden.signed; } >hidden.eml
ends secure "text that CSS hides" distributed <hidden.eml
check "verifies" openssl cms -verify -in "$(mail_for bob)" -CAfile pki/ca.pem -out hidden.out
check "octet for octet, hidden text and all" cmp hidden.out post/hidden.txt
# the same behind HTML of eve's: not alice's mail, and no answer quotes it
empty_mailboxes
sed -i "s/),quiet/)/" site/list_data/secure/scenari/send.alice
{ printf 'Return-Path: <alice@example.org>\nMessage-ID: <around@example.org>\nFrom: alice@example.org\nTo: secure@lists.example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outside\n\n--outside\nContent-Type: text/html\n\n<style>*{display:none}</style><p style="display:block">Pay Eve.</p>\n--outside\n'
  sed -n '/^Content-Type: multipart/,$p' hidden.signed; printf '\n--outside--\n'; } >around.eml
ends secure "hidden behind another's HTML" 'rejected method: not_whole_message' <around.eml
! grep -rq 'Pay Eve\|Hidden' site/maildir || fail "an answer quotes the text"; ok

# --- an anonymous list (rule 29) -------------------------------------------------------------------------------------------------
empty_mailboxes
printf '\nanonymous_sender anonymous@lists.example.org\n' >>site/list_data/anonymous/config
make_signed revealing alice anonymous
ends anonymous "a signed post to an anonymous list" 'held cannot_anonymise' <post/revealing.eml
make_post sealed alice anonymous
ends anonymous "an encrypted one" 'held cannot_anonymise' <post/sealed.eml
plain plain alice anonymous | ends anonymous "a plain one" 'held cannot_anonymise'
[ "$(count_for bob)" = 0 ] || fail "bob reads an anonymous list's author"; ok
finished
