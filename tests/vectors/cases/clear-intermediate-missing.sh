# shellcheck shell=bash
# The same without the intermediate.
# expect status untrusted
# expect auth_method smtp
# expect reasons untrusted_issuer
# expect layers multipart/signed
# witness no-verify openssl
text | clear_signed alice-middle | post
