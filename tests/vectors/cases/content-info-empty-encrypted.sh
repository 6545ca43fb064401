# shellcheck shell=bash
# A ContentInfo that says EnvelopedData, and no content follows.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers enveloped-data
# expect encrypted true
# witness no-decrypt
openssl asn1parse -genstr SEQWRAP,OID:pkcs7-envelopedData -noout -out "$TMP/der"
cms_entity enveloped-data < "$TMP/der" | post
