#!/bin/sh
# pki.sh DIR: a throw-away PKI for the vectors: NAME.key and NAME.pem for everybody below. Dates are fixed, so
# cases can be judged at any time between 2025 and 2045.
set -eu
dir=$1
mkdir -p "$dir"
cd "$dir"

config() {  # config SAN-LINE EXTENSIONS: what one certificate is to say
    cat > ca.cnf <<CNF
[ca]
default_ca = us
[us]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
email_in_dn = yes
[any]
commonName = optional
organizationName = optional
emailAddress = optional
[req]
distinguished_name = dn
[dn]
[ext]
$1
CNF
}

key() {  # key NAME ALGORITHM
    case $2 in
        rsa*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" -out "$1.key" 2>/dev/null ||
              openssl genrsa -out "$1.key" "${2#rsa}" 2>/dev/null ;;
        dsa) openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 -pkeyopt dsa_paramgen_q_bits:256 -out dsa.cnf 2>/dev/null
             openssl genpkey -paramfile dsa.cnf -out "$1.key" 2>/dev/null
             rm dsa.cnf ;;
        p256) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null ;;
    esac
}

# issue NAME ALGORITHM ISSUER SUBJECT EXTENSIONS [START END [DIGEST]]
issue() {
    name=$1 algorithm=$2 issuer=$3 subject=$4 extensions=$5
    start=${6:-20250101000000Z} end=${7:-20450101000000Z} digest=${8:-sha256}
    key "$name" "$algorithm"
    config "$extensions"
    : > index.txt
    openssl req -new -config ca.cnf -key "$name.key" -subj "$subject" -utf8 -out request.pem
    if [ "$issuer" = self ]; then
        signer="-selfsign -keyfile $name.key"
    else
        signer="-cert $issuer.pem -keyfile $issuer.key"
    fi
    # shellcheck disable=SC2086
    openssl ca -batch -notext -config ca.cnf $signer -in request.pem -startdate "$start" -enddate "$end" \
        -md "$digest" -extensions ext -out "$name.pem" 2> ca.log || { cat ca.log >&2; exit 1; }
}

authority='basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash'
person() {  # person ADDRESS…: SAN with these
    san=
    for address in "$@"; do san="$san,email:$address"; done
    printf 'basicConstraints = critical,CA:FALSE\nsubjectAltName = %s\n' "${san#,}"
}
usage='keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = emailProtection'
ec_usage='keyUsage = critical,digitalSignature,keyAgreement
extendedKeyUsage = emailProtection'

issue ca rsa2048 self '/O=Example/CN=Vector CA' "$authority"
issue middle rsa2048 ca '/O=Example/CN=Vector Intermediate CA' "$authority"
issue foreign-ca rsa2048 self '/O=Elsewhere/CN=Unknown CA' "$authority"

