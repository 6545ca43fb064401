# shellcheck shell=bash
# EncryptedData under a shared secret (RFC 5652 §8): nothing of ours opens it.
# expect status unsupported
# expect auth_method smtp
# expect reasons unsupported_algorithm
# expect layers enveloped-data
# witness no-decrypt
text | openssl cms -EncryptedData_encrypt -binary -aes128 -secretkey 000102030405060708090A0B0C0D0E0F -outform DER | cms_entity enveloped-data | post
