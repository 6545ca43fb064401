#!/usr/bin/env bash
# The life of a list's key: generated, requested, installed, renewed, announced, retired; what it signs and what it refuses
# to sign; list_sign. Every signature is checked by openssl.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob ec
make_site
json() { python3 -c 'import json, sys; value = json.load(sys.stdin)
for step in sys.argv[1:]: value = value[int(step) if step.lstrip("-").isdigit() else step]
print(value)' "$@"; }
sign_request() {  # REQUEST OUT [days…]: by the CA
  openssl x509 -req -in "$1" -CA pki/ca.pem -CAkey pki/ca.key "${@:3}" -copy_extensions copyall -out "$2" 2>/dev/null
}
make_signed_entity() {
  printf 'Content-Type: text/plain; charset=utf-8\r\n\r\nSecret words of %s.\r\n' "$1" >"post/$1.txt"
  openssl cms -sign -in "post/$1.txt" -signer "pki/$2.pem" -inkey "pki/$2.key" -md sha256 -out "post/$1.signed"
}
serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }
# signed_by FILE CERTIFICATE: openssl verifies the mail, and this certificate signed it
signed_by() {
  openssl cms -verify -in "$1" -CAfile pki/ca.pem -signer signer.pem -out verified.txt 2>cms.err || { cat cms.err >&2; return 1; }
  [ "$(serial_of signer.pem)" = "$(serial_of "$2")" ]
}

# --- generate: rule 47 ------------------------------------------------------------------------------------------------
make_list secure alice@example.org
keys=site/list_data/secure
openssl x509 -in $keys/cert.pem -noout -text >cert.txt
check "RSA-3072" grep -q 'Public-Key: (3072 bit)' cert.txt
check "CA:FALSE" grep -q 'CA:FALSE' cert.txt
check "emailProtection" grep -q 'E-mail Protection' cert.txt
check "the list's address" grep -q 'email:secure@lists.example.org' cert.txt
check "0600" test "$(stat -c %a $keys/private_key)" = 600
refuse "no second key over the first" 73 paraph key generate secure
refuse "and a dry run says so" 73 paraph key generate secure --dry-run
paraph list create curve --owner alice@example.org >/dev/null 2>&1
check "a split pair on a curve" paraph key generate curve --algorithm ec --purpose split >/dev/null 2>&1
openssl x509 -in site/list_data/curve/cert.pem.enc -noout -text >cert.txt
check "P-256" grep -q 'prime256v1' cert.txt
grep -A1 'Key Usage' cert.txt | grep -q 'Key Agreement' || fail "usage of .enc"; ok
! grep -q 'Digital Signature' cert.txt || fail ".enc may sign"; ok

# the self-signed certificate before the CA's still opens what was encrypted to it
check "one generation was kept" test "$(paraph key show secure --json | json pairs | grep -o "'usable': True" | wc -l)" = 2
published=$(paraph key show secure --json | python3 -c 'import json, sys; print([p["serial"] for p in json.load(sys.stdin)["pairs"] if p["published"] and p["signs"]])')
[[ "$published" == *"$(serial_of pki/secure.pem)"* ]] || fail "in use is $published"; ok

# --- request ----------------------------------------------------------------------------------------------------------
paraph key request secure >request.pem
check "openssl checks the request" openssl req -in request.pem -noout -verify -text -out request.txt
check "it asks for the address" grep -q 'email:secure@lists.example.org' request.txt
cmp <(openssl req -in request.pem -noout -pubkey) <(openssl x509 -in $keys/cert.pem -noout -pubkey) || fail "another key"; ok
check "as JSON" test "$(paraph key request secure --json | json 0 emails 0)" = secure@lists.example.org
refuse "of a generation that is not there" 66 paraph key request secure --suffix nowhere
grep -q 'hint: paraph key show secure' refused.err || fail "$(cat refused.err)"; ok