issue alice rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
$usage"
issue alice-ec p256 ca '/CN=Alice Example' "$(person alice@example.org)
$ec_usage"
issue alice-middle rsa2048 middle '/CN=Alice Example' "$(person alice@example.org)
$usage"
issue alice-two rsa2048 ca '/CN=Alice Example' "$(person a.example@example.org Alice@Example.ORG)
$usage"
issue alice-foreign rsa2048 foreign-ca '/CN=Alice Example' "$(person alice@example.org)
$usage"
issue alice-self p256 self '/CN=Alice Example' "$(person alice@example.org)
$ec_usage"
issue alice-expired rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
$usage" 20250101000000Z 20250601000000Z
issue alice-early rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
$usage" 20440101000000Z 20450101000000Z
issue alice-1024 rsa1024 ca '/CN=Alice Example' "$(person alice@example.org)
$usage"
issue alice-sha1 rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
$usage" 20250101000000Z 20450101000000Z sha1
issue alice-server rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth"
issue alice-any rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
extendedKeyUsage = anyExtendedKeyUsage"
issue alice-bare rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)"
issue alice-cipher rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
keyUsage = critical,keyEncipherment
extendedKeyUsage = emailProtection"
issue alice-sign rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
keyUsage = critical,digitalSignature
extendedKeyUsage = emailProtection"
issue alice-dn rsa2048 ca '/CN=Alice Example/emailAddress=alice@example.org' "basicConstraints = critical,CA:FALSE
$usage"
issue nameless rsa2048 ca '/CN=alice@example.org' "basicConstraints = critical,CA:FALSE
$usage"
issue bob rsa2048 ca '/CN=Bob Example' "$(person bob@example.org)
$usage"
issue alice-dsa dsa ca '/CN=Alice Example' "$(person alice@example.org)
$usage"
issue locked rsa2048 ca '/CN=Locked List' "$(person secure@lists.example.org)
$usage"
issue list rsa2048 ca '/CN=Secure List' "$(person secure@lists.example.org)
$usage"
issue list-ec p256 ca '/CN=Secure List' "$(person secure@lists.example.org)
$ec_usage"
issue other rsa2048 ca '/CN=Other List' "$(person other@lists.example.org)
$usage"
issue alice-revoked rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
$usage"
issue alice-ca rsa2048 ca '/CN=Alice Example' "basicConstraints = critical,CA:TRUE
subjectAltName = email:alice@example.org
keyUsage = critical,digitalSignature,keyCertSign"
issue alice-policy rsa2048 ca '/CN=Alice Example' "$(person alice@example.org)
$usage
certificatePolicies = 1.3.6.1.4.1.99999.1"
# Names that have more than one spelling, and an intermediate that excludes them.
mailbox() {  # mailbox ADDRESS: SAN with this SmtpUTF8Mailbox
    printf 'basicConstraints = critical,CA:FALSE\nsubjectAltName = @mailbox\n%s\n[mailbox]\notherName = 1.3.6.1.5.5.7.8.9;FORMAT:UTF8,UTF8:%s\n' "$ec_usage" "$1"
}
issue middle-excluding p256 ca '/O=Example/CN=Vector Excluding CA' "$authority
nameConstraints = critical,excluded;email:alice@example.org,excluded;email:xn--bcher-kva.example"
issue alice-excluded p256 middle-excluding '/CN=Alice Example' "$(person Alice@example.org)
$ec_usage"
issue international p256 ca '/CN=Jürgen Example' "$(mailbox jürgen@xn--bcher-kva.example)"
issue international-excluded p256 middle-excluding '/CN=Jürgen Example' "$(mailbox jürgen@BÜCHER.example)"
issue international-ascii p256 ca '/CN=Alice Example' "$(mailbox alice@example.org)"
# The same issuer, serial number and key as alice, and other dates.
config "$(person alice@example.org)
$usage"
openssl req -new -config ca.cnf -key alice.key -subj '/CN=Alice Example' -utf8 -out request.pem
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -set_serial "0x$(openssl x509 -noout -serial -in alice.pem | cut -d= -f2)" \
    -days 9000 -extfile ca.cnf -extensions ext -out alice-twin.pem 2> ca.log || { cat ca.log >&2; exit 1; }

# crl NAME START END [REVOKED…]: NAME.crl of the CA
crl() {
    name=$1 start=$2 end=$3; shift 3
    config ''
    : > index.txt
    for revoked in "$@"; do
        printf 'R\t450101000000Z\t251201000000Z\t%s\tunknown\t/CN=%s\n' "$(openssl x509 -noout -serial -in "$revoked.pem" | cut -d= -f2)" "$revoked" >> index.txt
    done
    openssl ca -gencrl -config ca.cnf -cert ca.pem -keyfile ca.key -crl_lastupdate "$start" -crl_nextupdate "$end" -out "$name.crl" 2> ca.log ||
        { cat ca.log >&2; exit 1; }
}
crl current 20260101000000Z 20440101000000Z alice-revoked
crl stale 20260101000000Z 20260201000000Z alice-revoked
rm -f ca.cnf ca.log index.txt* request.pem
