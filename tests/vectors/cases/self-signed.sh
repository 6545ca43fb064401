# shellcheck shell=bash
# A certificate with the sender's address that its holder issued to himself.
# expect status untrusted
# expect auth_method smtp
# expect reasons untrusted_issuer
# expect layers multipart/signed
# witness no-verify
text | clear_signed alice-self | post