# --- a notice is signed, with chain ------------------------------------------------------------------------------------
paraph member add secure alice@example.org bob@example.org carol@example.org >/dev/null
paraph cert import pki/bob.pem >/dev/null
make_post one alice secure
paraph-queue secure@lists.example.org <post/one.eml
run_daemons
check "carol's notice is signed by the CA's certificate" signed_by "$(mail_for carol)" pki/secure.pem
grep -qi '^From:.*<secure@lists.example.org>' "$(mail_for carol)" || fail "From is not the SAN"; ok

# --- renew, install, roll-over -------------------------------------------------------------------------------------------
cp $keys/cert.pem old.pem
paraph key renew secure --algorithm ec --json >renewed.json 2>/dev/null
suffix=$(json 0 suffix <renewed.json)
check "a key and a request" test -f "$keys/private_key$suffix" -a -f "$keys/request.pem$suffix"
check "no certificate yet" test ! -e "$keys/cert.pem$suffix"
paraph key show secure | grep -q "WAITS.*private_key$suffix" || fail "$(paraph key show secure)"; ok
refuse "one at a time" 73 paraph key renew secure
paraph key request secure >request.pem
cmp <(openssl req -in request.pem -noout -pubkey) <(openssl req -in "$keys/request.pem$suffix" -noout -pubkey) || fail "not the waiting key"; ok
sign_request request.pem pki/new.pem -days 700
check "found by its key" paraph key install secure --cert pki/new.pem 2>/dev/null
check "beside the old one" cmp $keys/cert.pem old.pem
empty_mailboxes
next_day
make_post two alice secure    # to the old certificate: $keys/cert.pem
paraph-queue secure@lists.example.org <post/two.eml
run_daemons
check "mail to the old key opens" opens "$(mail_for bob)" bob post/two.txt
check "the notice has the new key" signed_by "$(mail_for carol)" pki/new.pem
paraph key list | grep -q '^secure@.*3 generations' || fail "$(paraph key list)"; ok

# --- twice on one day, by a CA that dates its certificates to the day: the last one counts --------------------------------
paraph list create twice --owner alice@example.org >/dev/null 2>&1
paraph member add twice bob@example.org carol@example.org >/dev/null
paraph key generate twice >/dev/null 2>&1
dated() {  # REQUEST OUT
  openssl ca -batch -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -extensions person -notext -in "$1" -out "$2" \
    -startdate 20260101000000Z -enddate 20460101000000Z 2>/dev/null
}
files_of() { (cd "$1" && find . -type f -exec sha256sum {} + | sort); }
keys=site/list_data/twice
dated $keys/request.pem pki/twice1.pem
files_of $keys >before.txt
check "install, dry run" paraph key install twice --cert pki/twice1.pem --dry-run
check "renew, dry run" paraph key renew twice --dry-run
check "retire, dry run" paraph key retire twice --dry-run
check "a dry run changes nothing" cmp before.txt <(files_of $keys)
rm $keys/cert.pem
cp pki/twice1.pem $keys/cert.pem
empty_mailboxes
for n in 2 3; do
  paraph key renew twice --json >renewed.json 2>/dev/null
  suffix=$(json 0 suffix <renewed.json)
  dated "$keys/request.pem$suffix" "pki/twice$n.pem"
  check "generation $n" paraph key install twice --cert "pki/twice$n.pem"
  echo "$suffix" >>suffixes.txt
done
today=$(date -u +%Y%m%d)
grep -qx "\.$today-2" suffixes.txt || [ "$(sort -u suffixes.txt | wc -l)" = 2 ] || fail "suffixes: $(cat suffixes.txt)"; ok
in_use=$(paraph key show twice --json | python3 -c 'import json, sys; print([p["suffix"] for p in json.load(sys.stdin)["pairs"] if p["published"] and p["signs"]])')
[ "$in_use" = "['$suffix']" ] || fail "in use is $in_use, wanted $suffix"; ok
for n in 1 2 3; do
  make_signed_entity "twice$n" alice
  openssl cms -encrypt -aes256 -in "post/twice$n.signed" -from alice@example.org -to twice@lists.example.org -subject "$n" \
    -out "post/twice$n.encrypted" "pki/twice$n.pem"
  { printf 'Return-Path: <alice@example.org>\nMessage-ID: <twice%s@example.org>\n' $n; cat "post/twice$n.encrypted"; } | paraph-queue twice@lists.example.org
  paraph member add twice alice@example.org >/dev/null 2>&1
  run_daemons
  check "mail to generation $n opens" opens "$(mail_for bob | xargs grep -l "^Subject: $n")" bob "post/twice$n.txt"
