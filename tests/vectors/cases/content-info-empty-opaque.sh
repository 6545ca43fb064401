# shellcheck shell=bash
# A ContentInfo that says SignedData, and no content follows, as the whole mail.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers
# witness no-verify
openssl asn1parse -genstr SEQWRAP,OID:pkcs7-signedData -noout -out "$TMP/der"
cms_entity signed-data < "$TMP/der" | post
