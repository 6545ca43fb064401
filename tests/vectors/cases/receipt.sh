# shellcheck shell=bash
# A signed receipt (RFC 2634 §2.8) is no text of anybody (RFC 4134 5.3).
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers signed-data
# witness verify
text | raw_signature alice -nodetach -receipt_request_all -receipt_request_to alice@example.org > "$TMP/asked"
openssl cms -sign_receipt -in "$TMP/asked" -inform DER -signer "$PKI/alice.pem" -inkey "$PKI/alice.key" -md sha256 -outform DER | cms_entity signed-receipt | post