done
check "the notice has the last one" signed_by "$(mail_for carol)" pki/twice3.pem
keys=site/list_data/secure
suffix=$(paraph key show secure --json | json pairs 2 suffix)

# --- the chain goes along, and RSA-PSS signs as its certificate says -------------------------------------------------------
openssl req -new -newkey rsa:2048 -nodes -keyout pki/between.key -out pki/between.req -config pki/ca.conf -subj "/CN=TEST between" 2>/dev/null
openssl ca -batch -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -extensions root -notext -in pki/between.req \
  -out pki/between.pem -startdate 20250101000000Z -enddate 20460101000000Z 2>/dev/null
by_between() {  # KEY OUT [OPTIONS]: a certificate for pss@, its issuer behind it
  openssl req -new -key "$1" -out pki/pss.req -config pki/ca.conf -subj "/CN=TEST pss" -addext "subjectAltName=email:pss@lists.example.org" \
    -addext "keyUsage=critical,digitalSignature,keyEncipherment" -addext "extendedKeyUsage=emailProtection" 2>/dev/null
  openssl x509 -req -in pki/pss.req -CA pki/between.pem -CAkey pki/between.key -days 700 -copy_extensions copyall "${@:3}" -out "$2" 2>/dev/null
  cat pki/between.pem >>"$2"
}
paraph list create pss --owner alice@example.org >/dev/null 2>&1
paraph member add pss carol@example.org >/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out pki/pss-enc.key 2>/dev/null
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:3072 -pkeyopt rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha384 \
  -pkeyopt rsa_pss_keygen_saltlen:48 -out pki/pss-sign.key 2>/dev/null
by_between pki/pss-enc.key pki/pss-enc.pem
check "a pair from elsewhere" paraph key install pss --cert pki/pss-enc.pem --key pki/pss-enc.key
notice_of_pss() {
  empty_mailboxes
  next_day
  make_post "$1" alice pss
  paraph-queue pss@lists.example.org <"post/$1.eml"
  run_daemons
  openssl cms -verify -in "$(mail_for carol)" -CAfile pki/ca.pem -signer signer.pem -certsout carried.pem -out verified.txt 2>cms.err || fail "$1: $(cat cms.err)"
  openssl cms -cmsout -print -noout -in "$(mail_for carol)" >cms.txt
}
# The reader has the root alone, so that it verifies at all says that the chain is there.
notice_of_pss chain
[ "$(grep -c BEGIN carried.pem)" = 2 ] || fail "not signer and issuer: $(grep -c BEGIN carried.pem)"; ok
# Where cert.pem holds the certificate alone, the issuer comes out of `issuers`; where it is nowhere, that is told.
openssl x509 -in pki/pss-enc.pem -out pki/pss-alone.pem
cp pki/pss-alone.pem site/list_data/pss/cert.pem
lacks_between() { "$@" >lacks.txt 2>&1 || true; grep -q 'readers who lack CN=TEST between' lacks.txt; }
check "check tells" lacks_between paraph check pss
check "key install tells" lacks_between paraph key install pss --cert pki/pss-alone.pem --dry-run
cp pki/between.pem site/list_data/pss/between.pem
printf '\nissuers between.pem\n' >>site/list_data/pss/config
! lacks_between paraph check pss || fail "$(cat lacks.txt)"; ok
! lacks_between paraph key install pss --cert pki/pss-alone.pem --dry-run || fail "$(cat lacks.txt)"; ok
notice_of_pss alone
[ "$(grep -c BEGIN carried.pem)" = 2 ] || fail "not signer and issuer: $(grep -c BEGIN carried.pem)"; ok
grep -A3 digestAlgorithms: cms.txt | grep -q sha256 || fail "not SHA-256: $(grep -A3 digestAlgorithms: cms.txt)"; ok
openssl x509 -in signer.pem -noout -subject | grep -q 'TEST pss' || fail "$(openssl x509 -in signer.pem -noout -subject)"; ok
sleep 1   # the newer certificate signs
by_between pki/pss-sign.key pki/pss-sign.pem
check "a PSS key beside it" paraph key install pss --cert pki/pss-sign.pem --key pki/pss-sign.key --suffix sign
notice_of_pss pss
grep -q 'algorithm: rsassaPss' cms.txt || fail "not PSS: $(grep -A20 signerInfos cms.txt)"; ok
grep -A3 digestAlgorithms: cms.txt | grep -q sha384 || fail "not the digest that the key demands"; ok
grep -q 'micalg=sha-384' "$(mail_for carol)" || fail "$(grep micalg "$(mail_for carol)")"; ok
# a key that no digest of ours may be used with is refused, and passed over where somebody has laid it there
sleep 1
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:3072 -pkeyopt rsa_pss_keygen_md:sha1 -pkeyopt rsa_pss_keygen_mgf1_md:sha1 \
  -pkeyopt rsa_pss_keygen_saltlen:20 -out pki/sha1-sign.key 2>/dev/null
