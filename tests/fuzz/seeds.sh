#!/usr/bin/env bash
# seeds.sh: makes tests/fuzz/keys and the seeds of cms_open, cms_prescan, certificate_addresses and crl_read anew, by openssl over the
# words of tests/vectors/kit.sh. Whoever runs it replaces what is there: keys and seeds belong together, and so do the
# findings that were sealed to these keys. The keys are for tests only and say so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export KIT=$here/../vectors PKI=$here/keys TMP
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
. "$KIT/kit.sh"
open=$here/corpus/cms_open prescan=$here/corpus/cms_prescan addresses=$here/corpus/certificate_addresses
mkdir -p "$PKI" "$open" "$prescan" "$addresses"

key() { case $1 in rsa) echo rsa:2048 ;; *) echo "ec -pkeyopt ec_paramgen_curve:P-256" ;; esac; }
# issue NAME TYPE EXTENSION…: 20 years by the CA `ca`, which signs itself
issue() {
    name=$1 type=$2; shift 2
    by="-CA $PKI/ca.pem -CAkey $PKI/ca.key"; [ "$name" = ca ] && by=
    # shellcheck disable=SC2046,SC2086
    openssl req -x509 -config /dev/stdin -newkey $(key "$type") -nodes -keyout "$PKI/$name.key" -out "$PKI/$name.pem" \
        $by -days 7300 -subj "/CN=TEST ONLY $name" -extensions ext 2>/dev/null <<CNF
[req]
distinguished_name = dn
[dn]
[ext]
$(printf '%s\n' "$@")
CNF
}
person() { issue "$1" "$2" basicConstraints=critical,CA:FALSE extendedKeyUsage=emailProtection "$3"; }
issue ca ec basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign
person alice ec subjectAltName=email:alice@example.org
person eve ec subjectAltName=email:eve@example.org
person list rsa subjectAltName=email:secure@lists.example.org
person list-ec ec subjectAltName=email:secure@lists.example.org

# The one text that Alice signs, whatever stands around it: the law of cms_open.
printf 'Content-Type: text/plain\r\n\r\nWhat Alice signed.\r\n' > "$PKI/signed.txt"
words() { cat "$PKI/signed.txt"; }
signed() { raw_signature "$@" -nosmimecap; }
object() { printf 'Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: binary\r\n\r\n'; cat; }
clear() {
    words | signed "$@" > "$TMP/clear.der"
    printf 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\r\n\r\n--b\r\n'
    words
    printf '\r\n--b\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    base64_body < "$TMP/clear.der"
    printf '\r\n--b--\r\n'
}
mail() { printf 'From: %s\r\nMIME-Version: 1.0\r\n' "${1:-alice@example.org}"; cat; }

# CMS objects; cms_open puts mail around them
words | signed alice -nodetach > "$open/opaque"
words | signed alice > "$open/detached"
words | signed eve -nodetach > "$open/opaque_eve"
words | signed alice -nodetach -keyid -nocerts > "$open/key_id"
words | signed alice -nodetach -noattr > "$open/no_attributes"
words | signed alice -nodetach -stream > "$open/indefinite"
words | signed alice -nodetach -signer "$PKI/eve.pem" -inkey "$PKI/eve.key" > "$open/two_signers"
words | signed list -nodetach -keyopt rsa_padding_mode:pss > "$open/pss"
words | raw_encryption aes-256-cbc list > "$open/cbc"
words | raw_encryption aes-256-gcm list > "$open/gcm"
words | raw_encryption aes-128-cbc list-ec eve > "$open/ec"
words | raw_encryption aes-128-cbc eve > "$open/foreign"
words | openssl cms -encrypt -binary -aes-128-cbc -outform DER -recip "$PKI/list.pem" -keyopt rsa_padding_mode:oaep > "$open/oaep"
clear alice | raw_encryption aes-256-cbc list > "$open/encrypted_clear"
words | signed alice -nodetach | object | raw_encryption aes-256-gcm list-ec > "$open/encrypted_opaque"
words | raw_encryption aes-128-cbc list | object | signed alice -nodetach > "$open/signs_ciphertext"
words | python3 "$KIT/compress.py" > "$open/compressed"
clear alice | python3 "$KIT/compress.py" > "$open/compressed_clear"
words | openssl cms -digest_create -binary -outform DER > "$open/digested"
openssl crl2pkcs7 -nocrl -certfile "$PKI/alice.pem" -certfile "$PKI/ca.pem" -outform DER > "$open/certificates"

