# A throw-away CA and people with certificates, by the openssl command. Source it, then:
#
#   pki_ca DIR                              DIR/ca.pem, DIR/ca.key
#   pki_person DIR NAME rsa|ec              DIR/NAME.pem, DIR/NAME.key for NAME@example.org
#   pki_sign_request DIR REQUEST OUT        what a CA does with `paraph key generate`'s request
#   pki_post DIR FROM TO LIST-CERT BODY OUT BODY signed by FROM (left in OUT.signed), then encrypted to LIST-CERT

pki_ca() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1/ca.key" -out "$1/ca.pem" -days 3650 \
    -subj "/CN=Paraph test CA" -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null
}

pki_person() {
  local dir=$1 name=$2 key=rsa:2048 usage=digitalSignature,keyEncipherment
  local -a curve=()
  [ "$3" = rsa ] || { key=ec usage=digitalSignature,keyAgreement; curve=(-pkeyopt ec_paramgen_curve:P-256); }
  openssl req -new -newkey $key "${curve[@]}" -nodes -keyout "$dir/$name.key" -out "$dir/$name.req" -subj "/CN=$name" \
    -addext "subjectAltName=email:$name@example.org" -addext "keyUsage=critical,$usage" \
    -addext "extendedKeyUsage=emailProtection" -addext "basicConstraints=critical,CA:FALSE" 2>/dev/null &&
    pki_sign_request "$dir" "$dir/$name.req" "$dir/$name.pem"
}

pki_sign_request() {
  openssl x509 -req -in "$2" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days 700 -copy_extensions copyall \
    -out "$3" 2>/dev/null
}

pki_post() {
  local dir=$1 from=$2 to=$3 certificate=$4 body=$5 out=$6
  openssl cms -sign -in "$body" -signer "$dir/$from.pem" -inkey "$dir/$from.key" -md sha256 -out "$out.signed" &&
    openssl cms -encrypt -aes256 -in "$out.signed" -from "$from@example.org" -to "$to" -subject "for $to" \
      -out "$out.sealed" "$certificate" &&
    { printf 'Message-ID: <%s.%s@example.org>\nDate: %s\n' "$$" "$RANDOM" "$(date -R)"; cat "$out.sealed"; } >"$out"
}