by_between pki/sha1-sign.key pki/sha1-sign.pem
refuse "a key that demands SHA-1" 78 paraph key install pss --cert pki/sha1-sign.pem --key pki/sha1-sign.key --suffix sha1.sign
grep -q 'sha1-sign.pem: demands_weak_digest' refused.err || fail "$(cat refused.err)"; ok
check "nothing of it is there" test ! -e site/list_data/pss/cert.pem.sha1.sign -a ! -e site/list_data/pss/private_key.sha1.sign
install -m 600 pki/sha1-sign.pem site/list_data/pss/cert.pem.sha1.sign
install -m 600 pki/sha1-sign.key site/list_data/pss/private_key.sha1.sign
notice_of_pss passed
grep -A3 digestAlgorithms: cms.txt | grep -q sha384 || fail "not by the key before it"; ok
rm site/list_data/pss/*.sha1.sign
# one whose signature fails, since it demands a salt that its modulus has no room for: the notice goes unsigned, and is told
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:3072 -pkeyopt rsa_pss_keygen_md:sha512 -pkeyopt rsa_pss_keygen_mgf1_md:sha512 \
  -pkeyopt rsa_pss_keygen_saltlen:330 -out pki/salt-sign.key 2>/dev/null
openssl pkey -in pki/salt-sign.key -pubout -out pki/salt-sign.pub
by_between pki/pss-enc.key pki/salt-sign.pem -force_pubkey pki/salt-sign.pub
check "installed" paraph key install pss --cert pki/salt-sign.pem --key pki/salt-sign.key --suffix salt.sign
refuse "no unsigned announcement" 70 paraph key announce pss
empty_mailboxes
next_day
make_post unsigned alice pss
paraph-queue pss@lists.example.org <post/unsigned.eml
run_daemons
[ "$(count_for carol)" = 1 ] && ! grep -q multipart/signed "$(mail_for carol)" || fail "carol has $(count_for carol) notices: $(tail -n 2 distribute.log)"; ok
grep -q 'unsigned problem=.*cert.pem.salt.sign: ' distribute.log || fail "nobody says so: $(tail -n 3 distribute.log)"; ok
check "mail to the RSA certificate opens still" test "$(ledger "select count(*) from paraph_mail where list = 'pss@lists.example.org' and outcome = 'distributed'")" = 5

# --- announce -----------------------------------------------------------------------------------------------------------
empty_mailboxes
check "dry run" test "$(paraph key announce secure --dry-run --json | json recipients)" = 3
[ -z "$(find site/spool/bulk -type f -name '*')" ] || [ "$(count_for bob)" = 0 ] || fail "a dry run sent something"; ok
check "announce" paraph key announce secure
run_daemons
for who in alice bob carol; do check "$who's announcement" signed_by "$(mail_for $who)" pki/new.pem; done
fingerprint=$(openssl x509 -in pki/new.pem -noout -fingerprint -sha256 | cut -d= -f2 | tr -d :)
tr -d ' =\r\n' <verified.txt | grep -q "$fingerprint" || fail "no fingerprint: $(cat verified.txt)"; ok

# --- a split pair: signed by .sign, and .enc goes along as SMIMEEncryptionKeyPreference ----------------------------------
for part in sign enc; do
  sign_request site/list_data/curve/request.pem.$part pki/curve.$part.pem -days 700
  paraph key install curve --cert pki/curve.$part.pem --suffix $part >/dev/null 2>&1
done
paraph member add curve alice@example.org >/dev/null
empty_mailboxes
paraph key announce curve >/dev/null
run_daemons
check "signed by .sign" signed_by "$(mail_for alice)" pki/curve.sign.pem
openssl smime -pk7out -in "$(mail_for alice)" | openssl pkcs7 -print_certs -noout >carried.txt
openssl cms -verify -in "$(mail_for alice)" -CAfile pki/ca.pem -certsout carried.pem -out /dev/null 2>/dev/null
grep -qF "$(sed -n 3p pki/curve.enc.pem)" carried.pem || fail "the encryption certificate does not go along"; ok
openssl cms -cmsout -print -noout -in "$(mail_for alice)" | grep -q 'id-smime-aa-encrypKeyPref' || fail "no preference"; ok

# --- retire -----------------------------------------------------------------------------------------------------------
refuse "not what is in use" 78 paraph key retire secure "${suffix#.}"
refuse "not what is valid" 78 paraph key retire secure cert.pem
paraph-queue secure@lists.example.org <post/two.eml
refuse "not while mail waits" 78 paraph key retire secure cert.pem --unexpired
grep -q waits refused.out || fail "$(cat refused.out)"; ok
run_daemons
# carol has missed posts to the old key, which a certificate of hers would bring; until they are forgotten (by hand, here)
refuse "not while missed posts need it" 78 paraph key retire secure cert.pem --unexpired
grep -q 'missed_post_retention' refused.out || fail "$(cat refused.out)"; ok
python3 -c '
import sqlite3
with sqlite3.connect("site/paraph.sqlite") as db: db.execute("update paraph_missed set at = at - 86400 * 15")'
run_daemons
check "retired" paraph key retire secure cert.pem --unexpired
check "moved, not removed" test "$(find $keys/retired -name 'private_key*' | wc -l)" = 1 -a ! -e $keys/private_key
cp old.pem to-retired.pem

# One that is encrypted to another key of the list below the outer encryption, or cannot be looked into
paraph list create layers --owner alice@example.org --type sealed >/dev/null 2>&1
paraph member add layers alice@example.org frank@example.org >/dev/null   # frank has no certificate
paraph key generate layers >/dev/null 2>&1
layers=site/list_data/layers
for n in 1 2; do
  sleep 1   # the newer certificate is in use
  paraph key renew layers --self-signed >/dev/null 2>&1
done
mapfile -t generations < <(cd $layers && ls -tr cert.pem*)
[ ${#generations[@]} = 3 ] || fail "generations: ${generations[*]}"
make_signed_entity layers alice
openssl cms -encrypt -aes256 -in post/layers.signed -out post/layers.inner "$layers/${generations[0]}"
openssl cms -encrypt -aes256 -in post/layers.inner -from alice@example.org -to layers@lists.example.org -subject layers \
  -out post/layers.outer "$layers/${generations[1]}"
{ printf 'Return-Path: <alice@example.org>\nMessage-ID: <layers@example.org>\n'; cat post/layers.outer; } >post/layers.eml
paraph-queue layers@lists.example.org <post/layers.eml
run_daemons
[ "$(ledger "select outcome from paraph_copy where member = 'frank@example.org'")" = notice ] || fail "frank's copy: $(ledger "select * from paraph_copy where member = 'frank@example.org'")"; ok
for n in 0 1; do
  refuse "not while a missed post needs ${generations[n]}" 78 paraph key retire layers "${generations[n]}" --unexpired
  grep -q 'is encrypted to it.*missed_post_retention' refused.out || fail "$(cat refused.out)"; ok
done
chmod 644 "$layers/private_key${generations[1]#cert.pem}"
refuse "not while the outer key cannot be used" 78 paraph key retire layers "${generations[0]}" --unexpired
grep -q 'cannot be looked into' refused.out || fail "$(cat refused.out)"; ok
chmod 600 "$layers/private_key${generations[1]#cert.pem}"
paraph key renew layers --self-signed >/dev/null 2>&1   # the third is no longer published
check "the one that no post names" paraph key retire layers "${generations[2]}" --unexpired

# --- rule 27: no key of ours makes smime for somebody else ---------------------------------------------------------------
# Mallory has the retired key, and one of another list, certified for her own address.
make_list open alice@example.org open
paraph ca add pki/ca.pem >/dev/null 2>&1 || true
for stolen in "$(find $keys/retired -name 'private_key*')" site/list_data/curve/private_key.sign; do
  openssl req -new -key "$stolen" -out pki/stolen.req -config pki/ca.conf -subj "/CN=TEST stolen" -addext "subjectAltName=email:mallory@example.org" \
    -addext "keyUsage=critical,digitalSignature" -addext "extendedKeyUsage=emailProtection" 2>/dev/null
  sign_request pki/stolen.req pki/mallory.pem -days 700
  cp "$stolen" pki/mallory.key
  make_signed stolen mallory open
  paraph message inspect post/stolen.eml --list open --json >inspect.json || true
  [ "$(json auth_method <inspect.json)" = smtp ] || fail "a key of ours makes smime: $(cat inspect.json)"; ok
  grep -q own_address inspect.json || fail "$(cat inspect.json)"; ok
done

# --- rule 15: a key of two lists ------------------------------------------------------------------------------------------
paraph list create twin --owner alice@example.org >/dev/null 2>&1
cp -p site/list_data/open/cert.pem site/list_data/open/private_key site/list_data/twin/
paraph status --json >status.json || true
grep -q key_shared status.json && grep -q 'open@lists.example.org and twin@lists.example.org' status.json || fail "$(cat status.json)"; ok
rm site/list_data/twin/cert.pem site/list_data/twin/private_key

# --- list_sign ---------------------------------------------------------------------------------------------------------------
empty_mailboxes
printf '\nlist_sign inside\n' >>$keys/config
cp "$keys/cert.pem$suffix" $keys/current.pem
post_to_secure() { # NAME: to the key in use
  make_signed_entity "$1" alice
  openssl cms -encrypt -aes256 -in "post/$1.signed" -from alice@example.org -to secure@lists.example.org -subject "Post $1" \
    -out "post/$1.encrypted" $keys/current.pem
  { printf 'Return-Path: <alice@example.org>\nMessage-ID: <%s@example.org>\n' "$1"; cat "post/$1.encrypted"; } >"post/$1.eml"
  paraph-queue secure@lists.example.org <"post/$1.eml"
}
post_to_secure inside
run_daemons
openssl cms -decrypt -in "$(mail_for bob)" -recip pki/bob.pem -inkey pki/bob.key -out inside.eml 2>/dev/null || fail "bob cannot open"
check "inside: the list signed what bob decrypts" signed_by inside.eml pki/new.pem
cp verified.txt authors.eml
check "and inside that is alice's own signature" openssl cms -verify -in authors.eml -CAfile pki/ca.pem -signer signer.pem -out inside.txt
check "over her octets" cmp inside.txt post/inside.txt
check "by alice" test "$(serial_of signer.pem)" = "$(serial_of pki/alice.pem)"

sed -i 's/^list_sign inside/list_sign outer/' $keys/config
empty_mailboxes
post_to_secure outer
run_daemons
openssl cms -verify -in "$(mail_for bob)" -CAfile pki/ca.pem -signer signer.pem -out outer.eml || fail "outer: $(cat "$(mail_for bob)")"
check "outer: by the list" test "$(serial_of signer.pem)" = "$(serial_of pki/new.pem)"
check "around what bob opens" opens outer.eml bob post/outer.txt
grep -qi '^From: alice@example.org' "$(mail_for bob)" || fail "From"; ok

# an RSA key signs no copies around (rule 38), and status says so
make_list slow alice@example.org
paraph member add slow bob@example.org >/dev/null
printf '\nlist_sign outer\n' >>site/list_data/slow/config
empty_mailboxes
make_post slow alice slow
paraph-queue slow@lists.example.org <post/slow.eml
run_daemons
check "an RSA list's copy is plainly sealed" opens "$(mail_for bob)" bob post/slow.txt
paraph status >status.txt || true; grep -q 'list_sign outer of slow@lists.example.org takes an EC key' status.txt || fail "$(cat status.txt)"; ok

# what alice did not sign herself, the list does not sign
sed -i 's/^list_sign outer/list_sign inside/; s/^encrypted_post_policy.*/encrypted_post_policy any/; s/^send .*/send public/' $keys/config
grep -q '^send public' $keys/config || printf '\nsend public\n' >>$keys/config
empty_mailboxes
printf 'Content-Type: text/plain\r\n\r\nWords of anybody.\r\n' >post/bare.txt
openssl cms -encrypt -aes256 -in post/bare.txt -from alice@example.org -to secure@lists.example.org -subject bare -out post/bare.enc $keys/current.pem
{ printf 'Return-Path: <alice@example.org>\nMessage-ID: <bare@example.org>\n'; cat post/bare.enc; } | paraph-queue secure@lists.example.org
run_daemons
[ "$(count_for bob)" = 1 ] || fail "the unsigned post: $(ledger 'select outcome, reason from paraph_mail')"
openssl cms -decrypt -in "$(mail_for bob)" -recip pki/bob.pem -inkey pki/bob.key -out bare.eml
cmp bare.eml post/bare.txt || fail "an unsigned post was signed or changed"; ok