# the same are what the pre-scan reads
cp "$open"/* "$prescan"
rm -f "$prescan"/{encrypted_clear,compressed_clear,opaque_eve,pss,oaep}

# whole mails
clear alice | mail > "$open/mail_clear"
clear alice | mail eve@example.org > "$open/mail_clear_eve"
clear alice | mail 'alice@example.org, eve@example.org' > "$open/mail_two_from"
clear alice | sed 's/--b--/X: y\r\n&/' | mail > "$open/mail_epilogue"
clear eve | mail > "$open/mail_signed_by_eve"
{ printf 'Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n'; clear alice; printf '\r\n--c--\r\n'; } | mail > "$open/mail_mixed"
words | signed alice -nodetach | object | mail > "$open/mail_opaque"
{ printf 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=c\r\n\r\n--c\r\n'; clear alice
  printf '\r\n--c\r\nContent-Type: application/pkcs7-signature\r\n\r\nnone\r\n--c--\r\n'; } | mail > "$open/mail_broken_outside"

# certificates
san() { issue "address" ec basicConstraints=critical,CA:FALSE "$@"; openssl x509 -in "$PKI/address.pem" -outform DER; }
san subjectAltName=email:alice@example.org,email:Alice.Two@EXAMPLE.org > "$addresses/two"
san 'subjectAltName=otherName:1.3.6.1.5.5.7.8.9;UTF8:grün@bücher.example' > "$addresses/international"
san subjectAltName=DNS:www.example.org,email:alice@example.org > "$addresses/others"
san 'subjectAltName=DER:30:0f:81:0d:61:40:62:2e:63:00:40:65:78:2e:6f:72:67' > "$addresses/nul"
san 'subjectAltName=DER:30:0a:81:08:61:0d:0a:40:62:2e:63:64' > "$addresses/line_end"
san 'subjectAltName=DER:30:00' > "$addresses/empty"
san 'subjectAltName=DER:30:07:81:08:61:40:62:2e:63' > "$addresses/damaged"
san 'subjectAltName=email:"a b"@example.org' > "$addresses/quoted"
san keyUsage=digitalSignature > "$addresses/none"
openssl req -x509 -key "$PKI/address.key" -subj '/CN=TEST ONLY/emailAddress=alice@example.org/emailAddress=Bob@example.org' -days 7300 -outform DER > "$addresses/subject"
cp "$PKI/alice.pem" "$addresses/pem"
cp "$open/certificates" "$addresses/p7b"
# revocation lists by another CA of the same name: nothing that they say may count
crls=$here/corpus/crl_read
mkdir -p "$crls"
# crl NAME EXTENSION…: DER, with one entry unless NAME says empty
crl() {
    name=$1; shift
    : > "$TMP/index"; echo 0a > "$TMP/number"
    case $name in empty*) ;; *) printf 'R\t460101000000Z\t260101000000Z,keyCompromise\t%s\tunknown\t/CN=x\n' \
        "$(openssl x509 -noout -serial -in "$PKI/alice.pem" | cut -d= -f2)" > "$TMP/index" ;; esac
    openssl ca -gencrl -config /dev/stdin -cert "$TMP/other.pem" -keyfile "$TMP/other.key" -crl_lastupdate 20290101000000Z \
        -crl_nextupdate 20310101000000Z 2>/dev/null <<CNF | openssl crl -outform DER > "$crls/$name"
[ca]
default_ca = us
[us]
database = $TMP/index
crlnumber = $TMP/number
default_md = sha256
crl_extensions = ext
[ext]
$(printf '%s\n' "$@")
[scope]
onlyuser = TRUE
fullname = URI:http://ca.example/x.crl
[indirect]
indirectCRL = TRUE
CNF
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$TMP/other.key" -out "$TMP/other.pem" -days 7300 \
    -subj '/CN=TEST ONLY ca' 2>/dev/null
crl whole authorityKeyIdentifier=keyid
crl empty authorityKeyIdentifier=keyid
crl delta authorityKeyIdentifier=keyid 2.5.29.27=critical,DER:02:01:09
crl user issuingDistributionPoint=critical,@scope
crl indirect issuingDistributionPoint=critical,@indirect
crl unknown 1.2.3.4=critical,DER:05:00
{ openssl crl -inform DER -in "$crls/whole"; openssl crl -inform DER -in "$crls/empty"; } > "$crls/two_pem"
rm "$PKI"/address.* "$PKI"/{ca,alice,eve}.key
for one in "$PKI"/*.key; do sed -i '1i TEST ONLY: a throw-away key, in the repository on purpose' "$one"; done
