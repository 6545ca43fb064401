# shellcheck shell=bash
# Text where base64 should be.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers enveloped-data
# expect encrypted true
# expect opened false
# witness no-decrypt
{ printf 'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n!!! no base64 at all ???\r\n'; } | post