# --- no oracle (rule 39): of a foreign value a signed notice holds 80 characters, of an editor's words all or no signature --------
text_of() {  # FILE…: what a reader sees, blanks left out
  python3 - "$@" <<'PY'
import email, email.policy, re, sys
for name in sys.argv[1:]:
    mail = email.message_from_binary_file(open(name, "rb"), policy=email.policy.default)
    print(re.sub(r"\s+", "", mail.get_body().get_content()))
    assert [p.get_content_type() for p in mail.walk() if not p.is_multipart()] in (
        ["text/plain"], ["text/plain", "application/pkcs7-signature"]), "an attachment"
PY
}
long=$(printf 'x%.0s' {1..64})@$(printf 'y%.0s' {1..60}).example.org
stranger() {  # NAME LIST CERTIFICATE
  openssl cms -encrypt -aes256 -in post/bare.txt -from "$long" -to "$2@lists.example.org" -subject x -out "post/$1.enc" "$3"
  { printf 'Return-Path: <alice@example.org>\nMessage-ID: <%s@example.org>\n' "$1"; cat "post/$1.enc"; } | paraph-queue "$2@lists.example.org"
  run_daemons
}
next_day
empty_mailboxes
stranger long secure $keys/current.pem
check "signed" signed_by "$(mail_for carol)" pki/new.pem
text_of "$(mail_for carol)" >text.txt
grep -qF "${long:0:79}…" text.txt || fail "not the beginning of the address: $(cat text.txt)"; ok
! grep -qF "${long:0:80}" text.txt || fail "more than 80 characters are signed"; ok
next_day
empty_mailboxes
paraph list create bare --owner alice@example.org --type open >/dev/null 2>&1
paraph key generate bare >/dev/null 2>&1
openssl req -new -key site/list_data/bare/private_key -out pki/bare.req -config pki/ca.conf -subj "/CN=TEST bare" \
  -addext "subjectAltName=email:other@lists.example.org" -addext "keyUsage=critical,keyEncipherment" 2>/dev/null
