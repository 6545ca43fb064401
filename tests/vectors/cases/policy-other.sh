# shellcheck shell=bash
# A policy is required, and the certificate asserts another.
# expect status untrusted
# expect auth_method smtp
# expect reasons wrong_policy
# expect layers multipart/signed
# policies 1.3.6.1.4.1.99999.2
# witness no-verify openssl
text | clear_signed alice-policy | post
