# shellcheck shell=bash
# The CMS object as binary.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers enveloped-data
# expect encrypted true
# expect opened true
{ printf 'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: binary\r\n\r\n'; text | raw_encryption aes-256-cbc list; } | { header alice@example.org; cat; }