sign_request pki/bare.req pki/bare.pem -days 700
cp pki/bare.pem site/list_data/bare/cert.pem
sed -i 's/^encrypted_post_policy.*/encrypted_post_policy any/; s/^send .*/send public/' site/list_data/bare/config
paraph member add bare carol@example.org >/dev/null
stranger whole bare pki/bare.pem
! grep -q multipart/signed "$(mail_for carol)" || fail "signed by a certificate of another address"; ok
grep -qF "$long" <(text_of "$(mail_for carol)") || fail "not all of it in an unsigned notice"; ok
# an editor's words
mkdir -p $keys/scenari
printf 'title.gettext held\n\ntrue() smtp,md5,smime -> editorkey\n' >$keys/scenari/send.held
sed -i 's/^send .*/send held/' $keys/config
reject_with() {  # NAME WORDS…
  empty_mailboxes
  post_to_secure "$1"
  run_daemons
  id=$(paraph moderation list secure -j | json -1 id)
  paraph moderation reject secure "$id" "${@:2}" >/dev/null
  run_daemons
  answer=$(mail_for alice | xargs grep -l 'was refused')
}
reject_with short Please ask the helpdesk.
check "a short word is signed" signed_by "$answer" pki/new.pem
words="Please ask the helpdesk, which has a form for requests of this kind, and will answer you within two days, it says."
reject_with longer "$words"
! grep -q multipart/signed "$answer" || fail "a long word is signed"; ok
grep -qF "${words// /}" <(text_of "$answer") || fail "the editor's words were cut: $(cat "$answer")"; ok
sed -i 's/^send .*/send public/' $keys/config

