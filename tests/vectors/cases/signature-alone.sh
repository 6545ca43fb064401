# shellcheck shell=bash
# A detached signature as the whole mail: it signs nothing here.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers signed-data
# witness no-verify
text | raw_signature alice | cms_entity signed-data application/pkcs7-signature smime.p7s | post