# --- an expired key opens mail, and signs nothing ------------------------------------------------------------------------
make_list past alice@example.org
openssl ca -batch -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -extensions person -notext -in site/list_data/past/request.pem \
  -out pki/past.pem -startdate 20230101000000Z -enddate 20240101000000Z 2>/dev/null
rm site/list_data/past/cert.pem.* site/list_data/past/private_key.*
cp pki/past.pem site/list_data/past/cert.pem
paraph member add past bob@example.org carol@example.org >/dev/null
empty_mailboxes
make_post past alice past
paraph-queue past@lists.example.org <post/past.eml
run_daemons
check "an expired key opens" opens "$(mail_for bob)" bob post/past.txt
! grep -q 'multipart/signed' "$(mail_for carol)" || fail "an expired certificate signed"; ok
grep -qi '^From:.*past-request@' "$(mail_for carol)" || fail "From of the unsigned notice"; ok
code=0
paraph status >status.txt || code=$?
check "critical" test $code = 2
grep -q 'CRITICAL.*past@lists.example.org has expired 2024-01-01.*paraph key renew past@lists.example.org' status.txt || fail "$(cat status.txt)"; ok

# a certificate that may not sign mail signs none
make_list server alice@example.org
openssl req -new -key site/list_data/server/private_key -out pki/server.req -config pki/ca.conf -subj "/CN=TEST server" \
  -addext "subjectAltName=email:server@lists.example.org" -addext "keyUsage=critical,keyEncipherment" -addext "extendedKeyUsage=emailProtection" 2>/dev/null
sign_request pki/server.req pki/server.pem -days 700
rm site/list_data/server/cert.pem.* site/list_data/server/private_key.*
cp pki/server.pem site/list_data/server/cert.pem
paraph member add server carol@example.org >/dev/null
empty_mailboxes
make_post server alice server
paraph-queue server@lists.example.org <post/server.eml
run_daemons
! grep -q 'multipart/signed' "$(mail_for carol)" || fail "a certificate for encryption signed"; ok
paraph status >status.txt || true; grep -q 'server@lists.example.org goes out unsigned.*wrong_usage' status.txt || fail "$(cat status.txt)"; ok

# --- the passphrase from systemd's credential ------------------------------------------------------------------------------
mkdir credentials
echo 'words of test' >credentials/paraph-key-passphrase
export CREDENTIALS_DIRECTORY=$work/credentials
paraph list create locked --owner alice@example.org >/dev/null 2>&1
paraph key generate locked >/dev/null 2>&1
check "encrypted" grep -q 'BEGIN ENCRYPTED PRIVATE KEY' site/list_data/locked/private_key
check "opens with it" paraph key show locked
unset CREDENTIALS_DIRECTORY
refuse "and not without" 78 paraph key show locked
finished
